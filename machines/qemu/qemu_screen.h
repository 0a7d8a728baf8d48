/* Screen port of a QEMU machine. Net thread. */
#pragma once

#include "capture/screen.h"
#include "core/loop.h"
#include "machines/qemu/dbus_display.h"

struct qemu_screen;

int qemu_screen_create(struct loop *loop, struct dbus_display *display, struct qemu_screen **ret);
struct qemu_screen *qemu_screen_destroy(struct qemu_screen *self); /* NULL allowed; returns NULL */
struct screen *qemu_screen_port(struct qemu_screen *self);

/* What the machine is in; with SCREEN_OK pictures are shown. */
void qemu_screen_condition(struct qemu_screen *self, enum screen_signal signal, const char *why);
void qemu_screen_attached(struct qemu_screen *self); /* the display's main connection is there (again) */
void qemu_screen_detached(struct qemu_screen *self);
