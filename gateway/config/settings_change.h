/* What somebody wants to set, judged by the supervisor: it comes from the gateway, which may be in anybody's hands.
 * Everything is typed and ranged by the table of keys, then read together with the owner's file as it would be at the
 * next start; what is refused changes nothing. Pure. */
#pragma once

#include "gateway/config/config_page.h"

#define SETTINGS_MAX_CHANGES 512

struct settings_change {
    char target[TARGET_NAME_MAX]; /* "": the gateway */
    char key[64];
    char *text; /* NULL: back to what counts otherwise; several lines with \n between them. Owned */
};

struct settings_changes {
    struct settings_change list[SETTINGS_MAX_CHANGES];
    unsigned n;
};
void settings_changes_finish(struct settings_changes *self);

/* What counts now. */
struct settings_base {
    struct config_file file;
    struct config_page *page;
    struct config *config;
};
void settings_base_finish(struct settings_base *self);

struct settings_author {
    const char *who;
    int64_t when; /* seconds since 1970 */
};

/* Whether this machine has the device that a key of `devices` names. NULL: nothing is asked. */
typedef bool settings_listed_fn(void *data, const struct config_key *key, const char *value);

struct settings_judge {
    settings_listed_fn *listed;
    void *data;
};

/* 0 and what would count: *ret_page and *ret_config are the caller's. -EINVAL: faults says why, key by key (line 0).
 * -ENOMEM. make: name of a target that the changes make, or NULL. */
int settings_change_judge(const struct settings_base *base, const struct settings_changes *changes, const char *make,
                          const struct settings_author *author, const struct settings_judge *judge,
                          struct config_mistakes *faults, struct config_page **ret_page, struct config **ret_config);

/* The same without a target that the page made. -ENOENT: there is none of that name; -EPERM: the file names it. */
int settings_change_remove(const struct settings_base *base, const char *target, struct config_page **ret_page,
                           struct config **ret_config);

/* What of the changes has to be confirmed: CONFIG_TRIAL_LISTENERS before CONFIG_TRIAL_LOGIN. */
enum config_trial settings_change_trial(const struct settings_base *base, const struct config *next);

/* Reads both once more, as after a restart. */
int settings_read(const struct config_file *file, const struct config_page *page, struct config_mistakes *ignored,
                  struct config **ret);
