#include "usbgadget/pointer.h"

#include "core/attrs.h"
#include "usbgadget/input.h"

/* A peer that only ever adds must not overflow: beyond this the motion has no meaning. */
#define MOTION_LIMIT 65536

void pointer_absolute_report(uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel, int8_t pan,
                             uint8_t ret[POINTER_ABSOLUTE_SIZE])
{
    x = MIN(x, INPUT_ABS_MAX);
    y = MIN(y, INPUT_ABS_MAX);
    ret[0] = buttons & POINTER_BUTTONS;
    ret[1] = (uint8_t)x;
    ret[2] = (uint8_t)(x >> 8);
    ret[3] = (uint8_t)y;
    ret[4] = (uint8_t)(y >> 8);
    ret[5] = (uint8_t)wheel;
    ret[6] = (uint8_t)pan;
}

static int32_t limited(int32_t sum)
{
    return MAX(-MOTION_LIMIT, MIN(sum, MOTION_LIMIT));
}

void pointer_motion_add(struct pointer_motion *self, int16_t dx, int16_t dy, int8_t wheel, int8_t pan)
{
    self->dx = limited(self->dx + dx);
    self->dy = limited(self->dy + dy);
    self->wheel = limited(self->wheel + wheel);
    self->pan = limited(self->pan + pan);
}

/* Moves what one signed byte holds out of *sum. */
static uint8_t take_byte(int32_t *sum)
{
    int32_t part = MAX(-127, MIN(*sum, 127));
    *sum -= part;
    return (uint8_t)(int8_t)part;
}

bool pointer_relative_report(struct pointer_motion *self, uint8_t buttons, uint8_t ret[POINTER_RELATIVE_SIZE])
{
    ret[0] = buttons & POINTER_BUTTONS;
    ret[1] = take_byte(&self->dx);
    ret[2] = take_byte(&self->dy);
    ret[3] = take_byte(&self->wheel);
    ret[4] = take_byte(&self->pan);
    return self->dx || self->dy || self->wheel || self->pan;
}
