#include "gateway/macros/macro_run.h"

#include <errno.h>

#include "core/attrs.h"

#define LOOK_US 4000                  /* the target, or another one's text, is not ready: look again */
#define POINTER_US 8000               /* from one pointer report to the next */
#define ROUND_US 20000                /* the shortest round: an endless macro of nothing must not be a busy loop */
#define PATIENCE_US 12000000          /* as the typist's */
#define TEXT_PATIENCE_US 600000000ull /* somebody else's text may be long */
#define AT_ONCE 64                    /* actions in one tick */

/* What a part of a step came to. */
enum { PART_AGAIN = -EAGAIN, PART_DONE = 0, STEP_DONE = 1, PART_GOES_ON = 2 };

void macro_run_begin(struct macro_run *self, const struct macro *macro, const struct macro_port *port, void *data,
                     uint32_t times, uint64_t now_us)
{
    *self = (struct macro_run){.macro = macro,
                               .port = port,
                               .data = data,
                               .times = times,
                               .due_us = now_us,
                               .key_us = now_us,
                               .round_us = now_us};
}

/* One key change. The next one, of any step, keeps the target's pace. */
static int change_key(struct macro_run *self, uint16_t usage, bool down, uint64_t now)
{
    int pace = self->port->pace(self->data);
    if (pace < 0)
        return PART_AGAIN;
    int r = self->port->key(self->data, usage, down);
    if (r < 0)
        return r;
    self->due_us = now;
    self->key_us = now + (uint64_t)pace;
    return 0;
}

static bool is_pressing(const struct macro_step *step, unsigned part)
{
    return step->what == MACRO_PRESS || (step->what == MACRO_CHORD && part < step->chord.n);
}

static int key_part(struct macro_run *self, const struct macro_step *step, uint64_t now)
{
    const struct chord *c = &step->chord;
    bool pressing = is_pressing(step, self->part);
    unsigned parts = step->what == MACRO_CHORD ? 2 * c->n : c->n;
    unsigned i = pressing ? self->part : parts - 1 - self->part;
    int r = change_key(self, c->usages[i], pressing, now);
    if (r < 0)
        return r;
    if (step->what == MACRO_CHORD && self->part + 1 == c->n)
        self->due_us = now + step->ms * 1000ull;
    return self->part + 1 == parts ? STEP_DONE : PART_DONE;
}

/* A way is gone once, by the first part of its step. */
static int place(struct macro_run *self, const struct macro_step *step, uint8_t buttons, int8_t wheel)
{
    bool there = step->place == MACRO_THERE, by = step->place == MACRO_BY && self->part == 0;
    uint16_t x = there ? step->x : self->x, y = there ? step->y : self->y;
    bool absolute = there || (self->placed && !by);
    int r = absolute ? self->port->pointer(self->data, buttons, x, y, wheel)
                     : self->port->relative(self->data, buttons, by ? step->dx : 0, by ? step->dy : 0, wheel);
    if (r < 0)
        return r;
    self->placed = absolute;
    self->x = x;
    self->y = y;
    return 0;
}

static int point(struct macro_run *self, const struct macro_step *step, uint8_t buttons, int8_t wheel, uint64_t now)
{
    int r = place(self, step, buttons, wheel);
    if (r < 0)
        return r;
    self->buttons = buttons;
    self->due_us = now;
    self->key_us = MAX(self->key_us, now + POINTER_US);
    return 0;
}

/* There first, because what appears under a pointer that was elsewhere takes no click; then down, up, down, up. */
static int click_part(struct macro_run *self, const struct macro_step *step, uint64_t now)
{
    bool down = self->part % 2;
    uint8_t others = self->buttons & (uint8_t)~step->button;
    int r = point(self, step, down ? others | step->button : others, 0, now);
    if (r < 0)
        return r;
    if (down)
        self->due_us = now + step->ms * 1000ull;
    else if (self->part)
        self->due_us = now + POINTER_US;
    return self->part == 2u * step->times ? STEP_DONE : PART_DONE;
}

static int text_part(struct macro_run *self, const struct macro_step *step, uint64_t now)
{
    self->due_us = now;
    if (self->part > 0)
        return self->port->typing(self->data) ? PART_GOES_ON : STEP_DONE; /* the typist has its own patience */
    int r = self->port->text(self->data, step->text, step->layout);
    return r == -EBUSY ? PART_AGAIN : r < 0 ? r : PART_DONE;
}

static int do_part(struct macro_run *self, const struct macro_step *step, uint64_t now)
{
    int r;
    switch (step->what) {
    case MACRO_CHORD:
    case MACRO_PRESS:
    case MACRO_RELEASE:
        return key_part(self, step, now);
    case MACRO_TEXT:
        return text_part(self, step, now);
    case MACRO_PAUSE:
        if (self->part > 0)
            return STEP_DONE; /* it is over: also the last one, which keeps what is pressed down */
        self->due_us += step->ms * 1000ull;
        return PART_DONE;
    case MACRO_CLICK:
        return click_part(self, step, now);
    case MACRO_BUTTON:
        r = point(self, step, step->down ? self->buttons | step->button : self->buttons & (uint8_t)~step->button, 0,
                  now);
        return r < 0 ? r : STEP_DONE;
    case MACRO_MOVE:
    case MACRO_WHEEL:
        r = point(self, step, self->buttons, step->wheel, now);
        return r < 0 ? r : STEP_DONE;
    }
    return -EINVAL;
}

/* A pause counts from the step before; what is sent also keeps the pace. */
static uint64_t time_of_part(const struct macro_run *self)
{
    const struct macro_step *step = &self->macro->steps[self->step];
    return step->what == MACRO_PAUSE || step->what == MACRO_TEXT ? self->due_us : MAX(self->due_us, self->key_us);
}

/* The run goes on with the next round: true. */
static bool end_round(struct macro_run *self, uint64_t now)
{
    self->port->let_go(self->data);
    self->buttons = 0;
    self->step = 0;
    self->round++;
    self->due_us = MAX(self->due_us, self->round_us + ROUND_US);
    self->round_us = MAX(self->due_us, now);
    return !self->times || self->round < self->times;
}

static int refused(struct macro_run *self, uint64_t now, uint64_t *ret_next_us)
{
    const struct macro_step *step = &self->macro->steps[self->step];
    if (!self->refused_us)
        self->refused_us = now;
    bool text = step->what == MACRO_TEXT;
    if (now - self->refused_us >= (text ? TEXT_PATIENCE_US : PATIENCE_US))
        return text ? -EBUSY : -ETIMEDOUT;
    *ret_next_us = now + LOOK_US;
    return 1;
}

int macro_run_tick(struct macro_run *self, uint64_t now_us, uint64_t *ret_next_us)
{
    for (unsigned i = 0; i < AT_ONCE; i++) {
        uint64_t at = time_of_part(self);
        if (at > now_us) {
            *ret_next_us = at;
            return 1;
        }
        int r = do_part(self, &self->macro->steps[self->step], now_us);
        if (r == PART_AGAIN)
            return refused(self, now_us, ret_next_us);
        if (r < 0)
            return r;
        self->refused_us = 0;
        if (r == PART_GOES_ON) {
            *ret_next_us = now_us + LOOK_US;
            return 1;
        }
        self->part = r == STEP_DONE ? 0 : self->part + 1;
        if (r == STEP_DONE && ++self->step == self->macro->n_steps && !end_round(self, now_us))
            return 0;
    }
    *ret_next_us = now_us;
    return 1;
}
