/* What the gateway's machine has for targets, as the gateway hands it to GET /devices and POST /devices/test. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct api_devices {
    const struct api_device_capture {
        const char *node, *stable, *card, *driver, *target; /* "" when there is none, in all of these */
    } * captures;
    const struct api_device_udc {
        const char *name, *state, *gadget, *target;
    } * udcs;
    const struct api_device_gpio {
        const char *chip, *label;
        unsigned lines;
    } * gpios;
    const struct api_device_line {
        unsigned chip; /* place in gpios */
        unsigned line;
        const char *target;
    } * lines; /* that targets use */
    unsigned n_captures, n_udcs, n_gpios, n_lines, left_out;
    bool kvm, qemu, tpm, bios, uefi, uefi_secure;
};

struct api_device_seen {
    const char *kind, *device;
    int works; /* 1 yes, 0 no, -1 not known */
    bool busy;
    const char *target, *why, *not_seen; /* "": none */
    const struct api_device_fact {
        const char *name, *text;
    } * facts;
    unsigned n_facts;
};

/* error: 0; -ENOENT: no such device; -EBUSY: another one is looked at; else it cannot be asked just now. One of the two
 * is there without an error; valid during the call. */
typedef void api_devices_done_fn(void *data, int error, const struct api_devices *list,
                                 const struct api_device_seen *seen);

struct api_devices_ops {
    void (*list)(void *context, api_devices_done_fn *done, void *data);
    /* kind: "capture", "udc", "gpio"; value as a configuration would name it. */
    void (*test)(void *context, const char *kind, const char *value, api_devices_done_fn *done, void *data);
};
