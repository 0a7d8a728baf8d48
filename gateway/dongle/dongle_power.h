/* The power port of a dongle's target. It knows the state from the power LED or, where none is wired, from what USB
 * tells, which is less; it acts by the front panel's buttons and by Wake-on-LAN. Net thread.
 *
 * Without a power LED: configured by its host is on, no bus power for three seconds is off, all else is unknown (a
 * target that is off may well power its ports). */
#pragma once

#include "gateway/dongle/power_steps.h"
#include "gateway/helper/helper_wire.h"

struct dongle_power_config {
    bool wake; /* Wake-on-LAN is configured */
    unsigned press_short_ms, press_long_ms;
    bool recipes[POWER_BOOT_SETUP + 1]; /* what boot_once can do, by enum power_boot */
};

struct dongle_power_hands {
    void (*press)(void *data, enum front_panel_button button, unsigned milliseconds, power_done_fn *done,
                  void *done_data); /* as in power_steps.h */
    void (*wake)(void *data, power_done_fn *done, void *done_data);
    void (*boot_keys)(void *data, enum power_boot boot); /* the target starts just now: run this recipe */
};

struct dongle_power;

int dongle_power_create(struct loop *loop, const struct dongle_power_config *config,
                        const struct dongle_power_hands *hands, void *data, struct dongle_power **ret);
struct power *dongle_power_port(struct dongle_power *self); /* its destroy destroys all of it */

/* What the helper says of the target; NULL: there is no helper just now. */
void dongle_power_helper(struct dongle_power *self, const struct helper_state *state);
