/* Who looks at a target. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

#define CLI_PATH_ROOM 512

static void print_viewer(json_t *viewer)
{
    char since[32] = "";
    time_t at = (time_t)json_integer_value(json_object_get(viewer, "since"));
    struct tm tm;
    const char *address = cli_member(viewer, "address");
    if (localtime_r(&at, &tm))
        strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S", &tm);
    printf("%" JSON_INTEGER_FORMAT "  ", json_integer_value(json_object_get(viewer, "id")));
    cli_print_text(cli_member(viewer, "user"), false);
    printf("  since %s%s%s", since, json_is_true(json_object_get(viewer, "types")) ? ", types" : "",
           json_is_true(json_object_get(viewer, "hidden")) ? ", tab in the background" : "");
    if (*address) {
        printf(", from ");
        cli_print_text(address, false);
    }
    printf("\n");
}

/* The id is a number, so that nothing of it needs encoding. */
static int disconnect(struct cli *cli, const char *target, const char *id)
{
    char path[CLI_PATH_ROOM];
    size_t digits = strspn(id, "0123456789");
    const char *base = cli_path("/targets/%s/viewers", target);
    if (!digits || digits > 10 || id[digits] || !base) {
        cli_error("'%s' is no id that 'viewers TARGET' shows", id);
        return CLI_USAGE;
    }
    snprintf(path, sizeof path, "%s/%s", base, id);
    return cli_call(cli, "DELETE", path, NULL, NULL);
}

static int viewers(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *viewer;
    size_t i;
    if (argc == 2 || (argc == 3 && strcmp(argv[1], "disconnect") != 0)) {
        cli_error("say 'viewers TARGET disconnect ID', with an id that 'viewers TARGET' shows");
        return CLI_USAGE;
    }
    if (argc == 3)
        return disconnect(cli, argv[0], argv[2]);
    int r = cli_call(cli, "GET", cli_path("/targets/%s/viewers", argv[0]), NULL, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        json_array_foreach(json_object_get(answer, "viewers"), i, viewer) print_viewer(viewer);
    json_decref(answer);
    return CLI_OK;
}

static const struct cli_command rows[] = {
    {"viewers", "TARGET [disconnect ID]", "who looks at it, and since when; end one's console", 1, 3, viewers},
};
const struct cli_commands cli_viewers_commands = {rows, ARRAY_SIZE(rows)};
