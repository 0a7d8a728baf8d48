/* The main connection of QEMU's D-Bus display, peer to peer: attaches through the monitor (getfd, add_client), attaches
 * again after a loss, keeps size, LEDs and pointer kind up to date, carries key and pointer calls, and registers the
 * capture thread's listener. Net thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "machines/qemu/capture.h"
#include "machines/qemu/qmp.h"
#include "usbgadget/input.h"

struct dbus_display;

struct dbus_display_listener {
    void (*attached)(void *data);
    void (*lost)(void *data, const char *why); /* each reason once; tries go on while the monitor is there */
    void (*changed)(void *data);               /* LEDs, pointer kind or size */
    void (*answered)(void *data);              /* a key or pointer call was answered */
};

int dbus_display_create(struct loop *loop, struct qmp *qmp, const struct dbus_display_listener *listener, void *data,
                        struct dbus_display **ret);
/* After the monitor and the screen were destroyed. NULL allowed; returns NULL. */
struct dbus_display *dbus_display_destroy(struct dbus_display *self);

void dbus_display_attach(struct dbus_display *self); /* the monitor is ready */
void dbus_display_detach(struct dbus_display *self); /* the monitor is lost */
bool dbus_display_is_attached(const struct dbus_display *self);

int dbus_display_width(const struct dbus_display *self); /* of the guest's picture, as last told; 0: not known */
int dbus_display_height(const struct dbus_display *self);
bool dbus_display_is_absolute(const struct dbus_display *self);
uint8_t dbus_display_leds(const struct dbus_display *self); /* INPUT_LED_* */

/* Makes QEMU send the picture to this capture thread. */
int dbus_display_register(struct dbus_display *self, struct capture *capture);
/* Answers by capture_size on that capture, unless the connection is lost first. */
void dbus_display_ask_size(struct dbus_display *self, struct capture *capture, uint32_t serial);
/* Forgets a capture that is about to be destroyed. */
void dbus_display_forget(struct dbus_display *self);

enum dbus_display_verb {
    DISPLAY_KEY_PRESS, /* a: qnum */
    DISPLAY_KEY_RELEASE,
    DISPLAY_BUTTON_PRESS, /* a: button number of QEMU */
    DISPLAY_BUTTON_RELEASE,
    DISPLAY_MOVE_ABSOLUTE, /* a, b: pixels */
    DISPLAY_MOVE_RELATIVE,
};

/* 0; -ENODEV: not attached; -EAGAIN: QEMU has not answered the last ones (nothing is kept). quiet: no answer is wanted
 * and the limit does not count, for releasing everything. */
int dbus_display_send(struct dbus_display *self, enum dbus_display_verb verb, int32_t a, int32_t b, bool quiet);
unsigned dbus_display_unanswered(const struct dbus_display *self);
void dbus_display_statistics(const struct dbus_display *self, struct input_statistics *ret);
