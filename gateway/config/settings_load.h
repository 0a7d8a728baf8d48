/* The owner's file and the page's layer, from the disk. */
#pragma once

#include "gateway/config/settings_change.h"
#include "gateway/config/settings_trial.h"
#include "gateway/options.h"

struct settings_loaded {
    struct settings_base base;
    struct settings_trial trial; /* what waits to be confirmed */
    bool undone;                 /* its time is over: base.page is as it was before; to be written */
    struct config_mistakes *ignored;
    const char *path;            /* of the owner's file, as it was named */
    char state[CONFIG_PATH_MAX]; /* the state folder */
};

/* Mistakes in the file are printed and refuse, what cannot be used of the page's is printed and left out. An EXIT_*
 * code; *ret only with EXIT_FINE. A folder conf.d that cannot be read is as none, and said. */
int settings_load(const struct options *options, struct settings_loaded *ret);
void settings_loaded_finish(struct settings_loaded *self);
