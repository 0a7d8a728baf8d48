/* Login, events, the set-up secret. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"

static int write_token(const char *file, const char *token)
{
    _cleanup_close_ int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 || fchmod(fd, 0600) < 0 || dprintf(fd, "%s\n", token) < 0) {
        cli_error("cannot write the token file '%s': %m", file);
        return CLI_REFUSED;
    }
    return CLI_OK;
}

/* One try; code "": none yet. */
static int try_login(struct cli *cli, const char *user, const char *password, const char *code)
{
    json_t *body = json_pack("{s:s, s:s}", "user", user, "password", password), *answer = NULL;
    if (*code)
        json_object_set_new(body, "code", json_string(code));
    int r = cli_call(cli, "POST", "/session", body, &answer);
    json_decref(answer);
    return r;
}

static int login(struct cli *cli, int argc, char **argv)
{
    char password[CLI_MAX_PASSWORD], code[CLI_MAX_PASSWORD];

    (void)argc;
    if (!cli->url || !cli->token_file) {
        cli_error("login is for a remote gateway: give --url and --token-file (the local socket needs none)");
        return CLI_USAGE;
    }
    if (!cli_read_password("Password", password))
        return CLI_USAGE;
    int r = try_login(cli, argv[0], password, "");
    if (r == CLI_DENIED && !strcmp(cli_last_error(), "code-required"))
        r = cli_read_password("Code", code) ? try_login(cli, argv[0], password, code) : CLI_USAGE;
    explicit_bzero(password, sizeof password);
    return r == CLI_OK ? write_token(cli->token_file, cli_last_token()) : r;
}

static int logout(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;

    (void)argc;
    (void)argv;
    int r = cli_call(cli, "DELETE", "/session", NULL, &answer);
    json_decref(answer);
    if (r == CLI_OK && cli->token_file)
        unlink(cli->token_file);
    return r;
}

static int setup_secret(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;

    (void)argc;
    (void)argv;
    int r = cli_call(cli, "POST", "/setup-secret", NULL, &answer);
    if (r == CLI_OK)
        cli->json ? cli_print_json(answer) : (void)printf("%s\n", cli_member(answer, "secret"));
    json_decref(answer);
    return r;
}

static int events(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *event;
    size_t i;

    (void)argc;
    (void)argv;
    int r = cli_call(cli, "GET", "/events", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_array_foreach(cli->json ? NULL : json_object_get(answer, "events"), i, event)
    {
        time_t when = (time_t)json_integer_value(json_object_get(event, "time"));
        struct tm tm;
        char text[32] = "";
        if (gmtime_r(&when, &tm))
            strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
        printf("%s ", text);
        for (unsigned k = 0; k < 4; k++) {
            cli_print_text(cli_member(event, (const char *const[]){"who", "what", "target", "detail"}[k]), false);
            putchar(k < 3 ? ' ' : '\n');
        }
    }
    json_decref(answer);
    return r;
}

static int version(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;

    (void)argc;
    (void)argv;
    int r = cli_call(cli, "GET", "/version", NULL, &answer);
    if (r == CLI_OK)
        cli->json ? cli_print_json(answer)
                  : (void)printf("%s %s\n", cli_member(answer, "name"), cli_member(answer, "version"));
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"login", "USER", "log in remotely; writes the token file (password and code from the terminal or stdin)", 1, 1,
     login},
    {"logout", "", "end the session of the token file", 0, 0, logout},
    {"setup-secret", "", "a new one-time set-up secret (local only); voids the old one", 0, 0, setup_secret},
    {"events", "", "the newest lines of the audit log", 0, 0, events},
    {"version", "", "the gateway's version", 0, 0, version},
};
const struct cli_commands cli_account_commands = {rows, ARRAY_SIZE(rows)};
