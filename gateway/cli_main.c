/* lightsout: options, the table of commands, help. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli.h"

#define DEFAULT_SOCKET "/var/lib/lightsout/run/control.sock"

static const struct cli_commands *const all_commands[] = {
    &cli_target_commands,  &cli_media_commands,    &cli_image_commands, &cli_upload_commands, &cli_screen_commands,
    &cli_input_commands,   &cli_seat_commands,     &cli_macro_commands, &cli_dongle_commands, &cli_doctor_commands,
    &cli_account_commands, &cli_audit_commands,    &cli_user_commands,  &cli_token_commands,  &cli_certificate_commands,
    &cli_backup_commands,  &cli_directory_commands};

static void print_help(FILE *out)
{
    fputs("Usage: lightsout [OPTIONS] COMMAND ...\n\nCommands:\n", out);
    for (size_t i = 0; i < ARRAY_SIZE(all_commands); i++) {
        for (size_t k = 0; k < all_commands[i]->n; k++) {
            const struct cli_command *c = &all_commands[i]->rows[k];
            fprintf(out, "  %s%s%s\n      %s\n", c->name, *c->usage ? " " : "", c->usage, c->help);
        }
    }
    fputs("\nOptions (before the command):\n"
          "  --socket PATH        the gateway's local socket (default: $LIGHTSOUT_SOCKET or\n"
          "                       " DEFAULT_SOCKET ")\n"
          "  --url https://H:P    a remote gateway instead\n"
          "  --fingerprint HEX    SHA-256 of its certificate, as lightsoutd prints it\n"
          "  --token-file FILE    session token, written by 'login', or an API token (mode 0600)\n"
          "  --json               print the gateway's JSON answer\n"
          "  --help, --version\n\n"
          "Exit codes: 0 done, 1 refused, 2 wrong command line, 3 gateway not reachable, 4 not found,\n"
          "5 not logged in or without the right, 6 wait-text timed out, 7 the audit log was changed.\n",
          out);
}

/* Options up to the command. -1: go on at *ret_at; else the exit code. */
static int read_options(struct cli *cli, int argc, char **argv, int *ret_at)
{
    const struct {
        const char *name, **value;
    } valued[] = {{"--socket", &cli->socket},
                  {"--url", &cli->url},
                  {"--fingerprint", &cli->fingerprint},
                  {"--token-file", &cli->token_file}};
    int i = 1;

    for (; i < argc && !strncmp(argv[i], "--", 2); i++) {
        size_t k = 0;
        if (!strcmp(argv[i], "--help")) {
            print_help(stdout);
            return CLI_OK;
        }
        if (!strcmp(argv[i], "--version")) {
            printf("lightsout %s\n", LIGHTSOUT_VERSION);
            return CLI_OK;
        }
        if (!strcmp(argv[i], "--json")) {
            cli->json = true;
            continue;
        }
        while (k < ARRAY_SIZE(valued) && strcmp(argv[i], valued[k].name) != 0)
            k++;
        if (k == ARRAY_SIZE(valued) || i + 1 == argc) {
            cli_error(k == ARRAY_SIZE(valued) ? "unknown option '%s'; see --help" : "option '%s' wants a value",
                      argv[i]);
            return CLI_USAGE;
        }
        *valued[k].value = argv[++i];
    }
    *ret_at = i;
    return -1;
}

/* The command whose one or two words stand at argv; NULL when there is none. */
static const struct cli_command *find_command(int argc, char **argv, int *ret_words)
{
    char two[64];

    snprintf(two, sizeof two, "%s %s", argc > 0 ? argv[0] : "", argc > 1 ? argv[1] : "");
    for (size_t i = 0; i < ARRAY_SIZE(all_commands); i++) {
        for (size_t k = 0; k < all_commands[i]->n; k++) {
            const struct cli_command *c = &all_commands[i]->rows[k];
            *ret_words = strchr(c->name, ' ') ? 2 : 1;
            if (!strcmp(c->name, *ret_words == 2 ? two : argc > 0 ? argv[0] : ""))
                return c;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct cli cli = {.socket = getenv("LIGHTSOUT_SOCKET")};
    int at = 0, words = 0;

    int r = read_options(&cli, argc, argv, &at);
    if (r >= 0)
        return r;
    if (!cli.socket)
        cli.socket = DEFAULT_SOCKET;
    const struct cli_command *command = find_command(argc - at, argv + at, &words);
    if (!command) {
        if (at == argc)
            print_help(stderr);
        else
            cli_error("unknown command '%s'; see --help", argv[at]);
        return CLI_USAGE;
    }
    int n = argc - at - words;
    if (n < command->min_args || n > command->max_args) {
        cli_error("usage: lightsout %s %s", command->name, command->usage);
        return CLI_USAGE;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    r = command->run(&cli, n, argv + at + words);
    curl_global_cleanup();
    return r;
}
