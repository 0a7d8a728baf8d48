/* A USB gadget in configfs: libusbgx for what it knows, our own attribute writer for the rest. Files of configfs differ
 * between kernels: they are looked for, never assumed. The helper's (root), one thread. */
#pragma once

#include "usbgadget/personality.h"

struct gadget;

struct gadget_config {
    const char *name; /* folder in configfs, "lightsout-" + target; a left-over one of this name is removed first */
    const char *udc;  /* name in /sys/class/udc; "": the first that no other gadget has */
    uint16_t vendor, product, release;
    const char *manufacturer, *product_name, *serial; /* serial: distinct for each device */
    const char *configuration;                        /* string of the one configuration */
    unsigned max_power_ma;
    const char *inquiry[GADGET_LUNS]; /* SCSI INQUIRY: vendor (8), product (16), revision (4), in fixed columns */
    bool wakeup;                      /* remote wake-up offered, where the kernel has it */
    bool empty_drives;                /* shown; else withdrawn */
    bool big_cd;
    bool led_endpoint; /* the keyboard's LED report by an OUT endpoint of its own, where one can be spared. Keyboards of
                          the shops have none, and firmware sets LEDs over endpoint 0, which this would stall */
    bool ffs_ready;    /* gadget_prepare_ffs was called for this name, in this process */
    unsigned luns;     /* of the kernel's mass storage, from 0 on: 0 to GADGET_LUNS */
    unsigned endpoints_in, endpoints_out; /* of the UDC besides endpoint 0, where it is known better than to our table;
                                             0: what the table says */
};

/* For a process that is going to forbid itself to mount (Landlock): makes the gadget's folder with its FunctionFS and
 * mounts that, once. It stays so over gadget_up, gadget_down and gadget_destroy; the mount ends with the process's
 * mount namespace, or with the next call. Removes what an earlier run left behind. -ENOENT: no configfs, no
 * libcomposite or no usb_f_fs; -EPERM. */
int gadget_prepare_ffs(const char *name);

/* Finds UDC, functions and endpoints; removes what an earlier run left behind. Nothing is bound yet. -ENOENT: no
 * configfs or no libcomposite; -ENODEV: no such UDC; -EBUSY: another gadget has it. why: sentence with the remedy. */
int gadget_create(const struct gadget_config *config, struct gadget **ret, char *why, size_t why_size);
struct gadget *gadget_destroy(struct gadget *self); /* unbinds and removes it; NULL allowed; returns NULL */

/* Builds and binds. Bound already: unbinds first (the target sees the device leave and return). media: whether drive i
 * has a medium, for withdrawing. A UDC that refuses (halting endpoints, too many endpoints) is tried again with less;
 * gadget_describe tells. */
int gadget_up(struct gadget *self, enum personality personality, const bool media[GADGET_LUNS], char *why,
              size_t why_size);
void gadget_down(struct gadget *self);

struct gadget_description {
    bool bound;
    enum personality personality;
    char udc[64];
    struct left_out left_out;
    unsigned in, out; /* endpoints used */
    bool has[GADGET_FUNCTIONS];
    bool led_endpoint, stall, wakeup; /* as it was possible */
    char kernel[256];                 /* what this kernel's configfs lacks, for doctor */
};
void gadget_describe(const struct gadget *self, struct gadget_description *ret);

/* Opens the report device of a HID function, O_RDWR | O_NONBLOCK. -ENOENT: not part of what is bound. */
int gadget_open_hid(struct gadget *self, enum gadget_function hid);
/* A descriptor to poll for EPOLLPRI: the UDC's state changed; then read it, or it stays so. gadget_state: "not
 * attached", "attached", "powered", "default", "addressed", "configured", "suspended"; "gone" when the UDC is no longer
 * there. */
int gadget_open_state(struct gadget *self);
const char *gadget_state(struct gadget *self, char *room, size_t size);

/* FunctionFS of GADGET_BIG_CD. Not bound with it: unbinds, and gives fds[0], endpoint 0 (O_RDWR), to which the owner
 * writes descriptors before gadget_up; without, gadget_up leaves that drive out. Bound: gives fds[1], bulk IN, and
 * fds[2], bulk OUT, for which they must be described in this order. The others are -1. The owner closes all of them
 * after gadget_down and before the next call: a gadget whose endpoint 0 is closed is unbound by the kernel. -ENOTSUP:
 * the kernel has none. */
int gadget_open_ffs(struct gadget *self, int fds[3]);

/* Drives: LUN i of the kernel's mass storage. path: the block device (or file) that backs it. Lun 0 starts as a CD-ROM,
 * lun 1 as a disk; a target that is up has already looked which is which, so another kind is for before gadget_up.
 * Drives that are not shown now, withdrawn or not of this personality, take and give media all the same, and media stay
 * in over gadget_up and gadget_down.
 *
 * insert: in place of what is in. -EBUSY: the target holds the door, the old medium stays in (eject with `force` takes
 * it out all the same); -ENOENT and the like: path cannot be opened, the old medium stays in; -EFBIG: a CD above
 * BIG_CD_KERNEL_LIMIT; -ERANGE: too small (300 blocks for a CD); -EINVAL: not a multiple of the block (2048, disks
 * 512). Kind and read_only change only while the LUN is empty, which this sees to. Closing a writable medium waits
 * until it is written. */
int gadget_lun_insert(struct gadget *self, unsigned lun, const char *path, bool cdrom, bool read_only);
/* 0: it is empty now. -EBUSY: the target holds the door, and force was not said (or this kernel has no way). */
int gadget_lun_eject(struct gadget *self, unsigned lun, bool force);
/* 1: a medium is in; 0: empty, the target may have ejected it; -errno. Asks the kernel each time. */
int gadget_lun_loaded(struct gadget *self, unsigned lun);
