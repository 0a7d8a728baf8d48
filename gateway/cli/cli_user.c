/* Accounts, and who is logged in. */
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

/* One call whose answer does not matter. */
static int send(struct cli *cli, const char *method, const char *path, json_t *body)
{
    json_t *answer = NULL;
    int r = cli_call(cli, method, path, body, &answer);
    json_decref(answer);
    return r;
}

static void print_user(json_t *user)
{
    printf("%-15s ", cli_member(user, "role"));
    cli_print_text(cli_member(user, "name"), false);
    if (!strcmp(cli_member(user, "role"), "Custom"))
        cli_print_grants(json_object_get(user, "grants"));
    if (!strcmp(cli_member(user, "origin"), "directory"))
        printf(" (directory)");
    if (json_is_true(json_object_get(user, "second_factor")))
        printf(" (second factor)");
    if (*cli_member(user, "certificate")) {
        printf(" (certificate ");
        cli_print_text(cli_member(user, "certificate"), false);
        putchar(')');
    }
    printf("%s\n", json_is_false(json_object_get(user, "enabled")) ? " (disabled)" : "");
}

static int user_list(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL, *user;
    size_t i;

    int r = cli_call(cli, "GET", "/users", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_array_foreach(cli->json ? NULL : json_object_get(answer, "users"), i, user) print_user(user);
    json_decref(answer);
    return r;
}

/* ROLE, or Custom with its grants. NULL after an error was printed. */
static json_t *role_body(int argc, char **argv)
{
    if (strcmp(argv[0], "Custom") != 0)
        return json_pack("{s:s}", "role", argv[0]);
    json_t *grants = cli_grants(argc - 1, argv + 1);
    return grants ? json_pack("{s:s, s:o}", "role", argv[0], "grants", grants) : NULL;
}

static int user_add(struct cli *cli, int argc, char **argv)
{
    char password[CLI_MAX_PASSWORD];
    json_t *body = role_body(argc - 1, argv + 1);

    if (!body || !cli_read_password("Password of the new user", password)) {
        json_decref(body);
        return CLI_USAGE;
    }
    json_object_set_new(body, "name", json_string(argv[0]));
    json_object_set_new(body, "password", json_string(password));
    explicit_bzero(password, sizeof password);
    return send(cli, "POST", "/users", body);
}

static int user_password(struct cli *cli, attr_unused int argc, char **argv)
{
    char password[CLI_MAX_PASSWORD];

    if (!cli_read_password("New password", password))
        return CLI_USAGE;
    json_t *body = json_pack("{s:s}", "password", password);
    explicit_bzero(password, sizeof password);
    return send(cli, "PATCH", cli_path("/users/%s", argv[0]), body);
}

static int user_role(struct cli *cli, int argc, char **argv)
{
    json_t *body = role_body(argc - 1, argv + 1);
    return body ? send(cli, "PATCH", cli_path("/users/%s", argv[0]), body) : CLI_USAGE;
}

static int user_switch(struct cli *cli, const char *name, bool enabled)
{
    return send(cli, "PATCH", cli_path("/users/%s", name), json_pack("{s:b}", "enabled", (int)enabled));
}

static int user_enable(struct cli *cli, attr_unused int argc, char **argv)
{
    return user_switch(cli, argv[0], true);
}

static int user_disable(struct cli *cli, attr_unused int argc, char **argv)
{
    return user_switch(cli, argv[0], false);
}

static int user_certificate(struct cli *cli, int argc, char **argv)
{
    return send(cli, "PATCH", cli_path("/users/%s", argv[0]),
                json_pack("{s:s}", "certificate", argc > 1 ? argv[1] : ""));
}

static int user_drop_factor(struct cli *cli, attr_unused int argc, char **argv)
{
    return send(cli, "PATCH", cli_path("/users/%s", argv[0]), json_pack("{s:b}", "second_factor", 0));
}

static int user_delete(struct cli *cli, attr_unused int argc, char **argv)
{
    return send(cli, "DELETE", cli_path("/users/%s", argv[0]), NULL);
}

static int session_list(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL, *session;
    size_t i;

    int r = cli_call(cli, "GET", "/sessions?all=1", NULL, &answer);
    if (r == CLI_DENIED && cli_last_status() == 403)
        r = cli_call(cli, "GET", "/sessions", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_array_foreach(cli->json ? NULL : json_object_get(answer, "sessions"), i, session)
    {
        printf("%s %-11s ", cli_member(session, "id"), cli_member(session, "kind"));
        cli_print_text(cli_member(session, "user"), false);
        putchar(' ');
        cli_print_text(cli_member(session, "peer"), false);
        printf("%s\n", json_is_true(json_object_get(session, "current")) ? " (this one)" : "");
    }
    json_decref(answer);
    return r;
}

static int session_end(struct cli *cli, attr_unused int argc, char **argv)
{
    return send(cli, "DELETE", cli_path("/sessions/%s", argv[0]), NULL);
}

static int session_end_others(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    return send(cli, "DELETE", "/sessions", NULL);
}

#define ROLES "Administrator|Operator|ReadOnly|Custom [TARGET:RIGHT,...]..."

static const struct cli_command rows[] = {
    {"user list", "", "the accounts", 0, 0, user_list},
    {"user add", "NAME " ROLES, "a new account (password from the terminal or stdin)", 2, 66, user_add},
    {"user password", "NAME", "a new password", 1, 1, user_password},
    {"user role", "NAME " ROLES, "another role; what Custom may do where, 'gateway' being the gateway, '*' all targets",
     2, 66, user_role},
    {"user enable", "NAME", "switch an account on", 1, 1, user_enable},
    {"user disable", "NAME", "switch it off; its sessions end", 1, 1, user_disable},
    {"user certificate", "NAME [cn:X|email:X|upn:X|sha256:HEX]", "which client certificate opens it; none", 1, 2,
     user_certificate},
    {"user drop-second-factor", "NAME", "for who has lost it", 1, 1, user_drop_factor},
    {"user delete", "NAME", "remove an account", 1, 1, user_delete},
    {"session list", "", "who is logged in", 0, 0, session_list},
    {"session end", "ID", "log somebody out", 1, 1, session_end},
    {"session end-others", "", "end all of one's own sessions but this one", 0, 0, session_end_others},
};
const struct cli_commands cli_user_commands = {rows, ARRAY_SIZE(rows)};
