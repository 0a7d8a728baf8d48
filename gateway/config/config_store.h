/* Where the page's layer lies: conf.d in the state folder, root's where lightsoutd is, else its owner's, mode 0700,
 * with files of mode 0600 that are replaced whole. What belongs to somebody else is not read. */
#pragma once

#include <sys/types.h>

#include "gateway/config/config_page.h"

#define CONFIG_STORE_FOLDER "conf.d"

/* The folder, made where it is not there. -ENOENT (not made), -EPERM (somebody else's), -errno. */
int config_store_open(const char *state, bool make);
/* For who only looks at it: it must be root's or this user's. */
int config_store_open_as(const char *state, uid_t owner);

/* All of it. Files that cannot be read, or are not ours alone, are told in ignored like everything else. 0, -ENOMEM. */
int config_store_load(int folder, struct config_mistakes *ignored, struct config_page **ret);
/* One section's file, as it is in page: written, or removed when nothing is said of it. On the disk afterwards. */
int config_store_save(int folder, const struct config_page *page, const char *target);

/* The note of what is on trial (settings_trial.h): text, whole. load: -ENOENT; *ret malloc'ed with a NUL. */
int config_store_trial_save(int folder, const char *text, size_t size);
int config_store_trial_load(int folder, char **ret, size_t *ret_size);
int config_store_trial_remove(int folder);
