/* The supervisor's link to the helper, which alone touches devices: its own child where it is root, else a service of
 * the service manager behind a socket. Each gateway gets a channel to it, and another one when it says that the one it
 * had broke. */
#pragma once

#include "core/ipc.h"
#include "gateway/supervisor/supervisor_targets.h"
#include "gateway/supervisor/uid.h"

struct helper_link;

struct helper_link_owner {
    /* A channel for the gateway; fd stays ours. False: there is no gateway just now. */
    bool (*give)(void *data, int fd);
};

/* needed: there is a dongle. config_path: absolute, or NULL for the default one; outlives the link. */
int helper_link_create(struct loop *loop, bool needed, const char *config_path, const char *state,
                       const struct helper_link_owner *owner, void *data, struct helper_link **ret);
void helper_link_need(struct helper_link *self);                   /* the first dongle has come */
void helper_link_stop(struct helper_link *self, int timeout_ms);   /* NULL allowed */
struct helper_link *helper_link_destroy(struct helper_link *self); /* NULL allowed; returns NULL */
void helper_link_want(struct helper_link *self);                   /* a gateway has none (any more); NULL allowed */

/* CONTROL_WAKE: sends the magic packet of that target and answers. False: the message makes no sense. */
bool helper_link_wake(struct ipc *gateway, struct supervisor_targets *targets, const struct ipc_message *message);

/* CONTROL_DONGLE for a target that is one. */
void helper_link_tell(struct ipc *gateway, const struct config_target *target, unsigned index);
