/* A cable between a USB/IP server (a gadget on usbip-vudc) and QEMU's usb-redir device: the machine in QEMU, its
 * firmware included, sees the gadget as if it were plugged in. The bridge outlives both ends: a gadget that is bound
 * anew is unplugged and plugged in, a machine that comes back finds it again. A bus reset of a configured device is
 * passed on as a new import, because USB/IP has no word for it. One thread, in a loop. */
#pragma once

#include "core/loop.h"

struct bridge;

struct bridge_config {
    uint16_t port;      /* of the USB/IP server, on loopback */
    const char *bus_id; /* "usbip-vudc.0" */
    const char *socket; /* of QEMU */
};

int bridge_create(struct loop *loop, const struct bridge_config *config, struct bridge **ret);
struct bridge *bridge_destroy(struct bridge *self); /* NULL allowed; returns NULL */
