/* The table of keys, and a state of settings, in the words of api/config.h. Pure. */
#pragma once

#include "api/config.h"
#include "gateway/control/control_config.h"

const struct api_config_key *settings_view_keys(size_t *ret_n);
extern const char *const settings_view_machines[]; /* NULL ends */

/* Points into the state it was made of. */
struct settings_view {
    struct api_config_state state;
    struct api_config_section *sections;
    struct api_config_entry *entries;
    struct api_config_note *notes;
};
bool settings_view_make(const struct settings_state *state, struct settings_view *ret); /* false: no memory */
void settings_view_finish(struct settings_view *self);
