/* The owner of the state folder, or root, at the machine itself: who may take the store away may back it up, bring it
 * back, destroy it and get back in. These commands of lightsoutd work on the folder, not through the running processes:
 * no secret passes the gateway. */
#pragma once

#include <sys/types.h>

#include "gateway/options.h"
#include "gateway/supervisor/uid.h"

struct owner {
    struct config *config;
    const char *config_path;
    struct uid_choice user, keeper; /* who the parts run as */
    char state[CONFIG_PATH_MAX];
    int state_fd, keeper_fd; /* keeper_fd -1: there is none yet */
    int lock_fd;             /* -1: lightsoutd runs, or may */
};

/* Finds the state folder. For root and its owner; for a backup, which writes nothing there, for whoever can read it: as
 * a unit, the supervisor is neither (supervisor_backup.c). 0, or an exit code after a sentence on stderr. */
int owner_open(const struct options *options, struct owner *ret);
void owner_close(struct owner *self);

/* Takes the folder for itself. False: lightsoutd has it. */
bool owner_lock(struct owner *self);

/* A file of the folder's owner, mode 0600, whole and on the disk, or not there. 0, -errno. */
int owner_put(int folder_fd, const char *name, const void *bytes, size_t size);

/* The commands; each returns the exit code. */
int owner_recover(const struct options *options);
int owner_factory_reset(const struct options *options);
int owner_backup(const struct options *options);
int owner_restore(const struct options *options);
