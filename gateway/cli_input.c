/* Keys and text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "gateway/cli.h"

#define MAX_TEXT 65536
#define POLL_US 200000

/* All of standard input (malloc'ed); NULL when it is too long. */
static char *read_stdin(void)
{
    char *text = malloc(MAX_TEXT + 2);
    size_t n = text ? fread(text, 1, MAX_TEXT + 1, stdin) : 0;

    if (!text || n > MAX_TEXT) {
        free(text);
        return NULL;
    }
    text[n] = 0;
    return text;
}

/* Waits until everything was typed, so that a script's next command comes after it. */
static int wait_typed(struct cli *cli, const char *target)
{
    for (;;) {
        json_t *answer = NULL;
        int r = cli_call(cli, "GET", cli_path("/targets/%s/type", target), NULL, &answer);
        json_int_t remaining = json_integer_value(json_object_get(answer, "remaining"));
        json_decref(answer);
        if (r != CLI_OK || !remaining)
            return r;
        usleep(POLL_US);
    }
}

static int type(struct cli *cli, int argc, char **argv)
{
    bool force = argc > 2 && !strcmp(argv[argc - 1], "--force");
    json_t *answer = NULL;

    if (argc > 2 && !force) {
        cli_error("unknown option '%s'; a text with blanks wants quotes", argv[2]);
        return CLI_USAGE;
    }
    _cleanup_free_ char *text = !strcmp(argv[1], "-") ? read_stdin() : strdup(argv[1]);
    if (!text) {
        cli_error("the text is longer than %d bytes", MAX_TEXT);
        return CLI_USAGE;
    }
    json_t *body = json_pack("{s:s, s:b}", "text", text, "force", (int)force);
    if (!body) {
        cli_error("the text is not UTF-8");
        return CLI_USAGE;
    }
    int r = cli_call(cli, "POST", cli_path("/targets/%s/type", argv[0]), body, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    json_decref(answer);
    return wait_typed(cli, argv[0]);
}

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
    {"type", "TARGET TEXT|- [--force]", "type a text (- : from standard input) with the US layout", 2, 3, type},
    {"key", "TARGET CHORD... [--force]", "press chords like ctrl+alt+delete, f11, enter", 2, 17, key},
};
const struct cli_commands cli_input_commands = {rows, sizeof rows / sizeof *rows};
