#include "gateway/owner/owner_passphrase.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/quiet_line.h"
#include "gateway/options.h"

static int from_file(const char *path, char room[BACKUP_PASSPHRASE_MAX])
{
    _cleanup_fclose_ FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "lightsoutd: passphrase file %s: %s\n", path, strerror(errno));
        return EXIT_USAGE;
    }
    return quiet_line_read(file, room, BACKUP_PASSPHRASE_MAX) ? EXIT_FINE : EXIT_USAGE;
}

int owner_passphrase(const char *path, bool twice, char ret[BACKUP_PASSPHRASE_MAX])
{
    char again[BACKUP_PASSPHRASE_MAX] = "";
    int r = EXIT_FINE;
    ret[0] = '\0';
    if (path) {
        r = from_file(path, ret);
        if (r != EXIT_FINE)
            return r;
    } else if (!quiet_line_ask("Passphrase of the backup", ret, BACKUP_PASSPHRASE_MAX)) {
        r = EXIT_USAGE;
    } else if (twice && isatty(STDIN_FILENO) &&
               (!quiet_line_ask("Once more", again, BACKUP_PASSPHRASE_MAX) || strcmp(again, ret) != 0)) {
        fprintf(stderr, "lightsoutd: the two are not the same\n");
        r = EXIT_USAGE;
    }
    explicit_bzero(again, sizeof again);
    if (r == EXIT_FINE && strlen(ret) < BACKUP_PASSPHRASE_LEAST) {
        fprintf(stderr, "lightsoutd: a passphrase of a backup has at least %d characters\n", BACKUP_PASSPHRASE_LEAST);
        r = EXIT_USAGE;
    }
    return r;
}
