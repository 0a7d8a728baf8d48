#include "gateway/supervisor/supervisor_clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/control/control.h"
#include "gateway/control/control_clock.h"

#define LOOK_US 15000000 /* who keeps the clock tells nobody */

struct clock_watch {
    const struct wall_clock *clock;
    struct loop_timer *timer;
    void (*changed)(void *data);
    void *data;
    bool synchronised;
};

static void tell(struct ipc *gateway, uint32_t serial, const struct control_clock *message)
{
    uint8_t room[512];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    control_write_clock(&w, message);
    int r = gateway ? ipc_send(gateway, CONTROL_CLOCK, serial, room, wire_written(&w), NULL, 0) : 0;
    if (r < 0)
        log_error("supervisor", "the gateway was not told of the clock: %s", strerror(-r));
}

static void look(struct clock_watch *self)
{
    bool before = self->synchronised;
    self->synchronised = wall_clock_synchronised(self->clock);
    loop_timer_arm_in(self->timer, LOOK_US);
    if (before != self->synchronised)
        self->changed(self->data);
}

static void on_timer(void *data)
{
    look(data);
}

void clock_watch_tell(struct clock_watch *self, struct ipc *gateway)
{
    tell(gateway, 0, &(struct control_clock){.synchronised = self->synchronised});
}

bool clock_watch_set(struct clock_watch *self, struct ipc *gateway, const struct ipc_message *message)
{
    uint64_t us;
    struct control_clock answer = {.error = 0};
    if (!message->serial || !control_read_set_clock(message->body, message->body_size, &us))
        return false;
    answer.error = wall_clock_set(self->clock, us, answer.why, sizeof answer.why);
    if (answer.error == 0)
        log_info("supervisor", "the clock was set from the page");
    answer.synchronised = wall_clock_synchronised(self->clock);
    tell(gateway, message->serial, &answer);
    look(self);
    return true;
}

int clock_watch_create(struct loop *loop, const struct wall_clock *clock, void (*changed)(void *data), void *data,
                       struct clock_watch **ret)
{
    struct clock_watch *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct clock_watch){.clock = clock, .changed = changed, .data = data};
    self->synchronised = wall_clock_synchronised(clock);
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    if (!self->synchronised)
        log_info("supervisor", "nothing keeps this machine's clock right: it may be set from the page");
    loop_timer_arm_in(self->timer, LOOK_US);
    *ret = self;
    return 0;
}

struct clock_watch *clock_watch_destroy(struct clock_watch *self)
{
    if (!self)
        return NULL;
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}
