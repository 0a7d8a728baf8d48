/* The supervisor's targets while it runs: which place each has, the processes of its machines, and how one
 * configuration becomes the next without a restart. Whoever reads a new configuration (SIGHUP, the page's changes)
 * hands it to supervisor_targets_apply; everything else is done here.
 *
 * A place is an index below CONFIG_MAX_TARGETS with a generation: it is given to another target only with the next
 * generation, and what the gateway says of the one before is dropped. Targets are the same as before when their name
 * is the same; a new name is another target. One thread, the loop's. */
#pragma once

#include "core/ipc.h"
#include "gateway/config/config.h"
#include "gateway/control/control.h"
#include "gateway/owner/state.h"
#include "gateway/supervisor/uid.h"
#include "gateway/targets/target_changes.h"

struct supervisor_targets;

struct supervisor_targets_config {
    const struct config *config; /* in force at the start; its targets are copied */
    const struct state *state;   /* these two outlive us */
    const struct uid_choice *user;
};

struct supervisor_targets_owner {
    /* The gateway's channel, or NULL while there is none (who starts is told all by supervisor_targets_tell). */
    struct ipc *(*gateway)(void *data);
    /* The first dongle came, or one changed: the helper has to be there, and reads its configuration again. */
    void (*dongles_changed)(void *data);
    /* What waited for a machine to be off does not wait any more; may be NULL. */
    void (*waiting_changed)(void *data);
};

/* Makes what the configuration names; nothing is started before _begin. 0 or -errno. */
int supervisor_targets_create(struct loop *loop, const struct supervisor_targets_config *config,
                              const struct supervisor_targets_owner *owner, void *data,
                              struct supervisor_targets **ret);
void supervisor_targets_begin(struct supervisor_targets *self); /* machines are started, or found running */
void supervisor_targets_end(struct supervisor_targets *self, int timeout_ms);           /* the program ends */
struct supervisor_targets *supervisor_targets_destroy(struct supervisor_targets *self); /* NULL allowed */

/* What became of one configuration after the other. Numbers of targets. */
struct targets_outcome {
    unsigned added, removed, changed; /* changed: at once, their viewers stay, or come back by themselves */
    unsigned waiting;                 /* of them: something waits until the machine is powered off */
};

/* Somebody removed it on the page or by a program, where a line in a file may only be missing. */
struct target_removal {
    const char *name;
    bool erase; /* its folder in the state folder (disks, firmware variables), once its machine has ended */
};

/* From `used`, the configuration in force, to `next`, in which everything is checked: both give up nothing but the
 * lists of their targets, which change places (next is then the caller's to destroy). removal: of a target that `next`
 * does not have; NULL: all folders, and all that was written for targets, are kept. A machine whose target is gone is
 * asked to power off and ended after a while; nobody waits for that here. *ret may be NULL. */
void supervisor_targets_apply(struct supervisor_targets *self, struct config *used, struct config *next,
                              const struct target_removal *removal, struct targets_outcome *ret);

/* How one stands. False: there is none of that name. */
struct targets_state {
    bool running;       /* it has a process of ours */
    bool waits_for_off; /* its configuration counts from its next power-off on */
    char waits[200];    /* which keys, "memory, firmware"; "" */
};
bool supervisor_targets_state(const struct supervisor_targets *self, const char *name, struct targets_state *ret);

/* All of it for a gateway that has just started (TARGET, DONGLE, VM of each). For supervisor_roles.c. */
void supervisor_targets_tell(struct supervisor_targets *self);
/* Who is there; NULL: nobody, or somebody else by now. */
const struct config_target *supervisor_targets_at(struct supervisor_targets *self, const struct control_place *place);
/* CONTROL_OFF and CONTROL_PARTED. False: it is none of ours, or malformed. */
bool supervisor_targets_message(struct supervisor_targets *self, const struct ipc_message *message);
bool supervisor_targets_have_dongle(const struct supervisor_targets *self);
