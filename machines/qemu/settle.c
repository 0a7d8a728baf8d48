#include "machines/qemu/settle.h"

void settle_scanout(struct settle *self)
{
    self->phase = SETTLE_IDLE; /* a barrier under way is about pieces that this picture covers */
    self->damaged = true;
    self->loose = self->outside = self->stale = false;
    self->pieces++;
}

void settle_update(struct settle *self, bool fits)
{
    self->damaged = self->loose = true;
    self->outside = self->outside || !fits;
    self->pieces++;
}

void settle_size(struct settle *self, uint32_t serial, int width, int height)
{
    if (self->phase != SETTLE_ASKING || serial != self->serial)
        return;
    self->phase = SETTLE_SIZED;
    self->size_known = width > 0 && height > 0;
    self->width = width;
    self->height = height;
}

void settle_pong(struct settle *self, uint32_t serial)
{
    if (self->phase == SETTLE_PINGING && serial == self->serial)
        self->phase = SETTLE_DONE;
}

static enum settle_action begin(struct settle *self)
{
    self->phase = SETTLE_ASKING;
    self->serial++;
    self->pieces_at_start = self->pieces;
    return SETTLE_ASK_SIZE;
}

/* The barrier is over: publish, or find that the picture has another size. */
static enum settle_action conclude(struct settle *self, int width, int height)
{
    self->phase = SETTLE_IDLE;
    self->restarts = 0;
    bool other = self->outside || (self->size_known && (self->width != width || self->height != height));
    if (!other) {
        self->loose = false;
        return SETTLE_PUBLISH;
    }
    self->stale = true;
    return SETTLE_REGISTER;
}

enum settle_action settle_next(struct settle *self, int width, int height, uint64_t now_us)
{
    if (!self->damaged || self->stale)
        return SETTLE_WAIT;
    if (!self->loose)
        return SETTLE_PUBLISH;
    if (self->phase == SETTLE_IDLE) {
        self->deadline_us = now_us + SETTLE_LIMIT_US;
        self->restarts = 0;
        self->size_known = false;
        return begin(self);
    }
    if (now_us >= self->deadline_us)
        return conclude(self, width, height);
    if (self->phase == SETTLE_SIZED) {
        self->phase = SETTLE_PINGING;
        return SETTLE_PING;
    }
    if (self->phase != SETTLE_DONE)
        return SETTLE_WAIT;
    if (self->pieces != self->pieces_at_start && self->restarts++ < SETTLE_RESTARTS)
        return begin(self);
    return conclude(self, width, height);
}

void settle_published(struct settle *self)
{
    self->damaged = false;
}

void settle_reset(struct settle *self)
{
    *self = (struct settle){.serial = self->serial + 1, .pieces = self->pieces, .stale = true};
}
