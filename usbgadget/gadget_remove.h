/* Taking gadgets apart, whatever state they are in: bound, half built, with a FunctionFS that is mounted. For
 * usbgadget/gadget*.c. */
#pragma once

#include "usbgadget/gadget_place.h"

/* The target sees the device leave. 0 also when it was not bound. */
int gadget_unbind(const struct gadget_place *place, const char *name);

/* Unbinds and removes; 0 also when there is none. keep: a function that stays, with the gadget around it, or NULL.
 * -EBUSY: something else holds a part of it. */
int gadget_remove(const struct gadget_place *place, const char *name, const char *keep);
