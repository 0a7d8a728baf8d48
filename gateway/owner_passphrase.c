#include "gateway/owner_passphrase.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "gateway/options.h"

static bool read_line(FILE *from, char room[BACKUP_PASSPHRASE_MAX])
{
    if (!fgets(room, BACKUP_PASSPHRASE_MAX, from))
        return false;
    size_t n = strcspn(room, "\r\n");
    bool whole = n + 1 < BACKUP_PASSPHRASE_MAX;
    room[n] = '\0';
    return whole;
}

static bool ask(const char *prompt, char room[BACKUP_PASSPHRASE_MAX])
{
    struct termios before, quiet;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "%s: ", prompt);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    setvbuf(stdin, NULL, _IONBF, 0); /* it is to be nowhere else in memory */
    bool good = read_line(stdin, room);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    return good;
}

static int from_file(const char *path, char room[BACKUP_PASSPHRASE_MAX])
{
    _cleanup_fclose_ FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "lightsoutd: passphrase file %s: %s\n", path, strerror(errno));
        return EXIT_USAGE;
    }
    setvbuf(file, NULL, _IONBF, 0);
    return read_line(file, room) ? EXIT_FINE : EXIT_USAGE;
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
    } else if (!ask("Passphrase of the backup", ret)) {
        r = EXIT_USAGE;
    } else if (twice && isatty(STDIN_FILENO) && (!ask("Once more", again) || strcmp(again, ret) != 0)) {
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
