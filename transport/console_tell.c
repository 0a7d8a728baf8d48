/* The small messages by which the gateway tells a viewer how things stand. */
#include "core/log.h"
#include "transport/viewer.h"

static void put(struct viewer *self, enum outbox_kind kind, const struct wire_writer *w)
{
    if (self->closing)
        return;
    outbox_put(&self->outbox, kind, w);
    lws_callback_on_writable(self->wsi);
}

uint32_t viewer_number(const struct viewer *self)
{
    return self->number;
}

void viewer_link(const struct viewer *self, struct viewer_link *ret)
{
    *ret = (struct viewer_link){
        .rate = flow_rate(&self->flow), .rtt_us = flow_rtt_us(&self->flow), .acked = flow_acked(&self->flow)};
}

bool viewer_mode(struct viewer *self, int width, int height, uint8_t colour)
{
    assert(width > 0 && width <= UINT16_MAX && height > 0 && height <= UINT16_MAX);
    bool drop = self->update.waiting; /* it was made for the old mode */
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_MODE);
    console_write_mode(&w, colour, (uint16_t)width, (uint16_t)height);
    if (drop)
        viewer_drop_update(self);
    outbox_drop(&self->outbox, OUTBOX_NO_PICTURE);
    put(self, OUTBOX_MODE, &w);
    return drop;
}

void viewer_no_picture(struct viewer *self, uint8_t signal, const char *why)
{
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_NO_PICTURE);
    console_write_no_picture(&w, signal, why ? why : "");
    put(self, OUTBOX_NO_PICTURE, &w);
}

void viewer_leds(struct viewer *self, uint8_t leds)
{
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_LEDS);
    console_write_leds(&w, leds & 7);
    put(self, OUTBOX_LEDS, &w);
}

void viewer_pointer_mode(struct viewer *self, bool absolute)
{
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_POINTER_MODE);
    console_write_pointer_mode(&w, absolute);
    put(self, OUTBOX_POINTER_MODE, &w);
}

/* To a page that knows a holder only: a shared seat is its own, and a holder without a console is no viewer of ours. */
static void write_plain_seat(const struct viewer *self, const struct console_seats *seats, struct wire_writer *w)
{
    bool shared = seats->flags & CONSOLE_SEATS_SHARED;
    bool yours = seats->flags & CONSOLE_SEATS_YOURS || (shared && seats->flags & CONSOLE_SEATS_MAY_TYPE);
    uint32_t holder = yours ? self->number : seats->holder;
    if (!holder && !(seats->flags & CONSOLE_SEATS_FREE))
        holder = UINT32_MAX;
    console_write_seat(w, yours, seats->viewers, holder, seats->name);
}

void viewer_seat(struct viewer *self, const struct console_seats *seats)
{
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_SEAT);
    if (self->knows_seats)
        console_write_seats(&w, seats);
    else
        write_plain_seat(self, seats, &w);
    put(self, OUTBOX_SEAT, &w);
}

void viewer_viewers(struct viewer *self, const struct console_viewers *viewers)
{
    if (!self->knows_viewers)
        return;
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_VIEWERS);
    console_write_viewers(&w, viewers);
    put(self, OUTBOX_VIEWERS, &w);
}

const char *viewer_address(const struct viewer *self)
{
    return self->connection->peer;
}

void viewer_recording(struct viewer *self, const struct console_recording *recording)
{
    if (!self->knows_recording)
        return;
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_RECORDING);
    console_write_recording(&w, recording);
    put(self, OUTBOX_RECORDING, &w);
}

void viewer_changed(struct viewer *self, uint8_t what)
{
    /* what an unsent message says stays said */
    self->changed = (outbox_holds(&self->outbox, OUTBOX_CHANGED) ? self->changed : 0) | what;
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_CHANGED);
    console_write_changed(&w, self->changed);
    put(self, OUTBOX_CHANGED, &w);
}

void viewer_close(struct viewer *self, enum viewer_end reason, const char *why)
{
    if (self->closing)
        return;
    log_info("console", "%s: viewer %u of %s ends: %s", self->connection->peer, self->number, self->target, why);
    if (self->update.waiting)
        viewer_drop_update(self);
    self->outbox.n = 0;
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_END);
    console_write_end(&w, (uint8_t)reason, why);
    put(self, OUTBOX_END, &w);
    self->closing = true;
    self->end = reason;
    loop_timer_arm_in(self->timer, 0);
}
