/* Trying the directory. */
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

static void print_steps(json_t *answer)
{
    json_t *step;
    size_t i;
    json_array_foreach(json_object_get(answer, "steps"), i, step)
    {
        printf("  ");
        cli_print_text(json_string_value(step), false);
        putchar('\n');
    }
}

static void print_verdict(json_t *answer, bool works)
{
    if (works) {
        printf("works: ");
        cli_print_text(cli_member(answer, "dn"), false);
        printf(" is %s", cli_member(answer, "role"));
        cli_print_grants(json_object_get(answer, "grants"));
    } else {
        printf("does not work: ");
        cli_print_text(cli_member(answer, "why"), false);
    }
    putchar('\n');
}

static int directory_test(struct cli *cli, attr_unused int argc, char **argv)
{
    char password[CLI_MAX_PASSWORD];
    json_t *answer = NULL;
    if (!cli_read_password("Password in the directory", password))
        return CLI_USAGE;
    json_t *body = json_pack("{s:s, s:s}", "user", argv[0], "password", password);
    explicit_bzero(password, sizeof password);
    int r = cli_call(cli, "POST", "/directory/test", body, &answer);
    if (r != CLI_OK)
        return r;
    bool works = json_is_true(json_object_get(answer, "works"));
    if (cli->json) {
        cli_print_json(answer);
    } else {
        print_steps(answer);
        print_verdict(answer, works);
    }
    json_decref(answer);
    return works ? CLI_OK : CLI_REFUSED;
}

static const struct cli_command rows[] = {
    {"directory test", "USER", "try a login by the directory and tell each step; nobody is logged in", 1, 1,
     directory_test},
};
const struct cli_commands cli_directory_commands = {rows, ARRAY_SIZE(rows)};
