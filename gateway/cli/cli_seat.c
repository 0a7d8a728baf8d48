/* Who may type on a target. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

static bool is_true(json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static void print_holder(json_t *seat)
{
    const char *holder = cli_member(seat, "holder");
    json_int_t idle = json_integer_value(json_object_get(seat, "idle"));
    if (strcmp(cli_member(seat, "mode"), "shared") == 0) {
        printf("shared: all who may type do\n");
    } else if (!*holder) {
        printf("free\n");
    } else {
        cli_print_text(holder, false);
        printf("%s%s, idle for %" JSON_INTEGER_FORMAT " s\n", is_true(seat, "yours") ? " (you)" : "",
               is_true(seat, "console") ? "" : ", without a console", idle);
    }
}

static void print_seat(json_t *seat)
{
    json_t *request;
    size_t i;
    print_holder(seat);
    json_array_foreach(json_object_get(seat, "requests"), i, request)
    {
        printf("request %" JSON_INTEGER_FORMAT ": ", json_integer_value(json_object_get(request, "id")));
        cli_print_text(cli_member(request, "name"), false);
        printf("%s, waits for %" JSON_INTEGER_FORMAT " s\n", is_true(request, "yours") ? " (you)" : "",
               json_integer_value(json_object_get(request, "waiting")));
    }
}

/* NULL after an error was printed. */
static json_t *action_body(int argc, char **argv)
{
    const char *request = cli_option(argc, argv, "--request", NULL);
    json_t *body = json_pack("{s:s}", "action", argv[1]);
    if (!request)
        return body;
    size_t digits = strspn(request, "0123456789");
    if (!digits || digits > 10 || request[digits]) {
        cli_error("--request takes the number of a request, as 'seat TARGET' shows it");
        json_decref(body);
        return NULL;
    }
    json_object_set_new(body, "request", json_integer(strtoll(request, NULL, 10)));
    return body;
}

static int seat(struct cli *cli, int argc, char **argv)
{
    static const char *const options[] = {"--request=", NULL};
    json_t *answer = NULL, *body = NULL;
    int r;
    if (argc > 1) {
        if (!cli_options_known(argc, argv, 2, options))
            return CLI_USAGE;
        body = action_body(argc, argv);
        if (!body)
            return CLI_USAGE;
    }
    r = cli_call(cli, argc > 1 ? "POST" : "GET", cli_path("/targets/%s/seat", argv[0]), body, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        print_seat(answer);
    json_decref(answer);
    return CLI_OK;
}

static const struct cli_command rows[] = {
    {"seat", "TARGET [request|take|release|share|exclusive|grant [--request N]|refuse [--request N]]",
     "who may type; ask for the keyboard, take it over, give it back or to who asks, share it", 1, 4, seat},
};
const struct cli_commands cli_seat_commands = {rows, ARRAY_SIZE(rows)};
