/* Texts typed on a target, and the keyboard layouts there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"

#define MAX_TEXT 65536
#define POLL_US 200000

/* All of standard input (malloc'ed); NULL when it is too long. */
static char *read_stdin(size_t *ret_size)
{
    char *text = malloc(MAX_TEXT + 2);
    size_t n = text ? fread(text, 1, MAX_TEXT + 1, stdin) : 0;

    if (!text || n > MAX_TEXT) {
        free(text);
        return NULL;
    }
    text[n] = 0;
    *ret_size = n;
    return text;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- how far it is ---- */

static int get_state(struct cli *cli, const char *target, json_t **ret)
{
    return cli_call(cli, "GET", cli_path("/targets/%s/type", target), NULL, ret);
}

static void print_state(const json_t *state)
{
    const json_t *echo = json_object_get(state, "echo");
    printf("%s: %lld of %lld characters", text_of(state, "state"),
           number_of(state, "characters") - number_of(state, "remaining"), number_of(state, "characters"));
    if (number_of(state, "per_second"))
        printf(", %lld a second", number_of(state, "per_second"));
    printf("; on the screen: %s\n", text_of(echo, "result"));
}

static int status(struct cli *cli, const char *target)
{
    json_t *state = NULL;
    int r = get_state(cli, target, &state);
    if (r == CLI_OK && cli->json)
        cli_print_json(state);
    else if (r == CLI_OK)
        print_state(state);
    json_decref(state);
    return r;
}

static int stop(struct cli *cli, const char *target)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "DELETE", cli_path("/targets/%s/type", target), NULL, &answer);
    json_decref(answer);
    return r;
}

/* What the end of it means for a script. */
static int judge(const json_t *state)
{
    const char *word = text_of(state, "state");
    const json_t *echo = json_object_get(state, "echo");
    long long left = number_of(state, "remaining");
    if (!strcmp(word, "stopped") || !strcmp(word, "given-up")) {
        cli_error("%s; %lld characters were not typed", *word == 's' ? "typing was stopped" : "the target took no keys",
                  left);
        return CLI_REFUSED;
    }
    if (!strcmp(text_of(echo, "result"), "partly"))
        cli_error("%lld characters seem to be missing on the screen, the first in line %lld, column %lld",
                  number_of(echo, "lost"), number_of(echo, "line"), number_of(echo, "column"));
    return CLI_OK;
}

/* Waits until everything was typed, so that a script's next command comes after it. */
static int wait_typed(struct cli *cli, const char *target)
{
    for (;;) {
        json_t *state = NULL;
        int r = get_state(cli, target, &state);
        const char *word = text_of(state, "state");
        bool on = !strcmp(word, "typing") || !strcmp(word, "waiting");
        if (r == CLI_OK && !on)
            r = judge(state);
        json_decref(state);
        if (r != CLI_OK || !on)
            return r;
        usleep(POLL_US);
    }
}

/* ---- what cannot be typed ---- */

static void print_missing(const json_t *plan)
{
    size_t i;
    json_t *m, *list = json_object_get(plan, "missing");
    printf("layout %s: %lld characters can be typed, %lld cannot\n", text_of(plan, "layout"),
           number_of(plan, "characters"), number_of(plan, "missing_count"));
    json_array_foreach(list, i, m)
        printf("  %-8s %s  %lld times, first in line %lld, column %lld\n", text_of(m, "code"),
               *text_of(m, "name") ? text_of(m, "name") : text_of(m, "character"), number_of(m, "count"),
               number_of(m, "line"), number_of(m, "column"));
    if (json_is_true(json_object_get(plan, "more_missing")))
        puts("  and more");
}

static int show_check(struct cli *cli, const json_t *plan)
{
    if (cli->json)
        cli_print_json((json_t *)plan);
    else
        print_missing(plan);
    return number_of(plan, "missing_count") ? CLI_REFUSED : CLI_OK;
}

/* ---- the command ---- */

static const char *const words[] = {"--force",         "--layout=", "--check",   "--leave-out", "--alt-codes",
                                    "--unicode-input", "--careful", "--no-wait", NULL};

static const char *instead_of(int argc, char **argv)
{
    if (cli_flag(argc, argv, "--leave-out"))
        return "leave-out";
    if (cli_flag(argc, argv, "--alt-codes"))
        return "alt-codes";
    return cli_flag(argc, argv, "--unicode-input") ? "unicode-input" : "refuse";
}

/* Takes the text. NULL after an error was printed. */
static json_t *body_of(int argc, char **argv, const char *text, size_t size)
{
    const char *layout = cli_option(argc, argv, "--layout", NULL);
    json_t *body = json_pack("{s:o*, s:b, s:b, s:b, s:s}", "text", json_stringn(text, size), "force",
                             cli_flag(argc, argv, "--force"), "check", cli_flag(argc, argv, "--check"), "careful",
                             cli_flag(argc, argv, "--careful"), "instead", instead_of(argc, argv));
    if (!body || !json_object_get(body, "text")) {
        cli_error("the text is not UTF-8");
        json_decref(body);
        return NULL;
    }
    if (layout)
        json_object_set_new(body, "layout", json_string(layout));
    return body;
}

static int type(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    size_t size = 0;

    if (argc == 2 && !strcmp(argv[1], "--status"))
        return status(cli, argv[0]);
    if (argc == 2 && !strcmp(argv[1], "--stop"))
        return stop(cli, argv[0]);
    if (!cli_options_known(argc, argv, 2, words))
        return CLI_USAGE;
    _cleanup_free_ char *text = !strcmp(argv[1], "-") ? read_stdin(&size) : strdup(argv[1]);
    if (!text || strlen(argv[1]) > MAX_TEXT) {
        cli_error("the text is longer than %d bytes; put it on a virtual drive, or type it in parts", MAX_TEXT);
        return CLI_USAGE;
    }
    json_t *body = body_of(argc, argv, text, size ? size : strlen(text));
    if (!body)
        return CLI_USAGE;
    int r = cli_call(cli, "POST", cli_path("/targets/%s/type", argv[0]), body, &answer);
    if (r == CLI_OK && cli_flag(argc, argv, "--check"))
        r = show_check(cli, answer);
    else if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_decref(answer);
    bool waits = !cli_flag(argc, argv, "--check") && !cli_flag(argc, argv, "--no-wait");
    return r == CLI_OK && waits ? wait_typed(cli, argv[0]) : r;
}

/* ---- layouts ---- */

static void print_layout(const json_t *layout)
{
    printf("%-24s %-5s %s%s\n", text_of(layout, "name"), text_of(layout, "kind"), text_of(layout, "title"),
           json_is_true(json_object_get(layout, "latin")) ? "" : " (no Latin letters)");
}

/* With a word, those whose name or title holds it. */
static int layouts(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *layout;
    size_t i, found = 0;
    int r = cli_call(cli, "GET", "/layouts", NULL, &answer);
    if (r == CLI_OK && cli->json) {
        cli_print_json(answer);
    } else if (r == CLI_OK) {
        json_array_foreach(json_object_get(answer, "layouts"), i,
                           layout) if (!argc || strcasestr(text_of(layout, "name"), argv[0]) ||
                                       strcasestr(text_of(layout, "title"), argv[0]))
        {
            print_layout(layout);
            found++;
        }
        if (!found) {
            cli_error("there is no layout like '%s'", argv[0]);
            r = CLI_NOT_FOUND;
        }
    }
    json_decref(answer);
    return r;
}

/* A key's levels, one column each; a dead key's in brackets. */
static void print_key(const json_t *key)
{
    size_t i;
    json_t *legend;
    printf("%3lld ", number_of(key, "usage"));
    json_array_foreach(json_object_get(key, "levels"), i, legend)
    {
        const char *text = json_string_value(legend), *dead = text_of(legend, "dead");
        putchar(' ');
        if (!text)
            putchar(*dead ? '[' : '-');
        cli_print_text(text ? text : dead, false);
        if (*dead)
            putchar(']');
    }
    putchar('\n');
}

static int layout(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *key;
    size_t i;
    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/layouts/%s", argv[0]), NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        json_array_foreach(json_object_get(answer, "keys"), i, key) print_key(key);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"type",
     "TARGET TEXT|-|--status|--stop [--layout NAME] [--check] [--leave-out|--alt-codes|--unicode-input] [--careful] "
     "[--no-wait] [--force]",
     "type a text (- : from standard input); --check only lists what cannot be typed", 2, 10, type},
    {"layouts", "[WORD]", "keyboard layouts of targets, or those whose name or title holds the word", 0, 1, layouts},
    {"layout", "LAYOUT", "what stands on its keys, each by its USB usage: alone, with Shift, with AltGr, with both", 1,
     1, layout},
};
const struct cli_commands cli_typing_commands = {rows, sizeof rows / sizeof *rows};
