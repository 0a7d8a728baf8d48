/* The settings while lightsoutd runs: the owner's file and the page's layer, what the gateway asks to change in it,
 * what is on trial, and what waits for a restart. The only one that writes conf.d. One thread, the loop's. */
#pragma once

#include "gateway/config/settings_load.h"
#include "gateway/control/control_config.h"
#include "gateway/owner/state.h"

struct supervisor_settings;
struct target_removal;

struct supervisor_settings_owner {
    /* The gateway's channel, or NULL while there is none. */
    struct ipc *(*gateway)(void *data);
    /* gateway: keys of the gateway's own, or files that they name, may be others now; `used` has what counts at once of
     * them. next: the same configuration anew, for its targets, which may be taken from it. removal: as for
     * supervisor_targets_apply. */
    void (*changed)(void *data, bool gateway, struct config *next, const struct target_removal *removal);
    /* Which keys of a target wait for its machine to be off: "memory, firmware" into room. */
    void (*target_waits)(void *data, const char *target, char *room, size_t size);
    /* Whether this machine has the device; NULL: nobody knows, and what has the form of one is good. */
    settings_listed_fn *listed;
    void (*restart_gateway)(void *data);
};

/* loaded is taken over. used: the configuration in use, which was read from it; outlives us. */
int supervisor_settings_create(struct loop *loop, struct settings_loaded *loaded, const struct options *options,
                               struct config *used, const struct state *state,
                               const struct supervisor_settings_owner *owner, void *data,
                               struct supervisor_settings **ret);
struct supervisor_settings *supervisor_settings_destroy(struct supervisor_settings *self); /* NULL allowed */

/* SIGHUP: both are read anew. False: the owner's file has mistakes, and all stays as it is. */
bool supervisor_settings_reload(struct supervisor_settings *self);

/* A gateway is about to begin: what waited for that counts from now on. */
void supervisor_settings_gateway_begins(struct supervisor_settings *self);
/* All of it, for a gateway that has just begun, and when a target's machine was switched off or on. */
void supervisor_settings_tell(struct supervisor_settings *self);
/* CONTROL_SETTINGS_ASK. False: none of ours, or malformed. */
bool supervisor_settings_message(struct supervisor_settings *self, const struct ipc_message *message);
