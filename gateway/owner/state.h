/* The state folder: everything lightsoutd remembers, in one place.
 *
 *     lock               held by the supervisor that uses the folder
 *     keeper/            accounts, certificate and key; the keeper's alone
 *     gateway/           what the gateway wants to find again: inserted media
 *     library/           images, unless the configuration names another folder
 *     recordings/        of screens, a folder each (gateway/recordings/recordings.h)
 *     run/control.sock   the local door of the command-line client
 *     run/NAME/          sockets of target NAME
 *     vm/NAME/           disks, firmware variables, log of target NAME
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/config/config.h"
#include "gateway/supervisor/uid.h"

struct state {
    char path[CONFIG_PATH_MAX];
    int lock_fd;
};

/* Creates what is missing, gives it to the user (keeper/ to the keeper's), takes the lock. 0, or -errno with a sentence
 * in why; -EBUSY: another instance runs. */
int state_open(const char *path, const struct config *config, const struct uid_choice *user,
               const struct uid_choice *keeper, struct state *ret, char *why, size_t why_size);
void state_close(struct state *self);

/* The folders of a target that comes while the program runs, as state_open makes them. 0, or -errno with a sentence in
 * why. */
int state_add_target(const struct state *self, const char *name, const struct uid_choice *user, char *why,
                     size_t why_size);
/* run/NAME and vm/NAME with all that is in them: disks, firmware variables, log. Follows no links. 0 or -errno. */
int state_erase_target(const struct state *self, const char *name);

/* "STATE/part/name/file" with the parts that are given (NULL: left out). -ENAMETOOLONG. */
int state_path(const struct state *self, const char *part, const char *name, const char *file, char *room, size_t size);
