/* Keys and pointer. Whatever ends a viewer's control lets go of all it holds down: closing (for any reason), losing the
 * seat, silence while something is pressed. */
#include "core/clock.h"
#include "core/log.h"
#include "gateway/console/console_viewer.h"
#include "gateway/targets/target_jiggler.h"

#define SILENCE_US 1500000 /* or three round trips, whichever is longer */

static struct input *input_of(const struct console_viewer *self)
{
    return self->target->target.input;
}

void viewer_let_go(struct console_viewer *self)
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
    if (!silence_over(&self->silence, clock_now_us())) {
        loop_timer_arm_at(self->dead_man, self->silence.due_us);
        return;
    }
    log_warn("console", "target %s: %s fell silent with keys pressed; they are released", self->target->target.name,
             self->session->user);
    viewer_let_go(self);
}

int viewer_input_init(struct console_viewer *self)
{
    input_holder_join(&self->holder, &self->target->crowd);
    return loop_timer_add(self->target->gateway->loop, on_silence, self, &self->dead_man);
}

/* A page that is there sends something at least every 500 ms while anything is pressed. */
static void watch_silence(struct console_viewer *self)
{
    if (input_holder_holds(&self->holder)) {
        silence_heard(&self->silence, clock_now_us(), MAX((uint64_t)SILENCE_US, 3 * (uint64_t)self->rtt_us));
        loop_timer_arm_at(self->dead_man, self->silence.due_us);
    } else {
        loop_timer_disarm(self->dead_man);
    }
}

void viewer_alive(struct console_viewer *self, uint32_t rtt_us)
{
    self->rtt_us = rtt_us;
    watch_silence(self);
}

/* Who the seat admits types, nobody else, and only as long as the session has the right. */
static bool may_type_now(struct console_viewer *self)
{
    if (input_of(self) && viewer_may_type(self) && viewer_uses_seat(self)) {
        target_jiggler_used(self->target);
        return true;
    }
    viewer_let_go(self); /* what it pressed while it might */
    return false;
}

void viewer_input_finish(struct console_viewer *self)
{
    viewer_let_go(self);
    input_holder_leave(&self->holder);
    self->dead_man = loop_timer_remove(self->dead_man);
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
    target_jiggler_pointed(self->target, x, y);
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
    viewer_let_go(self);
}
