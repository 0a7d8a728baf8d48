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
    /* The target has taken a report of this function for the first time since it was attached or configured: it polls.
     */
    void (*polled)(void *data, enum gadget_function hid);
    /* A key or button was pressed while the target sleeps and may be woken: the helper is to do that, where the kernel
     * does not by itself. At most once a second. May be missing. */
    void (*wake)(void *data);
};

int hidg_create(struct loop *loop, const struct hidg_owner *owner, void *data, struct hidg **ret);
struct input *hidg_input(struct hidg *self); /* its destroy destroys all of it */

/* Takes the descriptors; -1: that function is not there. Those of before are closed; what waits for a function that is
 * there again is kept and goes out after all-up and the keys that are still held. */
void hidg_attach(struct hidg *self, const int fds[GADGET_HIDS]);
/* For good: nothing can be sent, and what waits and what is down are forgotten; the target sees a detach. */
void hidg_detach(struct hidg *self);
/* From the UDC: the host has configured us; it sleeps (a key then wakes it, where `wakeup`). To be called at every
 * change of the UDC's state, also when it reads as before: configured again without suspended before it means that the
 * host has reset us in between, and all is said anew. Within 10 s of not being configured nothing that waits is lost;
 * after longer, what is left of it is the keys that are still down. */
void hidg_set_state(struct hidg *self, bool configured, bool suspended, bool wakeup);

struct hidg_statistics {
    uint64_t reports;      /* taken by the host */
    uint64_t refused;      /* ESHUTDOWN and the like: sent again */
    uint64_t waiting;      /* now, of all functions; what the host does not poll waits for ever */
    uint64_t keys_waiting; /* of them, on the keyboard */
    /* How often the host takes keyboard reports, from those that followed each other; 0: unknown. */
    uint32_t interval_us;
    bool polled[GADGET_HIDS];
};
void hidg_statistics(struct hidg *self, struct hidg_statistics *ret);
