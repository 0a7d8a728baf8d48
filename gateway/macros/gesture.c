#include "gateway/macros/gesture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "gateway/console/console_viewer.h"
#include "gateway/macros/macro_run.h"
#include "gateway/targets/target_jiggler.h"

#define LOOK_US 50000 /* at who may still type */

struct gesture {
    struct gateway_target *target;
    struct loop_timer *timer;

    struct macro *macro; /* NULL: none is under way */
    struct macro_run run;
    struct input_holder holder; /* in the target's crowd */
    struct api_gesture wish;    /* its session is held */
};

static struct input *input_of(const struct gesture *self)
{
    return self->target->target.input;
}

static void pressed(struct gesture *self, uint8_t buttons, int8_t wheel)
{
    if (buttons || wheel)
        target_key_pressed(self->target);
}

static int on_pointer(void *data, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel)
{
    struct gesture *self = data;
    pressed(self, buttons, wheel);
    target_jiggler_pointed(self->target, x, y);
    return input_holder_absolute(&self->holder, input_of(self), buttons, x, y, wheel, 0);
}

static int on_relative(void *data, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel)
{
    struct gesture *self = data;
    pressed(self, buttons, wheel);
    target_jiggler_used(self->target);
    return input_holder_relative(&self->holder, input_of(self), buttons, dx, dy, wheel, 0);
}

static void on_let_go(void *data)
{
    struct gesture *self = data;
    input_holder_release(&self->holder, input_of(self));
}

static const struct macro_port port = {.pointer = on_pointer, .relative = on_relative, .let_go = on_let_go};

static void finish(struct gesture *self, int error, const char *why)
{
    if (!self->macro)
        return;
    struct api_gesture wish = self->wish;
    self->macro = macro_free(self->macro);
    loop_timer_disarm(self->timer);
    input_holder_release(&self->holder, input_of(self));
    input_holder_leave(&self->holder);
    wish.done(wish.data, error, why);
    auth_session_unref(wish.session);
}

static bool may_go_on(const struct gesture *self)
{
    const struct target *target = &self->target->target;
    struct auth_session *session = self->wish.session;
    return (session->local || gateway_may(self->target->gateway, session, RIGHT_INPUT, target->name)) &&
           (self->wish.force || target_seat_open_to(target, session));
}

static void on_time(void *data)
{
    struct gesture *self = data;
    uint64_t now = clock_now_us(), next = now;
    if (!may_go_on(self)) {
        finish(self, -EPERM, "The keyboard has changed hands.");
        return;
    }
    int r = macro_run_tick(&self->run, now, &next);
    if (r == 1)
        loop_timer_arm_in(self->timer, MIN(next > now ? next - now : 0, (uint64_t)LOOK_US));
    else
        finish(self, r, r == -ETIMEDOUT ? "The target has taken nothing for 12 s." : "The target is not there.");
}

int gesture_begin(struct gesture *self, const struct api_gesture *wish, char *why, size_t why_size)
{
    struct macro *macro = NULL;
    if (self->macro) {
        snprintf(why, why_size, "Somebody else's steps are being done; they end within seconds.");
        return -EBUSY;
    }
    if (!input_of(self)) {
        snprintf(why, why_size, "The target has no pointer.");
        return -ENODEV;
    }
    int r = macro_compile_gesture(wish->steps, &macro, why, why_size);
    if (r < 0)
        return r;
    self->wish = *wish;
    self->wish.steps = NULL; /* the macro has them */
    self->wish.session = auth_session_ref(wish->session);
    self->macro = macro;
    self->holder = (struct input_holder){0};
    input_holder_join(&self->holder, &self->target->crowd);
    macro_run_begin(&self->run, macro, &port, self, 1, clock_now_us());
    loop_timer_arm_in(self->timer, 0);
    return 0;
}

void gesture_stop(struct gesture *self)
{
    if (self)
        finish(self, -ENODEV, "The target is gone.");
}

int gesture_create(struct gateway_target *target, struct gesture **ret)
{
    struct gesture *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->target = target;
    int r = loop_timer_add(target->gateway->loop, on_time, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

void gesture_destroy(struct gesture *self)
{
    if (!self)
        return;
    gesture_stop(self);
    loop_timer_remove(self->timer);
    free(self);
}
