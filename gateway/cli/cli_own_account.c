/* One's own account: who one is, the password, the second factor. Of the account that the token file belongs to; the
 * local socket has none. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

#define CODE_TRIES 3

static void print_line(const char *what, const char *text)
{
    printf("%-14s ", what);
    cli_print_text(text, false);
    putchar('\n');
}

static void print_who(json_t *who)
{
    print_line("user", cli_member(who, "user"));
    print_line("role", cli_member(who, "role"));
    print_line("logged in by", cli_member(who, "kind"));
    printf("%-14s", "may");
    cli_print_grants(json_object_get(who, "grants"));
    putchar('\n');
    if (json_object_get(who, "second_factor")) {
        print_line("account", cli_member(who, "origin"));
        print_line("second factor", json_is_true(json_object_get(who, "second_factor")) ? "yes" : "no");
        print_line("certificate", json_is_true(json_object_get(who, "certificate")) ? "yes" : "no");
    }
}

/* The session, and of the account what a session does not tell; who comes by the local socket has no account. */
static int whoami(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *session = NULL, *account = NULL;
    int r = cli_call(cli, "GET", "/session", NULL, &session);
    if (r != CLI_OK)
        return r;
    cli->quiet = true;
    if (cli_call(cli, "GET", "/account", NULL, &account) == CLI_OK)
        json_object_update(session, account);
    json_decref(account);
    cli->json ? cli_print_json(session) : print_who(session);
    json_decref(session);
    return CLI_OK;
}

/* What one cannot see is typed twice. */
static bool read_new_password(char ret[CLI_MAX_PASSWORD])
{
    char again[CLI_MAX_PASSWORD];
    if (!cli_read_password("New password", ret))
        return false;
    if (!isatty(STDIN_FILENO))
        return true;
    bool same = cli_read_password("New password again", again) && !strcmp(ret, again);
    explicit_bzero(again, sizeof again);
    if (!same)
        cli_error("the two are not the same; nothing was changed");
    return same;
}

static int own_password(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    char present[CLI_MAX_PASSWORD], new[CLI_MAX_PASSWORD];
    json_t *answer = NULL;
    int r = CLI_USAGE;
    if (cli_read_password("Present password", present) && read_new_password(new))
        r = cli_call(cli, "PUT", "/account/password", json_pack("{s:s, s:s}", "password", present, "new", new),
                     &answer);
    explicit_bzero(present, sizeof present);
    explicit_bzero(new, sizeof new);
    json_decref(answer);
    return r;
}

static void print_recovery(json_t *answer)
{
    json_t *code;
    size_t i;
    puts("The second factor is on. Recovery codes, each good once, shown only now:");
    json_array_foreach(json_object_get(answer, "recovery"), i, code) puts(json_string_value(code));
}

/* A wrong code may be given anew. */
static int confirm(struct cli *cli)
{
    char code[CLI_MAX_PASSWORD];
    json_t *answer = NULL;
    int r = CLI_REFUSED;
    for (unsigned i = 0; i < CODE_TRIES && r == CLI_REFUSED; i++) {
        if (i && strcmp(cli_last_error(), "bad-code") != 0)
            break;
        if (!cli_read_password("Code that it shows", code))
            return CLI_USAGE;
        r = cli_call(cli, "POST", "/account/totp/confirm", json_pack("{s:s}", "code", code), &answer);
    }
    if (r == CLI_OK)
        cli->json ? cli_print_json(answer) : print_recovery(answer);
    json_decref(answer);
    return r;
}

static int second_factor(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "POST", "/account/totp", NULL, &answer);
    if (r == CLI_OK && cli->json) {
        cli_print_json(answer);
    } else if (r == CLI_OK) {
        puts("Give this to the telephone, as a secret or as an address:");
        cli_print_text(cli_member(answer, "secret"), false);
        putchar('\n');
        cli_print_text(cli_member(answer, "uri"), false);
        putchar('\n');
    }
    fflush(stdout);
    json_decref(answer);
    return r == CLI_OK ? confirm(cli) : r;
}

static int drop_second_factor(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    char password[CLI_MAX_PASSWORD];
    json_t *answer = NULL;
    if (!cli_read_password("Password", password))
        return CLI_USAGE;
    int r = cli_call(cli, "DELETE", "/account/totp", json_pack("{s:s}", "password", password), &answer);
    explicit_bzero(password, sizeof password);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"whoami", "", "who one is here, by what, and what one may do", 0, 0, whoami},
    {"account password", "", "another password for one's own account (both from the terminal or stdin, a line each)", 0,
     0, own_password},
    {"account second-factor", "",
     "prints the secret for a telephone, reads the code that it shows from the terminal or stdin, prints recovery "
     "codes",
     0, 0, second_factor},
    {"account drop-second-factor", "", "takes it away again (password from the terminal or stdin)", 0, 0,
     drop_second_factor},
};
const struct cli_commands cli_own_account_commands = {rows, ARRAY_SIZE(rows)};
