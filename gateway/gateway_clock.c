/* The wall clock as the supervisor tells it, and setting it for the page. */
#include <errno.h>

#include "gateway/control/control_clock.h"
#include "gateway/gateway.h"

#define WHY_GONE "The gateway's supervisor does not answer; try again."
#define WHY_BUSY "Somebody else sets the clock just now."

static void answer(struct gateway *self, int error, const char *why)
{
    api_done_fn *done = self->clock_done;
    self->clock_done = NULL;
    if (done)
        done(self->clock_data, error, why);
}

bool gateway_clock_told(struct gateway *self, const struct ipc_message *message)
{
    struct control_clock clock;
    if (!control_read_clock(message->body, message->body_size, &clock))
        return false;
    self->api.clock_synchronised = clock.synchronised;
    if (message->serial && message->serial == self->clock_serial)
        answer(self, clock.error, clock.why);
    return true;
}

void gateway_clock_lost(struct gateway *self)
{
    answer(self, -ECONNRESET, WHY_GONE);
}

void gateway_clock_set(void *context, uint64_t us, api_done_fn *done, void *data)
{
    struct gateway *self = context;
    uint8_t room[8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (!self->supervisor || self->clock_done) {
        done(data, self->supervisor ? -EBUSY : -ECONNRESET, self->supervisor ? WHY_BUSY : WHY_GONE);
        return;
    }
    control_write_set_clock(&w, us);
    self->clock_serial = (self->clock_serial + 1) & ~IPC_CALL_SERIAL;
    self->clock_serial += self->clock_serial == 0;
    int r = ipc_send(self->supervisor, CONTROL_SET_CLOCK, self->clock_serial, room, wire_written(&w), NULL, 0);
    if (r < 0) {
        done(data, r, WHY_GONE);
        return;
    }
    self->clock_done = done;
    self->clock_data = data;
}
