/* API tokens of the account that is logged in by the token file, or of another user. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

#define DAY_S 86400

static void print_day(json_t *seconds)
{
    time_t when = (time_t)json_integer_value(seconds);
    struct tm tm;
    char text[32] = "never";
    if (when && gmtime_r(&when, &tm))
        strftime(text, sizeof text, "%Y-%m-%d", &tm);
    printf("%s", text);
}

/* "--user NAME" behind `first` arguments, or one's own. False after an error was printed. */
static bool read_user(int argc, char **argv, int first, const char **ret)
{
    static const char *const words[] = {"--user=", NULL};
    *ret = cli_option(argc, argv, "--user", NULL);
    return cli_options_known(argc, argv, first, words);
}

static int token_list(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *token;
    const char *user;
    size_t i;

    if (!read_user(argc, argv, 0, &user))
        return CLI_USAGE;
    int r = cli_call(cli, "GET", user ? cli_path("/users/%s/tokens", user) : "/account/tokens", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_array_foreach(cli->json ? NULL : json_object_get(answer, "tokens"), i, token)
    {
        printf("%s expires ", cli_member(token, "id"));
        print_day(json_object_get(token, "expires"));
        printf(" used ");
        print_day(json_object_get(token, "used"));
        putchar(' ');
        cli_print_text(cli_member(token, "name"), false);
        cli_print_grants(json_object_get(token, "grants"));
        putchar('\n');
    }
    json_decref(answer);
    return r;
}

/* NAME [--days N] GRANT... */
static int token_make(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *body = json_pack("{s:s}", "name", argv[0]);
    int at = 1;

    if (argc > 2 && !strcmp(argv[1], "--days")) {
        char *end;
        long days = strtol(argv[2], &end, 10);
        if (*end || days < 1 || days > 366) {
            cli_error("--days wants a number from 1 to 366");
            json_decref(body);
            return CLI_USAGE;
        }
        json_object_set_new(body, "expires", json_integer(days * DAY_S));
        at = 3;
    }
    json_t *grants = cli_grants(argc - at, argv + at);
    if (!grants) {
        json_decref(body);
        return CLI_USAGE;
    }
    if (json_array_size(grants))
        json_object_set(body, "grants", grants);
    json_decref(grants);
    int r = cli_call(cli, "POST", "/account/tokens", body, &answer);
    if (r == CLI_OK)
        cli->json ? cli_print_json(answer) : (void)printf("%s\n", cli_member(answer, "token"));
    json_decref(answer);
    return r;
}

static int token_revoke(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    const char *user;
    if (!read_user(argc, argv, 1, &user))
        return CLI_USAGE;
    const char *path =
        user ? cli_path_two("/users/%s/tokens/%s", user, argv[0]) : cli_path("/account/tokens/%s", argv[0]);
    int r = cli_call(cli, "DELETE", path, NULL, &answer);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"token list", "[--user USER]", "the API tokens of one's account, or of another user", 0, 2, token_list},
    {"token make", "NAME [--days N] [TARGET:RIGHT,...]...",
     "a new one, printed once; without grants it may do all that its account may", 1, 67, token_make},
    {"token revoke", "ID [--user USER]", "end one", 1, 3, token_revoke},
};
const struct cli_commands cli_token_commands = {rows, ARRAY_SIZE(rows)};
