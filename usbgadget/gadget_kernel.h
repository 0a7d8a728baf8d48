/* What this kernel's configfs has: found by making each function once, looking, and removing it. For
 * usbgadget/gadget*.c. */
#pragma once

#include "usbgadget/gadget_place.h"
#include "usbgadget/personality.h"

struct gadget_kernel {
    unsigned functions; /* bit 1 << enum gadget_function */
    bool no_out_endpoint, wakeup_on_write, forced_eject, inquiry_string, stall;
    char lacks[256]; /* for people; "" when it has all */
};

/* Makes and removes a gadget of that name, which must not be there. -ENOENT: no configfs, or no libcomposite. */
int gadget_kernel_probe(const struct gadget_place *place, const char *name, struct gadget_kernel *ret);

/* HID functions that can still be made in the system; what gadget `own` has does not count. */
unsigned gadget_kernel_free_hids(const struct gadget_place *place, const char *own);
