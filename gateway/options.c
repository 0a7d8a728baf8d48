#include "gateway/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPT_CONFIG = 1,
    OPT_STATE,
    OPT_CHECK,
    OPT_DOCTOR,
    OPT_QR,
    OPT_VERSION,
    OPT_HELP,
    OPT_ROLE,
    OPT_SANDBOX,
    OPT_SELF,
    OPT_SECURITY,
    OPT_JSON,
    OPT_UNITS,
    OPT_BACKUP,
    OPT_RESTORE,
    OPT_PASSPHRASE,
    OPT_RECOVER,
    OPT_RESET,
    OPT_YES,
    OPT_IMAGES,
    OPT_REPLACE
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"state", required_argument, NULL, OPT_STATE},
    {"check", no_argument, NULL, OPT_CHECK},
    {"qr", no_argument, NULL, OPT_QR},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {"role", required_argument, NULL, OPT_ROLE},
    {"units", required_argument, NULL, OPT_UNITS},
    {"sandbox", required_argument, NULL, OPT_SANDBOX},
    {"security", no_argument, NULL, OPT_SECURITY},
    {"json", no_argument, NULL, OPT_JSON},
    {"self-check", optional_argument, NULL, OPT_SELF},
    {"doctor", no_argument, NULL, OPT_DOCTOR},
    {"backup", required_argument, NULL, OPT_BACKUP},
    {"restore", required_argument, NULL, OPT_RESTORE},
    {"passphrase-file", required_argument, NULL, OPT_PASSPHRASE},
    {"recover", no_argument, NULL, OPT_RECOVER},
    {"factory-reset", no_argument, NULL, OPT_RESET},
    {"yes", no_argument, NULL, OPT_YES},
    {"images", no_argument, NULL, OPT_IMAGES},
    {"replace", no_argument, NULL, OPT_REPLACE},
    {0},
};

int options_parse(int argc, char **argv, struct options *ret)
{
    struct options self = {0};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (c) {
        case OPT_CONFIG:
            self.config = optarg;
            break;
        case OPT_STATE:
            self.state = optarg;
            break;
        case OPT_CHECK:
            self.check = true;
            break;
        case OPT_DOCTOR:
            self.doctor = true;
            break;
        case OPT_QR:
            self.qr = true;
            break;
        case OPT_VERSION:
            self.version = true;
            break;
        case OPT_HELP:
            self.help = true;
            break;
        case OPT_SECURITY:
            self.security = true;
            break;
        case OPT_JSON:
            self.json = true;
            break;
        case OPT_SELF:
            self.self_check = true;
            self.root = optarg;
            break;
        case OPT_UNITS:
            self.units = optarg;
            break;
        case OPT_BACKUP:
            self.backup = optarg;
            break;
        case OPT_RESTORE:
            self.restore = optarg;
            break;
        case OPT_PASSPHRASE:
            self.passphrase_file = optarg;
            break;
        case OPT_RECOVER:
            self.recover = true;
            break;
        case OPT_RESET:
            self.factory_reset = true;
            break;
        case OPT_YES:
            self.yes = true;
            break;
        case OPT_IMAGES:
            self.images = true;
            break;
        case OPT_REPLACE:
            self.replace = true;
            break;
        case OPT_ROLE:
            self.role = optarg;
            break;
        case OPT_SANDBOX: /* the supervisor's word to a role; anything else is what it is without */
            self.best = strcmp(optarg, "best") == 0;
            break;
        default:
            fprintf(stderr, "lightsoutd --help lists the options\n");
            return -EINVAL;
        }
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
