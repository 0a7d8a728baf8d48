#include "usbgadget/gadget_udc.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"

/* The kernel has no file that tells the number of endpoints: what drivers allocate, as far as it does not depend on how
 * the chip was configured. A chip that is not here, or has less, refuses when the gadget is bound (gadget_up). */
static const struct {
    const char *driver, *compatible; /* how the device's compatible begins; NULL: whatever it is */
    unsigned in, out;
} known[] = {
    {"dummy_udc", NULL, 15, 15},
    {"usbip-vudc", NULL, 15, 15},
    {"dwc2", NULL, 7, 7}, /* BCM2835 to BCM2712: 8 each way with endpoint 0 */
    {"musb-hdrc", "allwinner,", 4, 4},
    {"musb-sunxi", NULL, 4, 4},
    {"musb-hdrc", NULL, 15, 15},
    {"ci_hdrc", NULL, 7, 7},
    {"tegra-xudc", NULL, 15, 15},
    {"cdns3", NULL, 15, 15},
    {"dwc3", NULL, 0, 0}, /* a matter of how it was synthesised */
};

bool gadget_udc_there(const struct gadget_place *place, const char *name)
{
    char path[GADGET_PATH_SIZE];
    return name[0] && access(gadget_path(path, "%s/%s", place->udcs, name), F_OK) == 0;
}

/* --- endpoints --- */

static void read_driver(const struct gadget_place *place, struct gadget_udc *udc)
{
    char path[GADGET_PATH_SIZE], target[PATH_MAX];
    ssize_t n = readlink(gadget_path(path, "%s/%s/device/driver", place->udcs, udc->name), target, sizeof target - 1);
    if (n < 0)
        return;
    target[n] = 0;
    const char *slash = strrchr(target, '/');
    (void)text_copy(udc->driver, sizeof udc->driver, slash ? slash + 1 : target);
}

/* The device tree's list of transmit FIFOs: on dwc2 each IN endpoint needs one of its own. */
static unsigned transmit_fifos(const struct gadget_place *place, const char *name)
{
    char path[GADGET_PATH_SIZE];
    struct stat st;
    if (stat(gadget_path(path, "%s/%s/device/of_node/g-tx-fifo-size", place->udcs, name), &st) < 0)
        return 0;
    return (unsigned)MIN((uint64_t)st.st_size / sizeof(uint32_t), 15u);
}

static bool compatible_begins(const struct gadget_place *place, const char *name, const char *prefix)
{
    char path[GADGET_PATH_SIZE], text[256];
    /* of the controller itself, or of the glue around it */
    static const char *const nodes[] = {"device/of_node", "device/../of_node"};
    for (unsigned i = 0; i < ARRAY_SIZE(nodes); i++) {
        gadget_path(path, "%s/%s/%s/compatible", place->udcs, name, nodes[i]);
        if (gadget_attr_read(place, path, text, sizeof text) >= 0 && strncmp(text, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

static void count_endpoints(const struct gadget_place *place, struct gadget_udc *udc)
{
    read_driver(place, udc);
    for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(known[i].driver, udc->driver) != 0)
            continue;
        if (known[i].compatible && !compatible_begins(place, udc->name, known[i].compatible))
            continue;
        udc->in = known[i].in;
        udc->out = known[i].out;
        break;
    }
    unsigned fifos = strcmp(udc->driver, "dwc2") == 0 ? transmit_fifos(place, udc->name) : 0;
    if (fifos)
        udc->in = MIN(udc->in, fifos);
}

/* --- who has it --- */

struct claim {
    const struct gadget_place *place;
    const char *udc, *own;
    char *owner;
    size_t owner_size;
};

static int look_for_claim(void *data, const char *folder, const char *name)
{
    struct claim *claim = data;
    char path[GADGET_PATH_SIZE], text[128];
    if (strcmp(name, claim->own) == 0)
        return 0;
    gadget_path(path, "%s/%s/UDC", folder, name);
    if (gadget_attr_read(claim->place, path, text, sizeof text) >= 0 && strcmp(text, claim->udc) == 0)
        (void)text_copy(claim->owner, claim->owner_size, name);
    return 0;
}

/* Another gadget of configfs, or one of the older kind (g_ether and the like), which only the controller knows of. */
static bool taken(const struct gadget_place *place, const char *udc, const char *own, char *owner, size_t owner_size)
{
    char path[GADGET_PATH_SIZE], own_function[128];
    struct claim claim = {place, udc, own, owner, owner_size};
    owner[0] = 0;
    (void)gadget_each_entry(gadget_path(path, "%s/usb_gadget", place->configfs), look_for_claim, &claim);
    if (owner[0])
        return true;
    if (gadget_attr_read(place, gadget_path(path, "%s/%s/function", place->udcs, udc), owner, owner_size) < 0)
        owner[0] = 0;
    snprintf(own_function, sizeof own_function, "configfs-gadget.%s", own);
    return owner[0] && strcmp(owner, own_function) != 0 && strcmp(owner, own) != 0;
}

/* --- finding --- */

struct search {
    const struct gadget_place *place;
    const char *wanted, *own;
    bool found, other;
    char name[64], owner[128];
};

static int look_at(void *data, const char *folder, const char *name)
{
    struct search *search = data;
    char owner[128];
    (void)folder;
    if (search->found || (search->wanted[0] && strcmp(name, search->wanted) != 0))
        return 0;
    if (!text_copy(search->name, sizeof search->name, name))
        return 0;
    if (taken(search->place, name, search->own, owner, sizeof owner)) {
        search->other = true;
        (void)text_copy(search->owner, sizeof search->owner, owner);
    } else {
        search->found = true;
    }
    return 0;
}

int gadget_udc_find(const struct gadget_place *place, const char *wanted, const char *own, struct gadget_udc *ret,
                    char *why, size_t why_size)
{
    struct search search = {.place = place, .wanted = wanted, .own = own};
    (void)gadget_each_entry(place->udcs, look_at, &search);
    if (!search.found && search.other) {
        snprintf(why, why_size,
                 "the USB device controller %s belongs to the gadget '%s': end that one, or name another", search.name,
                 search.owner);
        return -EBUSY;
    }
    if (!search.found) {
        snprintf(why, why_size,
                 "there is no USB device controller%s%s: load its driver (dwc2 with dr_mode=peripheral on a Raspberry "
                 "Pi) or check its name against /sys/class/udc",
                 wanted[0] ? " " : "", wanted);
        return -ENODEV;
    }
    struct gadget_udc udc = {.in = 0};
    memcpy(udc.name, search.name, sizeof udc.name);
    count_endpoints(place, &udc);
    *ret = udc;
    return 0;
}
