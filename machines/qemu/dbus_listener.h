/* The object QEMU sends its picture to (org.qemu.Display1.Listener): messages in, rectangles on a canvas out. Used by
 * the thread that processes the connection. */
#pragma once

#include <systemd/sd-bus.h>

#include "capture/screen.h"
#include "machines/qemu/canvas.h"

#define DBUS_LISTENER_PATH "/org/qemu/Display1/Listener"

struct dbus_listener {
    struct canvas canvas;
    /* Told with each message: what cannot be taken, or SCREEN_OK. */
    void (*trouble)(void *data, enum screen_signal signal, const char *why);
    void *data;
    bool broken; /* a message was not well formed: end the connection */
    bool muted;  /* messages of a former connection are read, and ignored */
};

int dbus_listener_add(struct dbus_listener *self, sd_bus *bus);
