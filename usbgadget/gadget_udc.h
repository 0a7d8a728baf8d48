/* USB device controllers: which there are, who has them, and how many endpoints they have. For usbgadget/gadget*.c. */
#pragma once

#include "usbgadget/gadget_place.h"

struct gadget_udc {
    char name[64];    /* in /sys/class/udc */
    char driver[32];  /* of the kernel, "" when it does not tell */
    unsigned in, out; /* endpoints besides endpoint 0; 0: not known */
};

/* wanted: a name, or "" for the first that nobody has; own: our gadget, whose claim does not count. -ENODEV: there is
 * none, or not that one; -EBUSY: others have it. why: a sentence with the remedy. */
int gadget_udc_find(const struct gadget_place *place, const char *wanted, const char *own, struct gadget_udc *ret,
                    char *why, size_t why_size);
bool gadget_udc_there(const struct gadget_place *place, const char *name);
