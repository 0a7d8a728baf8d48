#include "machines/qemu/qemu_input.h"

#include <errno.h>
#include <stdlib.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "machines/qemu/key_pace.h"
#include "machines/qemu/key_sweep.h"
#include "machines/qemu/keymap.h"

/* With this many calls unanswered motion is left out (the next position tells the same); keys and buttons are not. */
#define MOTION_UNANSWERED_MAX 32

/* QEMU's button numbers. */
enum { LEFT, MIDDLE, RIGHT, WHEEL_UP, WHEEL_DOWN, SIDE, EXTRA, WHEEL_LEFT, WHEEL_RIGHT, BUTTONS };

/* Of INPUT_BUTTON_*, bit 0 first. */
static const int32_t button_numbers[] = {LEFT, RIGHT, MIDDLE, SIDE, EXTRA};

struct qemu_input {
    struct input base;
    struct dbus_display *display;
    struct key_sweep *sweep;
    struct key_pace *pace;
    struct input_listener listener;
    void *data;
    uint8_t buttons; /* as last sent */
    uint16_t sent_x, sent_y;
    bool positioned;    /* sent_x and sent_y mean something */
    int rest_x, rest_y; /* of relative motion made from absolute positions: less than a pixel, times 32768 */

    /* Motion that waits until QEMU has answered the earlier ones. */
    bool waiting;
    uint16_t x, y;
    int dx, dy;
};

static struct qemu_input *of(struct input *base)
{
    return container_of(base, struct qemu_input, base);
}

static int send(struct qemu_input *self, enum dbus_display_verb verb, int32_t a, int32_t b)
{
    return dbus_display_send(self->display, verb, a, b, false);
}

static int key(struct input *base, uint16_t usage, bool down)
{
    uint8_t qnum = keymap_qnum(usage);
    if (!qnum)
        return dbus_display_is_attached(of(base)->display) ? 0 : -ENODEV; /* a key this machine has not got */
    key_sweep_key(of(base)->sweep, usage, down);
    int r = send(of(base), down ? DISPLAY_KEY_PRESS : DISPLAY_KEY_RELEASE, qnum, 0);
    if (r == 0)
        key_pace_gave(of(base)->pace, qnum, down);
    return r;
}

static void press_again(void *data, uint16_t usage)
{
    struct qemu_input *self = data;
    dbus_display_send(self->display, DISPLAY_KEY_PRESS, keymap_qnum(usage), 0, true);
}

static int click(struct qemu_input *self, int32_t button, int times)
{
    for (int i = 0; i < times; i++) {
        int r = send(self, DISPLAY_BUTTON_PRESS, button, 0);
        if (r == 0)
            r = send(self, DISPLAY_BUTTON_RELEASE, button, 0);
        if (r < 0)
            return r;
    }
    return 0;
}

static int turn(struct qemu_input *self, int8_t wheel, int8_t pan)
{
    int r = click(self, wheel > 0 ? WHEEL_UP : WHEEL_DOWN, abs(wheel));
    return r < 0 ? r : click(self, pan > 0 ? WHEEL_RIGHT : WHEEL_LEFT, abs(pan));
}

static int press(struct qemu_input *self, uint8_t buttons)
{
    for (unsigned i = 0; i < ARRAY_SIZE(button_numbers); i++) {
        uint8_t bit = (uint8_t)(1u << i);
        if (!((buttons ^ self->buttons) & bit))
            continue;
        int r = send(self, buttons & bit ? DISPLAY_BUTTON_PRESS : DISPLAY_BUTTON_RELEASE, button_numbers[i], 0);
        if (r < 0)
            return r;
        self->buttons ^= bit;
    }
    return 0;
}

/* Whole pixels of a motion given in 1/32768 of the picture; the rest is kept for the next time. */
static int32_t pixels(int delta, int size, int *rest)
{
    int64_t exact = (int64_t)delta * size + *rest;
    *rest = (int)(exact % (INPUT_ABS_MAX + 1));
    return (int32_t)(exact / (INPUT_ABS_MAX + 1));
}

/* The guest has a plain mouse only: the way from the last position, in pixels. */
static int move_as_mouse(struct qemu_input *self, uint16_t x, uint16_t y)
{
    int dx = self->positioned ? x - self->sent_x : 0, dy = self->positioned ? y - self->sent_y : 0;
    int32_t px = pixels(dx, dbus_display_width(self->display), &self->rest_x);
    int32_t py = pixels(dy, dbus_display_height(self->display), &self->rest_y);
    return px || py ? send(self, DISPLAY_MOVE_RELATIVE, px, py) : 0;
}

static int move_to(struct qemu_input *self, uint16_t x, uint16_t y)
{
    int width = dbus_display_width(self->display), height = dbus_display_height(self->display);
    int r;
    if (!width || !height || !dbus_display_is_absolute(self->display))
        r = move_as_mouse(self, x, y);
    else
        r = send(self, DISPLAY_MOVE_ABSOLUTE, (int32_t)((uint32_t)x * (uint32_t)width >> 15),
                 (int32_t)((uint32_t)y * (uint32_t)height >> 15));
    if (r < 0)
        return r;
    self->sent_x = x;
    self->sent_y = y;
    self->positioned = true;
    return 0;
}

/* The guest takes positions only: the motion from the last one. */
static int move_as_tablet(struct qemu_input *self, int dx, int dy)
{
    int width = dbus_display_width(self->display), height = dbus_display_height(self->display);
    int x = self->positioned ? self->sent_x : INPUT_ABS_MAX / 2,
        y = self->positioned ? self->sent_y : INPUT_ABS_MAX / 2;
    if (width && height) {
        x = MAX(0, MIN(x + dx * (INPUT_ABS_MAX + 1) / width, INPUT_ABS_MAX));
        y = MAX(0, MIN(y + dy * (INPUT_ABS_MAX + 1) / height, INPUT_ABS_MAX));
    }
    return move_to(self, (uint16_t)x, (uint16_t)y);
}

static int move_by(struct qemu_input *self, int dx, int dy)
{
    if (dbus_display_is_absolute(self->display))
        return move_as_tablet(self, dx, dy);
    return send(self, DISPLAY_MOVE_RELATIVE, dx, dy);
}

/* Sends motion that waits. */
static int catch_up(struct qemu_input *self)
{
    int r = 0;
    if (self->waiting && (!self->positioned || self->x != self->sent_x || self->y != self->sent_y))
        r = move_to(self, self->x, self->y);
    if (r == 0)
        self->waiting = false;
    if (r == 0 && (self->dx || self->dy))
        r = move_by(self, self->dx, self->dy);
    if (r == 0)
        self->dx = self->dy = 0;
    return r;
}

/* Motion is sent at once unless QEMU lags behind and no button changes, whose place must be right. */
static int finish(struct qemu_input *self, uint8_t buttons, int8_t wheel, int8_t pan)
{
    bool lags = dbus_display_unanswered(self->display) >= MOTION_UNANSWERED_MAX;
    int r = lags && buttons == self->buttons ? 0 : catch_up(self);
    if (r == 0)
        r = press(self, buttons);
    return r < 0 ? r : turn(self, wheel, pan);
}

static int pointer_absolute(struct input *base, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel, int8_t pan)
{
    struct qemu_input *self = of(base);
    if (!dbus_display_is_attached(self->display))
        return -ENODEV;
    self->waiting = true;
    self->x = MIN(x, INPUT_ABS_MAX);
    self->y = MIN(y, INPUT_ABS_MAX);
    self->dx = self->dy = 0;
    return finish(self, buttons, wheel, pan);
}

static int pointer_relative(struct input *base, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel, int8_t pan)
{
    struct qemu_input *self = of(base);
    if (!dbus_display_is_attached(self->display))
        return -ENODEV;
    self->dx = MAX(-INPUT_ABS_MAX, MIN(self->dx + dx, INPUT_ABS_MAX));
    self->dy = MAX(-INPUT_ABS_MAX, MIN(self->dy + dy, INPUT_ABS_MAX));
    return finish(self, buttons, wheel, pan);
}

/* QEMU itself knows what is down and drops a release of anything else, so the guest sees only what matters. */
static void release_all(struct input *base)
{
    struct qemu_input *self = of(base);
    for (uint16_t usage = 0; usage < KEYMAP_USAGES; usage++)
        if (keymap_qnum(usage))
            dbus_display_send(self->display, DISPLAY_KEY_RELEASE, keymap_qnum(usage), 0, true);
    for (int32_t button = 0; button < BUTTONS; button++)
        dbus_display_send(self->display, DISPLAY_BUTTON_RELEASE, button, 0, true);
    key_sweep_all_up(self->sweep);
    self->buttons = 0;
    self->waiting = false;
    self->dx = self->dy = 0;
}

static void tell(struct qemu_input *self)
{
    if (self->listener.leds)
        self->listener.leds(self->data, dbus_display_leds(self->display));
    if (self->listener.absolute)
        self->listener.absolute(self->data, dbus_display_is_absolute(self->display));
}

static void listen_to(struct input *base, const struct input_listener *listener, void *data)
{
    struct qemu_input *self = of(base);
    self->listener = listener ? *listener : (struct input_listener){0};
    self->data = data;
    tell(self);
}

static void statistics(struct input *base, struct input_statistics *ret)
{
    dbus_display_statistics(of(base)->display, ret);
}

static int pace(struct input *base)
{
    const struct qemu_input *self = of(base);
    if (!dbus_display_is_attached(self->display))
        return -EAGAIN;
    return key_pace_next(self->pace, dbus_display_unanswered(self->display));
}

static void destroy(struct input *base)
{
    (void)base; /* the machine's */
}

static const struct input_ops ops = {
    .name = "qemu",
    .listen = listen_to,
    .key = key,
    .pointer_absolute = pointer_absolute,
    .pointer_relative = pointer_relative,
    .release_all = release_all,
    .statistics = statistics,
    .pace = pace,
    .destroy = destroy,
};

void qemu_input_attached(struct qemu_input *self)
{
    self->positioned = false;
    release_all(&self->base);
    key_sweep_attached(self->sweep);
    key_pace_attached(self->pace);
    tell(self);
}

void qemu_input_detached(struct qemu_input *self)
{
    self->buttons = 0;
    tell(self);
}

void qemu_input_answered(struct qemu_input *self)
{
    if ((self->waiting || self->dx || self->dy) && dbus_display_unanswered(self->display) < MOTION_UNANSWERED_MAX)
        catch_up(self);
}

void qemu_input_event(struct qemu_input *self, const char *name)
{
    key_sweep_event(self->sweep, name);
}

void qemu_input_changed(struct qemu_input *self)
{
    tell(self);
}

struct input *qemu_input_port(struct qemu_input *self)
{
    return &self->base;
}

int qemu_input_create(struct loop *loop, struct qmp *qmp, struct dbus_display *display, struct qemu_input **ret)
{
    _cleanup_free_ struct qemu_input *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct qemu_input){.base.ops = &ops, .display = display};
    int r = key_sweep_create(loop, qmp, press_again, self, &self->sweep);
    if (r == 0)
        r = key_pace_create(qmp, &self->pace);
    if (r < 0) {
        key_sweep_destroy(self->sweep);
        return r;
    }
    *ret = take(self);
    return 0;
}

struct qemu_input *qemu_input_destroy(struct qemu_input *self)
{
    if (!self)
        return NULL;
    key_sweep_destroy(self->sweep);
    key_pace_destroy(self->pace);
    free(self);
    return NULL;
}
