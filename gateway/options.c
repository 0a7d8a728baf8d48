#include "gateway/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"

#define FLAG(name, field)                                                                                              \
    {                                                                                                                  \
        (name), no_argument, offsetof(struct options, field), SIZE_MAX                                                 \
    }
#define TEXT(name, field)                                                                                              \
    {                                                                                                                  \
        (name), required_argument, SIZE_MAX, offsetof(struct options, field)                                           \
    }

static const struct row {
    const char *name;
    int argument;
    size_t flag, text; /* where it goes; SIZE_MAX: nowhere */
} rows[] = {
    TEXT("config", config),
    TEXT("state", state),
    FLAG("check", check),
    FLAG("qr", qr),
    FLAG("version", version),
    FLAG("help", help),
    TEXT("role", role),
    TEXT("units", units),
    TEXT("sandbox", sandbox),
    FLAG("security", security),
    FLAG("json", json),
    {"self-check", optional_argument, offsetof(struct options, self_check), offsetof(struct options, root)},
    FLAG("doctor", doctor),
    TEXT("backup", backup),
    TEXT("restore", restore),
    TEXT("passphrase-file", passphrase_file),
    FLAG("recover", recover),
    FLAG("factory-reset", factory_reset),
    FLAG("yes", yes),
    FLAG("images", images),
    FLAG("replace", replace),
};

static_assert(ARRAY_SIZE(rows) < '?', "getopt_long says ? of what it does not know");

static void row_take(const struct row *row, struct options *options, const char *text)
{
    if (row->flag != SIZE_MAX)
        *(bool *)((char *)options + row->flag) = true;
    if (row->text != SIZE_MAX)
        *(const char **)((char *)options + row->text) = text;
}

int options_parse(int argc, char **argv, struct options *ret)
{
    struct options self = {0};
    struct option known[ARRAY_SIZE(rows) + 1] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        known[i] = (struct option){rows[i].name, rows[i].argument, NULL, (int)i + 1};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c < 1 || (size_t)c > ARRAY_SIZE(rows)) { /* '?' is none of ours */
            fprintf(stderr, "lightsoutd --help lists the options\n");
            return -EINVAL;
        }
        row_take(&rows[c - 1], &self, optarg);
    }
    if (optind < argc) {
        fprintf(stderr, "lightsoutd: '%s' is no option; lightsoutd --help lists them\n", argv[optind]);
        return -EINVAL;
    }
    *ret = self;
    return 0;
}

void options_help(FILE *out)
{
    fputs("lightsoutd: keyboard, video, mouse and virtual media of machines, in a browser\n\n"
          "  --config FILE  the configuration (default " CONFIG_DEFAULT_PATH ")\n"
          "  --state DIR    the folder that holds everything it remembers\n"
          "  --check        say what is wrong with the configuration, and end\n"
          "  --doctor       look at the devices of each dongle, say what will be used and what is wrong, and end\n"
          "  --self-check   compare the installed files with those of the package, and end (--self-check=DIR: below "
          "DIR)\n"
          "  --units DIR    the parts are units of the service manager, with sockets in this folder\n"
          "  --security     with --doctor: look at the walls instead (--json: for programs)\n"
          "  --qr           show address and fingerprint as a QR code also when the output is no terminal\n"
          "  --version      print the version, and end\n"
          "  --help         print this, and end\n\n"
          "For root or the owner of that folder, at the machine itself (docs/backup.md):\n"
          "  --recover              print a new one-time secret for set-up; users stay, sessions end\n"
          "  --backup FILE          all but images and disks, in one file sealed by a passphrase\n"
          "  --restore FILE         bring it back; with --replace also where there is a store already\n"
          "  --passphrase-file FILE instead of asking for it\n"
          "  --factory-reset        destroy keys, users and settings; with --images those of the library too;\n"
          "                         --yes does not ask\n\n"
          "Exit codes: 0 fine, 1 failed, 2 command line, 3 configuration, 4 state folder, 5 port in use,\n"
          "6 certificate or store, 7 runs already, 8 user.\n",
          out);
}

static int absolute_path(const char *path, char *room, size_t size)
{
    char here[PATH_MAX] = "";
    if (path[0] != '/' && !getcwd(here, sizeof here))
        return -errno;
    int n = snprintf(room, size, "%s%s%s", here, *here ? "/" : "", path);
    while (n > 1 && (size_t)n < size && room[n - 1] == '/')
        room[--n] = '\0';
    return n > 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

int options_state_path(const struct options *self, const struct config *config, char *room, size_t size)
{
    if (self->state)
        return *self->state ? absolute_path(self->state, room, size) : -EINVAL;
    if (config->state[0])
        return absolute_path(config->state, room, size);
    if (geteuid() == 0)
        return absolute_path("/var/lib/lightsout", room, size);
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char path[PATH_MAX];
    int n = -1;
    if (base && base[0] == '/')
        n = snprintf(path, sizeof path, "%s/lightsout", base);
    else if (home && home[0] == '/')
        n = snprintf(path, sizeof path, "%s/.local/state/lightsout", home);
    return n > 0 && (size_t)n < sizeof path ? absolute_path(path, room, size) : -EINVAL;
}
