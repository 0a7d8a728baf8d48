/* Macros of a target. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "gateway/cli/cli.h"

#define POLL_US 200000

#define MACRO_PATH "/targets/%s/macros/%s"

static void print_running(json_t *running)
{
    json_int_t times = json_integer_value(json_object_get(running, "times"));
    char rounds[64];
    if (!running || json_is_null(running))
        return;
    if (times)
        snprintf(rounds, sizeof rounds, "of %lld", (long long)times);
    else
        snprintf(rounds, sizeof rounds, "until it is stopped");
    printf("%s runs, by %s: round %lld %s, step %lld of %lld\n", cli_member(running, "name"), cli_member(running, "by"),
           (long long)json_integer_value(json_object_get(running, "round")), rounds,
           (long long)json_integer_value(json_object_get(running, "step")),
           (long long)json_integer_value(json_object_get(running, "steps")));
}

static void macro_row(json_t *macro, struct cli_row *row)
{
    json_int_t times = json_integer_value(json_object_get(macro, "times"));
    snprintf(row->room[0], sizeof row->room[0], "%lld", (long long)json_integer_value(json_object_get(macro, "steps")));
    snprintf(row->room[1], sizeof row->room[1], "%lld", (long long)times);
    row->cells[0] = cli_member(macro, "name");
    row->cells[1] = row->room[0];
    row->cells[2] = times ? row->room[1] : "endless";
    row->cells[3] = cli_member(macro, "title");
}

static int list(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/targets/%s/macros", argv[0]), NULL, &answer);
    if (r == CLI_OK && cli->json) {
        cli_print_json(answer);
    } else if (r == CLI_OK) {
        static const char *const headings[] = {"NAME", "STEPS", "TIMES", "TITLE"};
        cli_print_table(json_object_get(answer, "macros"), headings, ARRAY_SIZE(headings), macro_row);
        print_running(json_object_get(answer, "running"));
    }
    json_decref(answer);
    return r;
}

static int show(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "GET", cli_path_two(MACRO_PATH, argv[0], argv[1]), NULL, &answer);
    if (r == CLI_OK)
        cli_print_json(answer); /* what `put` takes */
    json_decref(answer);
    return r;
}

/* Beside what there is: refused where the name is taken. */
static int put_new(struct cli *cli, const char *target, const char *name, json_t *macro, json_t **ret)
{
    json_object_set_new(macro, "name", json_string(name));
    return cli_call(cli, "POST", cli_path("/targets/%s/macros", target), macro, ret);
}

static int put(struct cli *cli, int argc, char **argv)
{
    static const char *const words[] = {"--new", NULL};
    json_error_t error;
    json_t *macro, *answer = NULL;
    if (!cli_options_known(argc, argv, 3, words))
        return CLI_USAGE;
    macro = !strcmp(argv[2], "-") ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                                  : json_load_file(argv[2], JSON_REJECT_DUPLICATES, &error);
    if (!macro) {
        cli_error("%s: %s (line %d); a macro is a file as `lightsout macro show` prints it", argv[2], error.text,
                  error.line);
        return CLI_USAGE;
    }
    int r = argc > 3 ? put_new(cli, argv[0], argv[1], macro, &answer)
                     : cli_call(cli, "PUT", cli_path_two(MACRO_PATH, argv[0], argv[1]), macro, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_decref(answer);
    return r;
}

/* Until it has ended. A refusal of the last run ("seat", "right", "failed") is one of the command. */
static int wait_ended(struct cli *cli, const char *target, const char *name)
{
    for (;;) {
        json_t *answer = NULL;
        int r = cli_call(cli, "GET", cli_path("/targets/%s/macros", target), NULL, &answer);
        json_t *last = json_object_get(answer, "last");
        bool runs = json_is_object(json_object_get(answer, "running"));
        if (r == CLI_OK && !runs && strcmp(cli_member(last, "name"), name) == 0 &&
            strcmp(cli_member(last, "end"), "done") != 0) {
            const char *why = cli_member(last, "why");
            cli_error("%s has ended before its time: %s", name, *why ? why : "it was stopped");
            r = CLI_REFUSED;
        }
        json_decref(answer);
        if (r != CLI_OK || !runs)
            return r;
        usleep(POLL_US);
    }
}

static int run(struct cli *cli, int argc, char **argv)
{
    static const char *const words[] = {"--times=", "--loop", "--no-wait", "--force", NULL};
    json_t *answer = NULL;
    if (!cli_options_known(argc, argv, 2, words))
        return CLI_USAGE;
    const char *times = cli_option(argc, argv, "--times", NULL);
    bool loop = cli_flag(argc, argv, "--loop");
    json_t *body = json_pack("{s:b}", "force", (int)cli_flag(argc, argv, "--force"));
    if (times)
        json_object_set_new(body, "times", json_integer(strtol(times, NULL, 10)));
    if (loop)
        json_object_set_new(body, "loop", json_true());
    int r = cli_call(cli, "POST", cli_path_two(MACRO_PATH "/run", argv[0], argv[1]), body, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_decref(answer);
    if (r != CLI_OK || loop || cli_flag(argc, argv, "--no-wait"))
        return r;
    return wait_ended(cli, argv[0], argv[1]);
}

static int stop(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "POST", cli_path("/targets/%s/macros/stop", argv[0]), NULL, &answer);
    json_decref(answer);
    return r;
}

static int delete_one(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "DELETE", cli_path_two(MACRO_PATH, argv[0], argv[1]), NULL, &answer);
    json_decref(answer);
    return r;
}

static int jiggler(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *body = NULL;
    if (argc > 1)
        body = json_pack("{s:I}", "seconds", (json_int_t)(strcmp(argv[1], "off") ? strtol(argv[1], NULL, 10) : 0));
    int r = cli_call(cli, body ? "PUT" : "GET", cli_path("/targets/%s/jiggler", argv[0]), body, &answer);
    json_int_t seconds = json_integer_value(json_object_get(answer, "seconds"));
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK && seconds)
        printf("on: after %lld s of silence\n", (long long)seconds);
    else if (r == CLI_OK)
        puts("off");
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"macro list", "TARGET", "kept macros, and which one runs", 1, 1, list},
    {"macro show", "TARGET NAME", "one as JSON, for a file", 2, 2, show},
    {"macro put", "TARGET NAME FILE.json|- [--new]",
     "keep one, in place of the former one; --new: only where there is none", 3, 4, put},
    {"macro run", "TARGET NAME [--times N | --loop] [--no-wait] [--force]",
     "run one, and wait for its end (not with --loop)", 2, 7, run},
    {"macro stop", "TARGET", "end the one that runs; all its keys are released", 1, 1, stop},
    {"macro delete", "TARGET NAME", "forget one", 2, 2, delete_one},
    {"jiggler", "TARGET [off|SECONDS]", "whether the pointer is moved a little in silence; until the next start", 1, 2,
     jiggler},
};
const struct cli_commands cli_macro_commands = {rows, sizeof rows / sizeof *rows};
