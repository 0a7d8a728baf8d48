/* Login, users, events, the set-up secret. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli.h"

#define MAX_PASSWORD 1024

/* One line without echo from the terminal, or from standard input when that is none. */
static bool read_password(const char *prompt, char ret[MAX_PASSWORD])
{
    struct termios before, quiet;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;

    if (terminal) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "%s: ", prompt);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    bool ok = fgets(ret, MAX_PASSWORD, stdin);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (ok)
        ret[strcspn(ret, "\r\n")] = 0;
    else
        cli_error("no password was given");
    return ok;
}

static int write_token(const char *file, const char *token)
{
    _cleanup_close_ int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 || fchmod(fd, 0600) < 0 || dprintf(fd, "%s\n", token) < 0) {
        cli_error("cannot write the token file '%s': %m", file);
        return CLI_REFUSED;
    }
    return CLI_OK;
}

static int login(struct cli *cli, int argc, char **argv)
{
    char password[MAX_PASSWORD];
    json_t *answer = NULL;

    (void)argc;
    if (!cli->url || !cli->token_file) {
        cli_error("login is for a remote gateway: give --url and --token-file (the local socket needs none)");
        return CLI_USAGE;
    }
    if (!read_password("Password", password))
        return CLI_USAGE;
    int r = cli_call(cli, "POST", "/session", json_pack("{s:s, s:s}", "user", argv[0], "password", password), &answer);
    explicit_bzero(password, sizeof password);
    json_decref(answer);
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

static int user_list(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *user;
    size_t i;

    (void)argc;
    (void)argv;
    int r = cli_call(cli, "GET", "/users", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_array_foreach(cli->json ? NULL : json_object_get(answer, "users"), i, user)
    {
        printf("%-15s ", cli_member(user, "role"));
        cli_print_text(cli_member(user, "name"), false);
        printf("%s\n", json_is_false(json_object_get(user, "enabled")) ? " (disabled)" : "");
    }
    json_decref(answer);
    return r;
}

static int user_add(struct cli *cli, int argc, char **argv)
{
    char password[MAX_PASSWORD];
    json_t *answer = NULL;

    (void)argc;
    if (!read_password("Password of the new user", password))
        return CLI_USAGE;
    int r = cli_call(cli, "POST", "/users",
                     json_pack("{s:s, s:s, s:s}", "name", argv[0], "role", argv[1], "password", password), &answer);
    explicit_bzero(password, sizeof password);
    json_decref(answer);
    return r;
}

static int user_password(struct cli *cli, int argc, char **argv)
{
    char password[MAX_PASSWORD];
    json_t *answer = NULL;

    (void)argc;
    if (!read_password("New password", password))
        return CLI_USAGE;
    int r = cli_call(cli, "PATCH", cli_path("/users/%s", argv[0]), json_pack("{s:s}", "password", password), &answer);
    explicit_bzero(password, sizeof password);
    json_decref(answer);
    return r;
}

static int user_role(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;

    (void)argc;
    int r = cli_call(cli, "PATCH", cli_path("/users/%s", argv[0]), json_pack("{s:s}", "role", argv[1]), &answer);
    json_decref(answer);
    return r;
}

static int user_delete(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;

    (void)argc;
    int r = cli_call(cli, "DELETE", cli_path("/users/%s", argv[0]), NULL, &answer);
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
    {"login", "USER", "log in remotely; writes the token file (password from the terminal or stdin)", 1, 1, login},
    {"logout", "", "end the session of the token file", 0, 0, logout},
    {"setup-secret", "", "a new one-time set-up secret (local only); voids the old one", 0, 0, setup_secret},
    {"user list", "", "the accounts", 0, 0, user_list},
    {"user add", "NAME Administrator|Operator|ReadOnly", "a new account (password from the terminal or stdin)", 2, 2,
     user_add},
    {"user password", "NAME", "a new password", 1, 1, user_password},
    {"user role", "NAME ROLE", "another role", 2, 2, user_role},
    {"user delete", "NAME", "remove an account", 1, 1, user_delete},
    {"events", "", "the newest lines of the audit log", 0, 0, events},
    {"version", "", "the gateway's version", 0, 0, version},
};
const struct cli_commands cli_account_commands = {rows, ARRAY_SIZE(rows)};
