#include "core/heartbeat.h"

#include <errno.h>
#include <stdlib.h>

struct heartbeat {
    struct ipc *const *channel;
    struct loop_timer *timer;
};

static void beat(void *data)
{
    struct heartbeat *self = data;
    /* one that is not taken is no loss: the supervisor is behind, and will see that it was */
    if (*self->channel)
        ipc_send(*self->channel, HEARTBEAT_TYPE, 0, NULL, 0, NULL, 0);
    loop_timer_arm_in(self->timer, HEARTBEAT_US);
}

int heartbeat_create(struct loop *loop, struct ipc *const *channel, struct heartbeat **ret)
{
    struct heartbeat *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->channel = channel;
    int r = loop_timer_add(loop, beat, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    loop_timer_arm_in(self->timer, 0);
    *ret = self;
    return 0;
}

struct heartbeat *heartbeat_destroy(struct heartbeat *self)
{
    if (!self)
        return NULL;
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}
