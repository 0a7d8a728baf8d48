/* What may stand next on the command line, for shells: `lightsout complete media in` prints one candidate a line. What
 * the gateway has to tell (names of targets, images ...) is asked for quietly; without it there are fewer. */
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/cli_commands.h"

static void offer(const char *word, size_t length, const char *begun)
{
    if (strncmp(word, begun, strlen(begun)) == 0 && length >= strlen(begun))
        printf("%.*s\n", (int)length, word);
}

static bool begins_with_word(const struct cli_command *c, const char *word, size_t n)
{
    return strcspn(c->name, " ") == n && strncmp(c->name, word, n) == 0;
}

/* First words of the table, each once. */
static void offer_first_words(const char *begun)
{
    const struct cli_command *c;
    for (size_t i = 0; (c = cli_command_at(i)); i++) {
        size_t n = strcspn(c->name, " "), k = 0;
        while (!begins_with_word(cli_command_at(k), c->name, n))
            k++;
        if (k == i)
            offer(c->name, n, begun);
    }
}

static void offer_second_words(const char *first, const char *begun)
{
    const struct cli_command *c;
    size_t n = strlen(first);
    for (size_t i = 0; (c = cli_command_at(i)); i++)
        if (c->name[n] && begins_with_word(c, first, n))
            offer(c->name + n + 1, strlen(c->name + n + 1), begun);
}

/* Names of what an argument of this kind means; false: it is no such kind. */
static bool offer_names(struct cli *cli, const char *kind, size_t length, const char *begun)
{
    static const struct {
        const char *kind, *path, *list, *member;
    } known[] = {
        {"TARGET", "/targets", "targets", "name"},
        {"IMAGE", "/images", "images", "name"},
        {"USER", "/users", "users", "name"},
        {"LAYOUT", "/layouts", "layouts", "name"},
        {"RECORDING", "/recordings", "recordings", "id"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        json_t *answer = NULL, *one;
        size_t k;
        if (strlen(known[i].kind) != length || strncmp(kind, known[i].kind, length) != 0)
            continue;
        if (cli_call(cli, "GET", known[i].path, NULL, &answer) == CLI_OK)
            json_array_foreach(json_object_get(answer, known[i].list), k, one)
            {
                const char *name = json_is_string(one) ? json_string_value(one) : cli_member(one, known[i].member);
                offer(name, strlen(name), begun);
            }
        json_decref(answer);
        return true;
    }
    return false;
}

/* One word of a usage, "on|off", "[--force]", "TARGET", "TARGET:RIGHT,...": what of it can be typed. */
static void offer_argument(struct cli *cli, const char *word, size_t length, const char *begun)
{
    for (const char *at = word, *end = word + length; at < end;) {
        while (at < end && strchr("[]|.", *at))
            at++;
        size_t n = 0;
        while (at + n < end && !strchr("[]|.", at[n]))
            n++;
        bool word_itself = n > 0 && (*at == '-' || (*at >= 'a' && *at <= 'z'));
        if (word_itself)
            offer(at, n, begun);
        else if (n > 0)
            offer_names(cli, at, n, begun);
        at += n;
    }
}

/* The nth word of a usage; options at any place behind the first. */
static void offer_arguments(struct cli *cli, const char *usage, int n, const char *begun)
{
    int i = 0;
    for (const char *at = usage; *at; i++) {
        size_t length = strcspn(at, " ");
        if (i == n || (begun[0] == '-' && (at[0] == '-' || strncmp(at, "[-", 2) == 0)))
            offer_argument(cli, at, length, begun);
        at += length;
        at += strspn(at, " ");
    }
}

static int complete(struct cli *cli, int argc, char **argv)
{
    int words = 0;
    const char *begun = argc > 0 ? argv[argc - 1] : "";
    const struct cli_command *c = argc > 0 ? cli_command_find(argc - 1, argv, &words) : NULL;

    cli->quiet = true;
    if (argc <= 1)
        offer_first_words(begun);
    else if (c)
        offer_arguments(cli, c->usage, argc - 1 - words, begun);
    if (argc == 2)
        offer_second_words(argv[0], begun);
    return CLI_OK;
}

static const struct cli_command rows[] = {
    {"complete", "[WORD]...", "what may stand in the place of the last word, for the completion of shells", 0, 64,
     complete},
};
const struct cli_commands cli_complete_commands = {rows, ARRAY_SIZE(rows)};
