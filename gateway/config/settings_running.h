/* What of the gateway's keys is in force, and what of them waits: for the gateway's process to begin anew, or for
 * lightsoutd to. Pure. */
#pragma once

#include "gateway/control/control_config.h"

struct settings_running {
    char *texts[CONFIG_MAX_KEYS]; /* by row; NULL: nothing is said */
};
bool settings_running_begin(struct settings_running *self, const struct config *config); /* all of it is in force */
void settings_running_finish(struct settings_running *self);

/* From a configuration just read into the one in use: what counts at once, and with gateway_begins what counts when
 * that process begins anew. Targets are not looked at. False: no memory. */
bool settings_take_over(struct settings_running *self, struct config *used, const struct config *read,
                        bool gateway_begins);

/* What of it waits: at most room of them, whose `running` are the caller's to free. */
unsigned settings_waiting_find(const struct settings_running *self, const struct config *read,
                               struct settings_waiting *ret, unsigned room);
