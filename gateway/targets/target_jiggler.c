#include "gateway/targets/target_jiggler.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "gateway/console/console.h"
#include "gateway/macros/macros.h"
#include "gateway/targets/jiggler.h"

#define UNKNOWN_WIDTH 1920

struct target_jiggler {
    struct gateway_target *target;
    struct loop_timer *timer;
    struct jiggler jiggler;
    uint16_t x, y; /* where the pointer was put last; at first the middle */
};

static void arm(struct target_jiggler *self)
{
    uint64_t at = jiggler_next_us(&self->jiggler), now = clock_now_us();
    if (at == UINT64_MAX)
        loop_timer_disarm(self->timer);
    else
        loop_timer_arm_in(self->timer, at > now ? at - now : 0);
}

/* It is on, and does not sleep: a movement would wake it. A port that does not know its power counts as on. */
static bool is_awake(const struct gateway_target *target)
{
    struct power *power = target->target.power;
    enum power_state state = power ? power->ops->state(power) : POWER_UNKNOWN;
    const struct target_usb *usb = target->target.usb;
    if (state != POWER_ON && state != POWER_UNKNOWN)
        return false;
    if (usb && usb->state != TARGET_USB_CONFIGURED)
        return false;
    return target->target.signal != SCREEN_NO_SIGNAL && target->target.signal != SCREEN_POWERED_OFF;
}

/* One pixel to the side, or as little as there is. Buttons that somebody holds stay held. */
static void move(struct target_jiggler *self, bool away)
{
    struct gateway_target *target = self->target;
    struct input *input = target->target.input;
    struct input_holder nobody = {.crowd = &target->crowd};
    if (!target->absolute) {
        input_holder_relative(&nobody, input, 0, away ? 1 : -1, 0, 0, 0);
        return;
    }
    int width = target->target.width ? target->target.width : UNKNOWN_WIDTH;
    int step = INPUT_ABS_MAX / width + 1, x = self->x;
    if (away)
        x += x + step <= INPUT_ABS_MAX ? step : -step;
    input_holder_absolute(&nobody, input, 0, (uint16_t)MAX(x, 0), self->y, 0, 0);
}

static bool is_in_use(const struct gateway_target *target)
{
    for (const struct input_holder *h = target->crowd.first; h; h = h->next)
        if (input_holder_holds(h))
            return true;
    return !typist_is_idle(target->typist) || macros_run_now(target->macros);
}

static void on_time(void *data)
{
    struct target_jiggler *self = data;
    uint64_t now = clock_now_us();
    if (is_in_use(self->target))
        jiggler_used(&self->jiggler, now);
    enum jiggler_move what = jiggler_tick(&self->jiggler, is_awake(self->target), now);
    if (what != JIGGLER_NOTHING)
        move(self, what == JIGGLER_AWAY);
    arm(self);
}

static int create(struct gateway_target *target)
{
    struct target_jiggler *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->target = target;
    self->x = self->y = INPUT_ABS_MAX / 2;
    int r = loop_timer_add(target->gateway->loop, on_time, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    target->jiggler = self;
    return 0;
}

void target_jiggler_set(struct gateway_target *target, unsigned seconds)
{
    struct target_jiggler *self = target->jiggler;
    if (!self)
        return;
    bool changed = target->target.jiggler_s != seconds;
    target->target.jiggler_s = seconds;
    jiggler_set(&self->jiggler, seconds, clock_now_us());
    arm(self);
    if (changed)
        console_tell_changed(target, VIEWER_CHANGED_TARGET);
}

int target_jiggler_configure(struct gateway_target *target, unsigned seconds)
{
    if (!target->target.input)
        return 0; /* nothing to move */
    int r = target->jiggler ? 0 : create(target);
    if (r < 0)
        return r;
    target->target.jiggler_configured_s = seconds;
    target_jiggler_set(target, seconds);
    return 0;
}

void target_jiggler_finish(struct gateway_target *target)
{
    if (target->jiggler)
        loop_timer_remove(target->jiggler->timer);
    free(target->jiggler);
    target->jiggler = NULL;
}

void target_jiggler_used(struct gateway_target *target)
{
    if (target->jiggler)
        jiggler_used(&target->jiggler->jiggler, clock_now_us());
}

void target_jiggler_pointed(struct gateway_target *target, uint16_t x, uint16_t y)
{
    if (!target->jiggler)
        return;
    target->jiggler->x = x;
    target->jiggler->y = y;
    target_jiggler_used(target);
}
