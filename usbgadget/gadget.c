/* The one file that knows libusbgx. Its picture of configfs is a snapshot: it is taken for each building, and only
 * after everything of ours has been removed. */
#include "usbgadget/gadget.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <usbg/function/hid.h>
#include <usbg/function/ms.h>
#include <usbg/usbg.h>

#include "usbgadget/gadget_internal.h"
#include "usbgadget/hidg.h"

#define USB_2 0x0200
#define ATTRIBUTES 0x80 /* of a configuration (USB 2.0, 9.6.3): always set */
#define ATTRIBUTE_WAKEUP 0x20
#define CONFIGURATION "c"
#define CONFIGURATION_ID 1
#define MAX_REPORT_DESCRIPTOR 512

static const char *const hid_names[GADGET_HIDS] = {
    [GADGET_KEYBOARD] = "keyboard",
    [GADGET_ABSOLUTE] = "absolute",
    [GADGET_RELATIVE] = "relative",
    [GADGET_CONSUMER] = "consumer",
};

const char *gadget_function_name(enum gadget_function hid)
{
    return hid_names[hid];
}

static int errno_of(int usbg)
{
    switch (usbg) {
    case USBG_SUCCESS:
        return 0;
    case USBG_ERROR_NO_MEM:
        return -ENOMEM;
    case USBG_ERROR_NO_ACCESS:
        return -EACCES;
    case USBG_ERROR_INVALID_PARAM:
    case USBG_ERROR_INVALID_FORMAT:
    case USBG_ERROR_INVALID_TYPE:
    case USBG_ERROR_INVALID_VALUE:
        return -EINVAL;
    case USBG_ERROR_NOT_FOUND:
        return -ENOENT;
    case USBG_ERROR_EXIST:
        return -EEXIST;
    case USBG_ERROR_NO_DEV:
        return -ENODEV;
    case USBG_ERROR_BUSY:
        return -EBUSY;
    default:
        return -EIO;
    }
}

struct building {
    struct gadget *self;
    usbg_state *state;
    usbg_gadget *gadget;
    usbg_config *config;
    char *what;
    size_t what_size;
};

static int failed(struct building *b, const char *what, int usbg)
{
    int r = errno_of(usbg);
    if (r < 0)
        snprintf(b->what, b->what_size, "%s: %s", what, usbg_strerror((usbg_error)usbg));
    return r;
}

/* What libusbgx 0.2.0 does not know. A kernel without the attribute does without it; the plan has counted with that. */
static int write_attribute(struct building *b, const char *attribute, const char *text)
{
    char path[GADGET_PATH_SIZE];
    gadget_path(path, "%s/usb_gadget/%s/%s", b->self->place->configfs, b->self->config.name, attribute);
    int r = gadget_attr_write(b->self->place, path, text);
    if (r < 0 && r != -ENOENT)
        snprintf(b->what, b->what_size, "%s: %s", attribute, strerror(-r));
    return r == -ENOENT ? 0 : r;
}

static int open_gadget(struct building *b)
{
    const struct gadget_config *c = &b->self->config;
    struct usbg_gadget_attrs attrs = {.bcdUSB = USB_2, .bMaxPacketSize0 = 64};
    struct usbg_gadget_strs strings = {(char *)(uintptr_t)c->manufacturer, (char *)(uintptr_t)c->product_name,
                                       (char *)(uintptr_t)c->serial};
    attrs.idVendor = c->vendor;
    attrs.idProduct = c->product;
    attrs.bcdDevice = c->release;
    b->gadget = usbg_get_gadget(b->state, c->name);
    if (!b->gadget)
        return failed(b, "gadget", usbg_create_gadget(b->state, c->name, &attrs, &strings, &b->gadget));
    int r = failed(b, "device descriptor", usbg_set_gadget_attrs(b->gadget, &attrs));
    return r < 0 ? r : failed(b, "strings", usbg_set_gadget_strs(b->gadget, LANG_US_ENG, &strings));
}

static int make_config(struct building *b)
{
    const struct gadget_config *c = &b->self->config;
    char milliamperes[16];
    struct usbg_config_attrs attrs = {.bmAttributes = ATTRIBUTES | (c->wakeup ? ATTRIBUTE_WAKEUP : 0), .bMaxPower = 2};
    struct usbg_config_strs strings = {(char *)(uintptr_t)c->configuration};
    int r = failed(b, "configuration",
                   usbg_create_config(b->gadget, CONFIGURATION_ID, CONFIGURATION, &attrs, &strings, &b->config));
    if (r < 0)
        return r;
    /* libusbgx holds it in 8 bits, the kernel's file is in mA */
    snprintf(milliamperes, sizeof milliamperes, "%u", c->max_power_ma);
    return write_attribute(b, "configs/" CONFIGURATION ".1/MaxPower", milliamperes);
}

static int make_hid(struct building *b, enum gadget_function hid, usbg_function **ret)
{
    const struct hidg_descriptor *descriptor = hidg_descriptor(hid);
    char bytes[MAX_REPORT_DESCRIPTOR], attribute[96];
    if (descriptor->size > sizeof bytes)
        return -EINVAL;
    memcpy(bytes, descriptor->bytes, descriptor->size);
    struct usbg_f_hid_attrs attrs = {
        .protocol = descriptor->protocol,
        .subclass = descriptor->subclass,
        .report_length = descriptor->report_length,
        .report_desc = {bytes, (unsigned)descriptor->size},
    };
    int r = failed(b, hid_names[hid], usbg_create_function(b->gadget, USBG_F_HID, hid_names[hid], &attrs, ret));
    if (r < 0)
        return r;
    bool out = hid == GADGET_KEYBOARD && b->self->plan.led_endpoint;
    snprintf(attribute, sizeof attribute, "functions/hid.%s/no_out_endpoint", hid_names[hid]);
    r = out ? 0 : write_attribute(b, attribute, "1");
    if (r < 0 || !b->self->config.wakeup)
        return r;
    snprintf(attribute, sizeof attribute, "functions/hid.%s/wakeup_on_write", hid_names[hid]);
    return write_attribute(b, attribute, "1");
}

static int make_storage(struct building *b, usbg_function **ret)
{
    struct usbg_f_ms_lun_attrs luns[GADGET_LUNS];
    struct usbg_f_ms_lun_attrs *pointers[GADGET_LUNS + 1] = {NULL};
    const int n = (int)b->self->config.luns;
    for (int i = 0; i < n; i++) {
        luns[i] = (struct usbg_f_ms_lun_attrs){.id = i, .cdrom = i == 0, .ro = i == 0, .removable = true, .file = ""};
        pointers[i] = &luns[i];
    }
    struct usbg_f_ms_attrs attrs = {.stall = b->self->stall, .nluns = n, .luns = pointers};
    const char *instance = strchr(GADGET_STORAGE_FUNCTION, '.') + 1;
    int r = failed(b, "mass storage", usbg_create_function(b->gadget, USBG_F_MASS_STORAGE, instance, &attrs, ret));
    for (unsigned i = 0; r >= 0 && i < b->self->config.luns; i++) {
        char attribute[96];
        snprintf(attribute, sizeof attribute, "functions/" GADGET_STORAGE_FUNCTION "/lun.%u/inquiry_string", i);
        if (b->self->config.inquiry[i])
            r = write_attribute(b, attribute, b->self->config.inquiry[i]);
    }
    return r;
}

static int add_function(struct building *b, enum gadget_function function)
{
    usbg_function *made = NULL;
    int r = 0;
    if (function < GADGET_HIDS)
        r = make_hid(b, function, &made);
    else if (function == GADGET_STORAGE)
        r = make_storage(b, &made);
    else if (!(made = usbg_get_function(b->gadget, USBG_F_FFS, b->self->ffs)))
        r = failed(b, "FunctionFS", USBG_ERROR_NOT_FOUND);
    if (r < 0)
        return r;
    return failed(b, "link of a function", usbg_add_config_function(b->config, usbg_get_function_instance(made), made));
}

int gadget_compose(struct gadget *self, char *what, size_t what_size)
{
    struct building b = {.self = self, .what = what, .what_size = what_size};
    int r = failed(&b, "libusbgx", usbg_init(self->place->configfs, &b.state));
    if (r < 0)
        return r;
    r = open_gadget(&b);
    if (r >= 0)
        r = make_config(&b);
    for (unsigned i = 0; r >= 0 && i < self->plan.n; i++)
        r = add_function(&b, self->plan.order[i]);
    usbg_cleanup(b.state);
    return r;
}
