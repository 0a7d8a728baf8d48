#include "usbgadget/hidg.h"

#include <errno.h>
#include <stdlib.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "usbgadget/hidg_keys.h"
#include "usbgadget/hidg_pipe.h"
#include "usbgadget/hidg_pointer.h"

/* Longer without a host: what waits would be typed into something else than it was meant for. */
#define OUTAGE_US 10000000
#define WAKE_EVERY_US 1000000
/* A typist keeps so many reports in the queue that the target finds a new one at every poll, though our own clock is a
 * millisecond coarse, and as many as a fast one takes in the time for which a busy processor may not come to us; a stop
 * drops what waits. */
#define PACE_WAITING 6
#define PACE_MOST 32
#define PACE_US 32000

/* The LEDs there are (HID 1.11, appendix B.1); the rest of the byte is padding in which a host may say anything. */
#define LEDS (INPUT_LED_NUM | INPUT_LED_CAPS | INPUT_LED_SCROLL)

struct function {
    struct hidg *hidg;
    enum gadget_function which;
    struct hidg_pipe pipe;
    union {
        struct hidg_keys keys;       /* GADGET_KEYBOARD, GADGET_CONSUMER */
        struct hidg_pointer pointer; /* GADGET_ABSOLUTE, GADGET_RELATIVE */
    };
};

struct hidg {
    struct input input;
    const struct hidg_owner *owner;
    void *data;
    const struct input_listener *listener;
    void *listener_data;
    struct function functions[GADGET_HIDS];
    uint8_t leds;
    bool absolute; /* as the listener knows it */
    bool out, suspended, wakeup;
    uint64_t out_since_us, woken_us; /* out: not configured, and we were told so */
};

static struct hidg *of(struct input *input)
{
    return container_of(input, struct hidg, input);
}

static bool is_keys(const struct function *f)
{
    return f->which == GADGET_KEYBOARD || f->which == GADGET_CONSUMER;
}

static bool is_there(const struct hidg *self, enum gadget_function which)
{
    return hidg_pipe_is_open(&self->functions[which].pipe);
}

static void tell_absolute(struct hidg *self)
{
    bool available = !self->out && self->functions[GADGET_ABSOLUTE].pipe.polled;
    if (available == self->absolute)
        return;
    self->absolute = available;
    if (self->listener)
        self->listener->absolute(self->listener_data, available);
}

static void tell_leds(struct hidg *self, uint8_t leds)
{
    if (leds == self->leds)
        return;
    self->leds = leds;
    if (self->listener)
        self->listener->leds(self->listener_data, leds);
}

/* What the pipes ask */

static bool next(void *data, uint8_t ret[HIDG_REPORT_MAX])
{
    const struct function *f = data;
    return is_keys(f) ? hidg_keys_next(&f->keys, ret) : hidg_pointer_next(&f->pointer, ret);
}

static void sent(void *data)
{
    struct function *f = data;
    if (is_keys(f))
        hidg_keys_sent(&f->keys);
    else
        hidg_pointer_sent(&f->pointer);
}

static void shut(void *data)
{
    struct function *f = data;
    if (is_keys(f))
        hidg_keys_restart(&f->keys);
    else
        hidg_pointer_restart(&f->pointer);
}

static void taken(void *data, bool first)
{
    struct function *f = data;
    if (!first)
        return;
    tell_absolute(f->hidg);
    f->hidg->owner->polled(f->hidg->data, f->which);
}

static void output(void *data, const uint8_t *bytes, size_t n)
{
    struct function *f = data;
    /* Mice and consumer keys have no output report; a host may send one all the same. */
    if (f->which == GADGET_KEYBOARD && n >= 1)
        tell_leds(f->hidg, bytes[0] & LEDS);
}

static const struct hidg_pipe_owner pipe_owner = {
    .next = next, .sent = sent, .shut = shut, .taken = taken, .output = output};

/* The port */

static void forget(struct function *f)
{
    if (is_keys(f))
        hidg_keys_init(&f->keys, f->which == GADGET_CONSUMER);
    else
        hidg_pointer_init(&f->pointer, f->which == GADGET_ABSOLUTE);
}

static void collapse(struct function *f)
{
    if (is_keys(f))
        hidg_keys_collapse(&f->keys);
    else
        hidg_pointer_collapse(&f->pointer);
}

/* Before something is given to the queue of a target that is away. */
static void keep_fresh(struct hidg *self, struct function *f)
{
    if (self->out && clock_now_us() - self->out_since_us > OUTAGE_US)
        collapse(f);
}

static void wake(struct hidg *self)
{
    if (!self->suspended || !self->wakeup || !self->owner->wake)
        return;
    uint64_t now = clock_now_us();
    if (self->woken_us && now - self->woken_us < WAKE_EVERY_US)
        return;
    self->woken_us = now;
    self->owner->wake(self->data);
}

static int hidg_key(struct input *input, uint16_t usage, bool down)
{
    struct hidg *self = of(input);
    bool consumer = usage & INPUT_CONSUMER;
    struct function *f = &self->functions[consumer ? GADGET_CONSUMER : GADGET_KEYBOARD];

    if (!is_there(self, f->which))
        return consumer && is_there(self, GADGET_KEYBOARD) ? 0 : -ENODEV;
    keep_fresh(self, f);
    int r = hidg_keys_key(&f->keys, usage & (uint16_t)~INPUT_CONSUMER, down);
    hidg_pipe_push(&f->pipe);
    if (down)
        wake(self);
    return r;
}

/* A button that was pressed by the other kind of pointer would stay down there for ever. */
static void release_other(struct hidg *self, enum gadget_function which)
{
    struct function *other = &self->functions[which == GADGET_ABSOLUTE ? GADGET_RELATIVE : GADGET_ABSOLUTE];
    if (!other->pointer.buttons || !is_there(self, other->which))
        return;
    hidg_pointer_push(&other->pointer, &(struct hidg_pointer_state){.x = other->pointer.x, .y = other->pointer.y});
    hidg_pipe_push(&other->pipe);
}

static bool any_press(const struct input_change *changes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (changes[i].down)
            return true;
    return false;
}

static int hidg_several(struct input *input, const struct input_change *changes, unsigned n)
{
    struct hidg *self = of(input);
    struct function *f = &self->functions[GADGET_KEYBOARD];

    if (!is_there(self, f->which))
        return -ENODEV;
    keep_fresh(self, f);
    int r = hidg_keys_keys(&f->keys, changes, n);
    hidg_pipe_push(&f->pipe);
    if (any_press(changes, n))
        wake(self);
    return r;
}

static int pointer(struct hidg *self, enum gadget_function which, const struct hidg_pointer_state *state)
{
    struct function *f = &self->functions[which];

    if (!is_there(self, which))
        return -ENODEV;
    keep_fresh(self, f);
    release_other(self, which);
    uint8_t before = f->pointer.buttons;
    int r = hidg_pointer_push(&f->pointer, state);
    hidg_pipe_push(&f->pipe);
    if (state->buttons & ~before)
        wake(self);
    return r;
}

static int hidg_absolute(struct input *input, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel, int8_t pan)
{
    struct hidg_pointer_state state = {buttons, MIN(x, INPUT_ABS_MAX), MIN(y, INPUT_ABS_MAX), {0, 0, wheel, pan}};
    return pointer(of(input), GADGET_ABSOLUTE, &state);
}

static int hidg_relative(struct input *input, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel, int8_t pan)
{
    struct hidg_pointer_state state = {.buttons = buttons, .motion = {dx, dy, wheel, pan}};
    return pointer(of(input), GADGET_RELATIVE, &state);
}

static void hidg_release_all(struct input *input)
{
    struct hidg *self = of(input);
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        struct function *f = &self->functions[i];
        if (!is_there(self, f->which))
            continue;
        keep_fresh(self, f);
        if (is_keys(f))
            hidg_keys_release_all(&f->keys);
        else
            hidg_pointer_release_all(&f->pointer);
        hidg_pipe_push(&f->pipe);
    }
}

static void hidg_listen(struct input *input, const struct input_listener *listener, void *data)
{
    struct hidg *self = of(input);
    self->listener = listener;
    self->listener_data = data;
    if (listener) {
        listener->leds(data, self->leds);
        listener->absolute(data, self->absolute);
    }
}

static void hidg_input_statistics(struct input *input, struct input_statistics *ret)
{
    const struct hidg_pipe *pipe = &of(input)->functions[GADGET_KEYBOARD].pipe;
    *ret = (struct input_statistics){.answers = pipe->reports,
                                     .answer_us = pipe->answer_us,
                                     .longest_us = pipe->longest_us,
                                     .last_us = pipe->last_us,
                                     .last_at_us = pipe->last_at_us};
}

static int hidg_pace(struct input *input)
{
    const struct hidg *self = of(input);
    const struct function *f = &self->functions[GADGET_KEYBOARD];
    uint32_t interval_us = f->pipe.interval_us;
    unsigned most = interval_us ? MAX(PACE_WAITING, MIN(PACE_US / interval_us, PACE_MOST)) : PACE_WAITING;

    return self->out || !hidg_pipe_is_open(&f->pipe) || hidg_keys_reports(&f->keys) >= most ? -EAGAIN : 1;
}

static void hidg_destroy(struct input *input)
{
    struct hidg *self = of(input);
    for (unsigned i = 0; i < GADGET_HIDS; i++)
        hidg_pipe_finish(&self->functions[i].pipe);
    free(self);
}

static const struct input_ops hidg_ops = {
    .name = "usb",
    .listen = hidg_listen,
    .key = hidg_key,
    .keys = hidg_several,
    .pointer_absolute = hidg_absolute,
    .pointer_relative = hidg_relative,
    .release_all = hidg_release_all,
    .statistics = hidg_input_statistics,
    .pace = hidg_pace,
    .destroy = hidg_destroy,
};

/* The gadget */

int hidg_create(struct loop *loop, const struct hidg_owner *owner, void *data, struct hidg **ret)
{
    struct hidg *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->input.ops = &hidg_ops;
    self->owner = owner;
    self->data = data;
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        struct function *f = &self->functions[i];
        f->hidg = self;
        f->which = i;
        forget(f);
        int r = hidg_pipe_init(&f->pipe, loop, i, &pipe_owner, f);
        if (r < 0) {
            hidg_destroy(&self->input);
            return r;
        }
    }
    *ret = self;
    return 0;
}

struct input *hidg_input(struct hidg *self)
{
    return &self->input;
}

void hidg_attach(struct hidg *self, const int fds[GADGET_HIDS])
{
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        struct function *f = &self->functions[i];
        hidg_pipe_close(&f->pipe);
        if (fds[i] < 0 || hidg_pipe_open(&f->pipe, fds[i]) < 0) {
            forget(f);
            continue;
        }
        shut(f);
    }
    tell_leds(self, 0);
    tell_absolute(self);
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        keep_fresh(self, &self->functions[i]);
        hidg_pipe_restart(&self->functions[i].pipe);
    }
}

void hidg_detach(struct hidg *self)
{
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        hidg_pipe_close(&self->functions[i].pipe);
        forget(&self->functions[i]);
    }
    tell_leds(self, 0);
    tell_absolute(self);
}

static void configured(struct hidg *self)
{
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        struct function *f = &self->functions[i];
        keep_fresh(self, f);
        if (is_keys(f) && hidg_pipe_doubts(&f->pipe))
            hidg_keys_unsay(&f->keys);
        shut(f);
    }
    self->out = false;
    for (unsigned i = 0; i < GADGET_HIDS; i++)
        hidg_pipe_restart(&self->functions[i].pipe);
    tell_absolute(self);
}

void hidg_set_state(struct hidg *self, bool is_configured, bool suspended, bool wakeup)
{
    bool resumed = self->suspended && !suspended;

    self->suspended = suspended;
    self->wakeup = wakeup;
    if (!suspended)
        self->woken_us = 0;
    if (!is_configured) {
        if (!self->out)
            self->out_since_us = clock_now_us();
        self->out = true;
        for (unsigned i = 0; i < GADGET_HIDS; i++)
            hidg_pipe_pause(&self->functions[i].pipe);
        tell_absolute(self);
    } else if (self->out || !(suspended || resumed)) {
        configured(self);
    }
}

void hidg_statistics(struct hidg *self, struct hidg_statistics *ret)
{
    *ret = (struct hidg_statistics){.interval_us = self->functions[GADGET_KEYBOARD].pipe.interval_us};
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        const struct function *f = &self->functions[i];
        ret->reports += f->pipe.reports;
        ret->refused += f->pipe.refusals;
        const uint64_t waiting = (is_keys(f) ? f->keys.n : f->pointer.n) + f->pipe.in_flight;
        ret->waiting += waiting;
        if (f->which == GADGET_KEYBOARD)
            ret->keys_waiting = waiting;
        ret->polled[i] = f->pipe.polled;
    }
}
