/* The input port of a gadget: HID reports into /dev/hidg*. The kernel's queue is one report deep, so what waits is kept
 * here, in order: key changes never merge, are never dropped and never overtake each other; pointer motion adds up.
 * Descriptors come and go with each binding of the gadget; every attach starts with all-up. Net thread. */
#pragma once

#include "core/loop.h"
#include "usbgadget/input.h"
#include "usbgadget/personality.h"

struct hidg;

#define HIDG_CONSUMER_KEYS 2 /* media keys that can be down at once */
#define HIDG_CONSUMER_SIZE (2 * HIDG_CONSUMER_KEYS)

/* HID report descriptors and report lengths of the four functions (HID 1.11; boot protocol for keyboard and mouse). */
struct hidg_descriptor {
    const uint8_t *bytes;
    size_t size;
    unsigned report_length;
    unsigned subclass, protocol; /* 1, 1: boot keyboard; 1, 2: boot mouse; 0, 0 */
};
const struct hidg_descriptor *hidg_descriptor(enum gadget_function hid);

struct hidg_owner {
    /* The target has taken a report of the keyboard for the first time since it was attached: it polls. */
    void (*polled)(void *data, enum gadget_function hid);
};

int hidg_create(struct loop *loop, const struct hidg_owner *owner, void *data, struct hidg **ret);
struct input *hidg_input(struct hidg *self); /* its destroy destroys all of it */

/* Takes the descriptors; -1: that function is not there. Those of before are closed. */
void hidg_attach(struct hidg *self, const int fds[GADGET_HIDS]);
void hidg_detach(
    struct hidg *self); /* nothing can be sent; keys that are down are forgotten, the target sees a detach */
/* From the UDC: the host has configured us; it sleeps (a key then wakes it, where `wakeup`). */
void hidg_set_state(struct hidg *self, bool configured, bool suspended, bool wakeup);

struct hidg_statistics {
    uint64_t reports; /* taken by the host */
    uint64_t refused; /* ESHUTDOWN and the like: sent again */
    uint64_t waiting; /* now */
    uint32_t
        interval_us; /* how often the host takes keyboard reports, from those that followed each other; 0: unknown */
    bool polled[GADGET_HIDS];
};
void hidg_statistics(struct hidg *self, struct hidg_statistics *ret);
