/* lightsoutd --recover: a way in for the owner at the machine, when nobody has one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "auth/keeper/owner_notes.h"
#include "auth/keeper/secret.h"
#include "gateway/owner/owner.h"

#define PATIENCE_S 60 /* a keeper in good health looks each 10 s */

static bool is_taken(const struct owner *self)
{
    struct stat st;
    const struct timespec pause = {.tv_nsec = 100000000};
    for (int i = 0; i < PATIENCE_S * 10; i++) {
        if (fstatat(self->keeper_fd, RECOVER_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static int leave_note(struct owner *self)
{
    char secret[SECRET_SIZE];
    uint8_t hash[32];
    bool stopped = owner_lock(self);
    int r = secret_make(secret);
    if (r == 0 && !secret_hash(secret, hash))
        r = -EIO;
    if (r == 0)
        r = owner_put(self->keeper_fd, RECOVER_FILE, hash, sizeof hash);
    if (r < 0) {
        fprintf(stderr, "lightsoutd: %s/keeper/%s cannot be written: %s\n", self->state, RECOVER_FILE, strerror(-r));
        return EXIT_FAILED;
    }
    printf("one-time secret  %s\n", secret);
    fflush(stdout);
    explicit_bzero(secret, sizeof secret);
    if (!stopped && !is_taken(self)) {
        fprintf(stderr, "lightsoutd: the keeper has not taken it yet; restart lightsout, then it counts\n");
        return EXIT_FAILED;
    }
    printf("%s: the set-up page takes it once, within %d minutes. Who uses it becomes an Administrator; with the name "
           "of a user, that user gets a new password and loses the second factor. Users stay, sessions have ended.\n",
           stopped ? "It counts from the next start" : "It counts now", RECOVERY_S / 60);
    return EXIT_FINE;
}

int owner_recover(const struct options *options)
{
    struct owner self;
    int r = owner_open(options, &self);
    if (r == EXIT_FINE && self.keeper_fd < 0) {
        fprintf(stderr, "lightsoutd: %s: nobody was ever set up here: start lightsoutd, it shows a secret\n",
                self.state);
        r = EXIT_STATE;
    }
    if (r == EXIT_FINE)
        r = leave_note(&self);
    owner_close(&self);
    return r;
}
