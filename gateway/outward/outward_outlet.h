/* The source of a medium that outward serves, as it is given out: its maker hears when it is closed and when its socket
 * breaks, and may go before it. Net thread. */
#pragma once

#include "gateway/outward/outward_wire.h"
#include "media/source.h"

struct outward_outlet;

struct outward_outlet_owner {
    void (*broken)(void *data); /* the socket: all reads end with -ENOTCONN from now on */
    void (*closed)(void *data); /* by whoever has it: it is gone */
};

/* Takes fd on success. */
int outward_outlet_create(struct loop *loop, int fd, const struct outward_opened *opened,
                          const struct outward_outlet_owner *owner, void *data, struct outward_outlet **ret);
struct source *outward_outlet_source(struct outward_outlet *self);
/* The owner hears nothing more. NULL allowed. */
void outward_outlet_forget(struct outward_outlet *self);
