/* Input port of a QEMU machine: keys by number, absolute positions while the guest takes them and relative ones while
 * it does not, LEDs. Net thread. */
#pragma once

#include "machines/qemu/dbus_display.h"
#include "usbgadget/input.h"

struct qemu_input;

int qemu_input_create(struct loop *loop, struct qmp *qmp, struct dbus_display *display, struct qemu_input **ret);
/* After the monitor was destroyed. NULL allowed; returns NULL. */
struct qemu_input *qemu_input_destroy(struct qemu_input *self);
struct input *qemu_input_port(struct qemu_input *self);

void qemu_input_attached(struct qemu_input *self); /* the display is there (again): everything up */
void qemu_input_detached(struct qemu_input *self);
void qemu_input_event(struct qemu_input *self, const char *name); /* of the monitor */
void qemu_input_changed(struct qemu_input *self);                 /* LEDs or pointer kind may have changed */
void qemu_input_answered(struct qemu_input *self); /* QEMU has answered a call: motion that waited may go */
