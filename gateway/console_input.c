/* Keys, pointer and the seat. Whatever ends a viewer's control lets go of all it holds down: closing (for any reason),
 * losing the seat, silence while something is pressed. */
#include "core/clock.h"
#include "core/log.h"
#include "gateway/console_viewer.h"

#define SILENCE_US 1500000 /* or three round trips, whichever is longer */

static struct input *input_of(const struct console_viewer *self)
{
    return self->target->target.input;
}

static void let_go(struct console_viewer *self)
{
    if (input_of(self))
        input_holder_release(&self->holder, input_of(self));
    loop_timer_disarm(self->dead_man);
}

static void on_silence(void *data)
{
    struct console_viewer *self = data;
    if (!input_holder_holds(&self->holder))
        return;
    log_warn("console", "target %s: %s fell silent with keys pressed; they are released", self->target->target.name,
             self->session->user);
    let_go(self);
}

int viewer_input_init(struct console_viewer *self)
{
    return loop_timer_add(self->target->gateway->loop, on_silence, self, &self->dead_man);
}

/* A page that is there sends something at least every 500 ms while anything is pressed. */
static void watch_silence(struct console_viewer *self)
{
    if (input_holder_holds(&self->holder))
        loop_timer_arm_in(self->dead_man, MAX((uint64_t)SILENCE_US, 3 * (uint64_t)self->rtt_us));
    else
        loop_timer_disarm(self->dead_man);
}

void viewer_alive(struct console_viewer *self, uint32_t rtt_us)
{
    self->rtt_us = rtt_us;
    watch_silence(self);
}

void viewer_tell_seat(struct console_viewer *self)
{
    const struct target *target = &self->target->target;
    viewer_seat(self->viewer, target->seat.holder, target->seat.name, target->viewers);
}

void target_tell_seat(struct gateway_target *target)
{
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        viewer_tell_seat(v);
}

static struct console_viewer *holder_of(struct gateway_target *target)
{
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        if (seat_holds(&target->target.seat, viewer_number(v->viewer)))
            return v;
    return NULL;
}

static void take_seat(struct console_viewer *self)
{
    struct gateway_target *target = self->target;
    struct console_viewer *former = holder_of(target);
    if (!seat_take(&target->target.seat, viewer_number(self->viewer), self->session->user, self->may_type))
        return;
    if (former)
        let_go(former);
    target_tell_seat(target);
}

void viewer_take_free_seat(struct console_viewer *self)
{
    struct console_viewer *holder = holder_of(self->target);
    /* A page that lost its connection comes back before the old one is known to be gone: same session, same person. */
    bool same = holder && self->session->id != 0 && holder->session->id == self->session->id;
    if (self->may_type && (!holder || same))
        take_seat(self);
}

static void release_seat(struct console_viewer *self)
{
    let_go(self);
    if (seat_release(&self->target->target.seat, viewer_number(self->viewer)))
        target_tell_seat(self->target);
}

void viewer_input_finish(struct console_viewer *self)
{
    release_seat(self);
    self->dead_man = loop_timer_remove(self->dead_man);
}

void viewer_seat_asked(struct console_viewer *self, bool take)
{
    if (take)
        take_seat(self);
    else
        release_seat(self);
}

/* The seat's holder types, nobody else, and only as long as the session has the right. */
static bool may_type_now(const struct console_viewer *self)
{
    const struct target *target = &self->target->target;
    return target->input && seat_holds(&target->seat, viewer_number(self->viewer)) &&
           gateway_may(self->target->gateway, self->session, RIGHT_INPUT, target->name);
}

void viewer_key(struct console_viewer *self, uint16_t usage, bool down)
{
    if (!may_type_now(self))
        return;
    if (down)
        target_key_pressed(self->target);
    input_holder_key(&self->holder, input_of(self), usage, down);
    watch_silence(self);
}

void viewer_pointer_absolute(struct console_viewer *self, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel,
                             int8_t pan)
{
    if (!may_type_now(self))
        return;
    if (buttons || wheel || pan)
        target_key_pressed(self->target);
    input_holder_absolute(&self->holder, input_of(self), buttons, x, y, wheel, pan);
    watch_silence(self);
}

void viewer_pointer_relative(struct console_viewer *self, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel,
                             int8_t pan)
{
    if (!may_type_now(self))
        return;
    if (buttons || wheel || pan)
        target_key_pressed(self->target);
    input_holder_relative(&self->holder, input_of(self), buttons, dx, dy, wheel, pan);
    watch_silence(self);
}

void viewer_release_all(struct console_viewer *self)
{
    let_go(self);
}
