/* lightsout: options, help, and which command is run. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/cli_commands.h"

#define DEFAULT_SOCKET "/var/lib/lightsout/run/control.sock"

static void print_help(FILE *out)
{
    fputs("Usage: lightsout [OPTIONS] COMMAND ...\n\nCommands:\n", out);
    const struct cli_command *c;
    for (size_t i = 0; (c = cli_command_at(i)); i++)
        cli_command_help(out, c);
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

/* `lightsout media --help`, `lightsout help media`: of one command, or of all with that first word. */
static int help_of(int argc, char **argv)
{
    int words;
    const struct cli_command *command = cli_command_find(argc, argv, &words);
    if (argc == 0)
        print_help(stdout);
    else if (command && (words == 2 || argc == 1 || !strncmp(argv[1], "--", 2)))
        cli_command_help(stdout, command);
    else if (cli_group_help(stdout, argv[0]) == 0) {
        cli_error("unknown command '%s'; see --help", argv[0]);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], "--help"))
            return true;
    return false;
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
    if (argc > at && (!strcmp(argv[at], "help") || wants_help(MIN(argc - at, 3), argv + at)))
        return help_of(argc - at - !strcmp(argv[at], "help"), argv + at + !strcmp(argv[at], "help"));
    const struct cli_command *command = cli_command_find(argc - at, argv + at, &words);
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
