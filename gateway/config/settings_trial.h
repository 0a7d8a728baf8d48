/* A change of listeners or login rules that waits to be confirmed, as it outlives a restart: the note of
 * pending_change.h in the first line, and behind it the page's [gateway] section as it was before. Pure. */
#pragma once

#include "gateway/config/config_page.h"
#include "gateway/config/pending_change.h"

struct settings_trial {
    struct pending_change pending;
    struct config_page *before; /* its [gateway] section; NULL when nothing waits */
};
void settings_trial_finish(struct settings_trial *self);

/* Malloc'ed with a NUL behind it. 0 or -ENOMEM. */
int settings_trial_write(const struct settings_trial *self, char **ret, size_t *ret_size);
/* False: it makes no sense, and nothing waits. */
bool settings_trial_read(struct settings_trial *self, const char *text, size_t size);

/* page with the keys that have to be confirmed as they were before; what else was set since stays. 0 or -ENOMEM. */
int settings_trial_undo(const struct settings_trial *self, struct config_page *page);
