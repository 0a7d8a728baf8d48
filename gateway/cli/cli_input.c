/* Keys. */
#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli.h"

static int key(struct cli *cli, int argc, char **argv)
{
    json_t *keys = json_array(), *answer = NULL;
    bool force = false;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--force"))
            force = true;
        else
            json_array_append_new(keys, json_string(argv[i]));
    }
    int r = cli_call(cli, "POST", cli_path("/targets/%s/keys", argv[0]),
                     json_pack("{s:o, s:b}", "keys", keys, "force", (int)force), &answer);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"key", "TARGET CHORD... [--force]", "press chords like ctrl+alt+delete, f11, enter", 2, 17, key},
};
const struct cli_commands cli_input_commands = {rows, sizeof rows / sizeof *rows};
