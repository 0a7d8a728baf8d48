/* The sign of life that each of our processes gives to the supervisor from the loop that must never stand still
 * (gateway/supervisor/watch_rule.h judges it). */
#pragma once

#include "core/ipc.h"

#define HEARTBEAT_TYPE 0xffffu /* no body; on any channel to the supervisor */
#define HEARTBEAT_US 500000

struct heartbeat;

/* From now on, by the loop's own timer. *channel is read each time and may be NULL by then. Both outlive it. */
int heartbeat_create(struct loop *loop, struct ipc *const *channel, struct heartbeat **ret);
struct heartbeat *heartbeat_destroy(struct heartbeat *self); /* NULL allowed; returns NULL */
