/* Targets as the supervisor tells of them, before the gateway serves and while it does: they come, change and go. Net
 * thread. */
#pragma once

#include "gateway/gateway.h"

/* CONTROL_TARGET, _DONGLE, _VM, _WOKEN, _TARGET_GONE. False: the message makes no sense. */
bool gateway_targets_told(struct gateway *self, struct ipc_message *message);

/* Makes what was told of so far; from then on each as it is told. */
int gateway_targets_begin(struct gateway *self);

/* The program ends: nothing of any target is offered any more; then, after the pools are gone, the targets themselves.
 */
void gateway_targets_stop(struct gateway *self);
void gateway_targets_finish(struct gateway *self);

/* target_leave.c: targets that are gone, and wait until nobody uses them any more. */
void target_leave(struct gateway_target *self, enum control_gone_how how); /* it is ours no more */
bool target_leaves(const struct gateway *gateway, const char *name);
struct gateway_target *target_leaving_at(const struct gateway *gateway, const struct control_place *place);

/* Once no target of that name leaves any more: the one that waits for it is made. */
void gateway_target_make(struct gateway_target *self);
