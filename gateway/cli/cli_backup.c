/* backup, restore: done by lightsoutd itself, on the state folder and not through the gateway. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

#define MOST_ARGUMENTS 12

/* The lightsoutd that was installed with us. */
static bool find_daemon(char *room, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", room, size - 1);
    if (n <= 0)
        return false;
    room[n] = '\0';
    char *slash = strrchr(room, '/');
    static const char *const places[] = {"/lightsoutd", "/../sbin/lightsoutd"};
    for (size_t i = 0; slash && i < ARRAY_SIZE(places); i++) {
        snprintf(slash, size - (size_t)(slash - room), "%s", places[i]);
        if (access(room, X_OK) == 0)
            return true;
    }
    return false;
}

static int run(const char *option, int argc, char **argv)
{
    char path[4096];
    const char *arguments[MOST_ARGUMENTS] = {"lightsoutd", option, argv[0]};
    static const char *const words[] = {"--state=", "--config=", "--passphrase-file=", "--replace", NULL};
    if (!cli_options_known(argc, argv, 1, words))
        return CLI_USAGE;
    for (int i = 1; i < argc && i < MOST_ARGUMENTS - 3; i++)
        arguments[2 + i] = argv[i];
    if (!find_daemon(path, sizeof path)) {
        cli_error("lightsoutd is not installed here: this works at the gateway itself");
        return CLI_NOT_FOUND;
    }
    execv(path, (char *const *)arguments);
    cli_error("%s: %s", path, strerror(errno));
    return CLI_REFUSED;
}

static int backup(struct cli *cli, int argc, char **argv)
{
    (void)cli;
    return run("--backup", argc, argv);
}

static int restore(struct cli *cli, int argc, char **argv)
{
    (void)cli;
    return run("--restore", argc, argv);
}

static const struct cli_command rows[] = {
    {"backup", "FILE [--passphrase-file F] [--state DIR] [--config FILE]",
     "at the gateway itself, as root: users, keys, audit log and settings in one sealed file", 1, 7, backup},
    {"restore", "FILE [--replace] [--passphrase-file F] [--state DIR] [--config FILE]",
     "bring it back, on this machine or another, while lightsoutd does not run", 1, 8, restore},
};
const struct cli_commands cli_backup_commands = {rows, ARRAY_SIZE(rows)};
