/* The supervisor's eye on the wall clock: tells the gateway whether it is right, and sets it for the page. */
#pragma once

#include "core/ipc.h"
#include "gateway/supervisor/wall_clock.h"

struct clock_watch;

/* changed: the clock is another now; tell whoever there is (clock_watch_tell). */
int clock_watch_create(struct loop *loop, const struct wall_clock *clock, void (*changed)(void *data), void *data,
                       struct clock_watch **ret);
struct clock_watch *clock_watch_destroy(struct clock_watch *self); /* NULL allowed; returns NULL */

void clock_watch_tell(struct clock_watch *self, struct ipc *gateway); /* CONTROL_CLOCK; gateway may be NULL */
/* CONTROL_SET_CLOCK: sets it and answers. False: the message makes no sense. */
bool clock_watch_set(struct clock_watch *self, struct ipc *gateway, const struct ipc_message *message);
