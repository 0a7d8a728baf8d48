#include "machines/qemu/qemu_screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "machines/qemu/capture.h"

/* Until the listener is registered again: after a mode change; after its connection ended, which QEMU has to notice
 * before (see capture_attach). */
#define AGAIN_SOON_US 20000
#define AGAIN_LATER_US 500000

struct condition {
    enum screen_signal signal;
    char why[256];
};

struct qemu_screen {
    struct screen base;
    struct loop *loop;
    struct dbus_display *display;
    struct capture *capture; /* while started */
    struct loop_timer *again;
    uint64_t stopped_us; /* when the last listener went */
    struct condition machine, picture, told;
};

static struct qemu_screen *of(struct screen *base)
{
    return container_of(base, struct qemu_screen, base);
}

static void set(struct condition *c, enum screen_signal signal, const char *why)
{
    c->signal = signal;
    snprintf(c->why, sizeof c->why, "%s", why);
}

/* The machine's condition comes first: a machine that is off has no trouble with its picture. */
static void update(struct qemu_screen *self)
{
    const struct condition *now = self->machine.signal != SCREEN_OK ? &self->machine : &self->picture;
    if (now->signal == self->told.signal && !strcmp(now->why, self->told.why))
        return;
    self->told = *now;
    if (self->capture)
        capture_signal(self->capture, now->signal, now->why);
}

/* ---- what the capture thread asks for ---- */

static void on_ask_size(void *data, uint32_t serial)
{
    struct qemu_screen *self = data;
    if (self->capture)
        dbus_display_ask_size(self->display, self->capture, serial);
}

static void on_again(void *data)
{
    struct qemu_screen *self = data;
    /* a whole picture may have come in the meantime */
    if (self->capture && !capture_wants_register(self->capture))
        return;
    if (self->capture && dbus_display_is_attached(self->display) &&
        dbus_display_register(self->display, self->capture) < 0)
        loop_timer_arm_in(self->again, AGAIN_LATER_US);
}

static void on_register_again(void *data, bool soon)
{
    struct qemu_screen *self = data;
    loop_timer_arm_in(self->again, soon ? AGAIN_SOON_US : AGAIN_LATER_US);
}

static void on_trouble(void *data, enum screen_signal signal, const char *why)
{
    struct qemu_screen *self = data;
    set(&self->picture, signal, why);
    update(self);
}

/* ---- port ---- */

static int start(struct screen *base, const struct screen_listener *listener, void *data)
{
    static const struct capture_owner owner = {on_ask_size, on_register_again, on_trouble};
    struct qemu_screen *self = of(base);
    if (self->capture)
        return -EBUSY;
    int r = capture_create(self->loop, &owner, self, listener, data, self->told.signal, self->told.why, &self->capture);
    if (r == 0 && dbus_display_is_attached(self->display))
        loop_timer_arm_in(self->again, self->stopped_us + AGAIN_LATER_US > clock_now_us() ? AGAIN_LATER_US : 0);
    return r;
}

static void stop(struct screen *base)
{
    struct qemu_screen *self = of(base);
    dbus_display_forget(self->display);
    loop_timer_disarm(self->again);
    if (self->capture)
        self->stopped_us = clock_now_us();
    self->capture = capture_destroy(self->capture);
    set(&self->picture, SCREEN_OK, "");
    update(self);
}

static void destroy(struct screen *base)
{
    (void)base; /* the machine's */
}

static const struct screen_ops ops = {
    .name = "qemu",
    .start = start,
    .stop = stop,
    .spare_buffers = 5,
    .destroy = destroy,
};

/* ---- machine ---- */

void qemu_screen_condition(struct qemu_screen *self, enum screen_signal signal, const char *why)
{
    set(&self->machine, signal, why);
    update(self);
}

void qemu_screen_attached(struct qemu_screen *self)
{
    on_again(self);
}

void qemu_screen_detached(struct qemu_screen *self)
{
    loop_timer_disarm(self->again);
    if (self->capture)
        capture_detach(self->capture);
}

struct screen *qemu_screen_port(struct qemu_screen *self)
{
    return &self->base;
}

int qemu_screen_create(struct loop *loop, struct dbus_display *display, struct qemu_screen **ret)
{
    _cleanup_free_ struct qemu_screen *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct qemu_screen){.base.ops = &ops, .loop = loop, .display = display};
    set(&self->machine, SCREEN_STARTING, "The machine's process has not been reached yet.");
    self->told = self->machine;
    int r = loop_timer_add(loop, on_again, self, &self->again);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct qemu_screen *qemu_screen_destroy(struct qemu_screen *self)
{
    if (!self)
        return NULL;
    stop(&self->base);
    loop_timer_remove(self->again);
    free(self);
    return NULL;
}
