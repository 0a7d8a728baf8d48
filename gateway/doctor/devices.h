/* What this machine has for targets: capture devices, USB device controllers, GPIO lines, and what virtual machines
 * need. Read from /sys and the links below /dev alone: nothing is opened, so that no target that uses one notices.
 * Whoever offers devices to people, or takes one from them, compares with this list (devices_have). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DEVICES_MAX 32 /* of each kind; further ones are left out */
#define DEVICE_PATH_MAX 256
#define DEVICE_TEXT_MAX 64

struct device_capture {
    char node[DEVICE_PATH_MAX];   /* "/dev/video0" */
    char stable[DEVICE_PATH_MAX]; /* below /dev/v4l/by-path or by-id: the same after a restart; "" when there is none */
    char card[DEVICE_TEXT_MAX];   /* as the driver calls it */
    char driver[DEVICE_TEXT_MAX]; /* "" when it is not known */
};

struct device_udc {
    char name[DEVICE_TEXT_MAX];   /* in /sys/class/udc */
    char state[DEVICE_TEXT_MAX];  /* "not attached", "configured" ... as the kernel says */
    char gadget[DEVICE_TEXT_MAX]; /* the driver bound to it, "" when it is free */
};

struct device_gpio {
    char chip[DEVICE_TEXT_MAX]; /* "gpiochip0" */
    char label[DEVICE_TEXT_MAX];
    unsigned lines; /* 0: not known */
};

struct devices {
    struct device_capture captures[DEVICES_MAX];
    struct device_udc udcs[DEVICES_MAX];
    struct device_gpio gpios[DEVICES_MAX];
    unsigned n_captures, n_udcs, n_gpios;
    bool kvm, qemu, tpm;          /* /dev/kvm; QEMU and swtpm are installed */
    bool bios, uefi, uefi_secure; /* firmware files are */
};

enum device_kind { DEVICE_CAPTURE, DEVICE_UDC, DEVICE_GPIO };

/* root: "" for this machine; tests give a folder that has sys/ and dev/. Blocks for a few milliseconds. */
void devices_list(const char *root, struct devices *ret);

/* Whether a value of the configuration names one of the list: a capture device by node or stable path, a controller by
 * its name ("auto" always), a line as "CHIP:LINE" with an optional ",active-low", by the chip's name or label. Pure. */
bool devices_have(const struct devices *self, enum device_kind kind, const char *value);
/* The same as a place in the list of its kind, -1: none. "auto" is the first controller. */
int devices_find(const struct devices *self, enum device_kind kind, const char *value);

/* The first line of a file of /sys; "" when it cannot be read. */
void device_read_line(const char *path, char *room, size_t size);
