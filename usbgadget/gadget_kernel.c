#include "usbgadget/gadget_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "usbgadget/gadget_remove.h"

#define PROBE "probe"
#define BIT(function) (1u << (function))

/* --- HID functions --- */

struct tally {
    const char *own;
    unsigned hids;
};

static int count_hid(void *data, const char *folder, const char *name)
{
    struct tally *tally = data;
    (void)folder;
    tally->hids += strncmp(name, "hid.", 4) == 0;
    return 0;
}

static int count_hids_of(void *data, const char *folder, const char *name)
{
    const struct tally *tally = data;
    char path[GADGET_PATH_SIZE];
    if (strcmp(name, tally->own) != 0)
        (void)gadget_each_entry(gadget_path(path, "%s/%s/functions", folder, name), count_hid, data);
    return 0;
}

unsigned gadget_kernel_free_hids(const struct gadget_place *place, const char *own)
{
    char path[GADGET_PATH_SIZE];
    struct tally tally = {.own = own};
    (void)gadget_each_entry(gadget_path(path, "%s/usb_gadget", place->configfs), count_hids_of, &tally);
    return tally.hids < GADGET_HIDS ? GADGET_HIDS - tally.hids : 0;
}

/* --- attributes --- */

static bool make_function(const char *gadget, const char *type)
{
    char path[GADGET_PATH_SIZE];
    return mkdir(gadget_path(path, "%s/functions/%s." PROBE, gadget, type), 0755) == 0;
}

static bool has(const struct gadget_place *place, const char *gadget, const char *attribute)
{
    char path[GADGET_PATH_SIZE];
    return gadget_attr_exists(place, gadget_path(path, "%s/functions/%s", gadget, attribute));
}

static void add_lack(struct gadget_kernel *kernel, bool present, const char *what)
{
    size_t have = strlen(kernel->lacks);
    if (!present)
        snprintf(kernel->lacks + have, sizeof kernel->lacks - have, "%s%s", have ? ", " : "", what);
}

static void look(const struct gadget_place *place, const char *gadget, struct gadget_kernel *kernel)
{
    unsigned free_hids = gadget_kernel_free_hids(place, "");
    bool hid = make_function(gadget, "hid");
    if (hid) {
        kernel->no_out_endpoint = has(place, gadget, "hid." PROBE "/no_out_endpoint");
        kernel->wakeup_on_write = has(place, gadget, "hid." PROBE "/wakeup_on_write");
        add_lack(kernel, kernel->no_out_endpoint, "hid no_out_endpoint");
        add_lack(kernel, kernel->wakeup_on_write, "hid wakeup_on_write");
    } else {
        kernel->no_out_endpoint = !free_hids; /* it cannot be looked at while others have them all */
    }
    if (hid || !free_hids)
        kernel->functions |= BIT(GADGET_KEYBOARD) | BIT(GADGET_ABSOLUTE) | BIT(GADGET_RELATIVE) | BIT(GADGET_CONSUMER);
    add_lack(kernel, hid || !free_hids, "HID functions (usb_f_hid)");
    bool storage = make_function(gadget, "mass_storage");
    if (storage) {
        kernel->functions |= BIT(GADGET_STORAGE);
        kernel->stall = has(place, gadget, "mass_storage." PROBE "/stall");
        kernel->forced_eject = has(place, gadget, "mass_storage." PROBE "/lun.0/forced_eject");
        kernel->inquiry_string = has(place, gadget, "mass_storage." PROBE "/lun.0/inquiry_string");
        add_lack(kernel, kernel->stall, "mass_storage stall");
        add_lack(kernel, kernel->forced_eject, "mass_storage forced_eject");
        add_lack(kernel, kernel->inquiry_string, "mass_storage inquiry_string");
    }
    add_lack(kernel, storage, "mass storage (usb_f_mass_storage)");
    bool ffs = make_function(gadget, "ffs");
    if (ffs)
        kernel->functions |= BIT(GADGET_BIG_CD);
    add_lack(kernel, ffs, "FunctionFS (usb_f_fs)");
}

int gadget_kernel_probe(const struct gadget_place *place, const char *name, struct gadget_kernel *ret)
{
    char path[GADGET_PATH_SIZE];
    struct gadget_kernel kernel = {.functions = 0};
    if (mkdir(gadget_path(path, "%s/usb_gadget/%s", place->configfs, name), 0755) < 0)
        return -errno;
    look(place, path, &kernel);
    int r = gadget_remove(place, name, NULL);
    if (r >= 0)
        *ret = kernel;
    return r;
}
