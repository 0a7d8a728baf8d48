/* What gateway and helper say to each other over core/ipc. The helper is root: every message names a target and a drive
 * by its index and nothing by a path; lengths, indexes and ranges are checked by the receiver, once. Packing and
 * unpacking are pure.
 *
 * Questions have a serial; each is answered by HELPER_ANSWER with the same one. The helper says HELPER_STATE by itself
 * whenever something of a target changed. */
#pragma once

#include "core/ipc.h"
#include "core/wire.h"
#include "manage/front_panel.h"
#include "usbgadget/gadget.h"

#define HELPER_WHY 256

enum helper_type {
    HELPER_ANSWER = 1,        /* struct helper_answer; descriptors as the question says */
    HELPER_STATE,             /* struct helper_state */
    HELPER_OPEN_CAPTURE = 64, /* struct helper_target: descriptors video, then in `have` order heap and media */
    HELPER_OPEN_SUBDEVS,      /* struct helper_target: up to IPC_MAX_FDS subdevices of the receiver */
    HELPER_GADGET_UP,   /* struct helper_up: answered by descriptors of the HIDs that there are (helper_answer.have) */
    HELPER_GADGET_DOWN, /* struct helper_target */
    HELPER_FFS_BEGIN,   /* struct helper_target: answered by ep0; before GADGET_UP */
    HELPER_FFS_ENDPOINTS, /* struct helper_target: bulk in, bulk out, and ep0 for a gateway that did not begin it; after
                             GADGET_UP */
    HELPER_DRIVE_INSERT,  /* struct helper_insert, one descriptor: the NBD socket */
    HELPER_DRIVE_RECONNECT, /* struct helper_drive, one descriptor */
    HELPER_DRIVE_EJECT,     /* struct helper_drive */
    HELPER_PRESS,           /* struct helper_press: answered when the press has ended */
    HELPER_DESCRIBE,        /* struct helper_target: answered with struct helper_answer.text for doctor */
    HELPER_NAME,  /* struct helper_name: which of its dongles a number means in this channel, before all else */
    HELPER_AGAIN, /* no body: it reads its configuration anew; dongles that have changed are made anew */
    HELPER_LAST = HELPER_AGAIN,
};

/* The supervisor's one message to a helper that it started: a descriptor, the channel to a new gateway. */
enum { HELPER_PEER = 1 };

/* Where a helper that the service manager starts listens, SOCK_SEQPACKET, one gateway at a time. */
#define HELPER_SOCKET "/run/lightsout/helper.sock"

struct helper_target {
    uint16_t target;
};

/* answered with -ENODEV when there is none of that name (yet): HELPER_AGAIN looks once more. */
struct helper_name {
    uint16_t target;
    char name[64];
};

struct helper_up {
    uint16_t target;
    uint8_t personality; /* enum personality */
    uint8_t media;       /* bit i: drive i has a medium */
    bool keep;           /* bound like this already: left as it is, only the descriptors are wanted */
};

struct helper_drive {
    uint16_t target;
    uint8_t drive;
    bool force;
};

/* Of the transmission flags (the NBD protocol's specification, "Transmission flags") those that the kernel's block
 * device knows: has flags, read-only, flush, FUA, trim, several connections. Our server may offer more, such as zeroes.
 */
#define HELPER_NBD_FLAGS (1u | 2u | 4u | 8u | 32u | 256u)

struct helper_insert {
    uint16_t target;
    uint8_t drive;
    uint64_t size;
    uint16_t flags; /* NBD_FLAG_* */
    bool cdrom, read_only;
};

struct helper_press {
    uint16_t target;
    uint8_t button; /* enum front_panel_button */
    uint16_t milliseconds;
};

struct helper_answer {
    int32_t error;        /* 0 or -errno */
    uint8_t have;         /* bits: which of the things asked for the descriptors are, in order */
    char why[HELPER_WHY]; /* sentence when error < 0, or what was left out */
    char text[2048];      /* HELPER_DESCRIBE */
};

enum { HELPER_LED_KNOWN = 1, HELPER_LED_ON = 2 };

struct helper_state {
    uint16_t target;
    uint8_t udc;      /* enum helper_udc */
    uint32_t changes; /* of the controller's state so far: a host that resets us ends where it began */
    bool bound, wakeup;
    uint8_t personality;
    uint8_t loaded;                 /* bit i: LUN i has a medium */
    uint8_t attached;               /* bit i: drive i has a block device of ours behind it */
    uint8_t functions;              /* bit 1 << enum gadget_function: bound */
    uint8_t leds[FRONT_PANEL_LEDS]; /* HELPER_LED_* */
    uint8_t buttons;                /* bit: wired */
    struct left_out left_out;       /* of the gadget_description */
    char trouble[HELPER_WHY];       /* why there can be no gadget; "" */
};

enum helper_udc {
    HELPER_UDC_GONE,
    HELPER_UDC_NOT_ATTACHED,
    HELPER_UDC_POWERED, /* attached, powered, default, addressed */
    HELPER_UDC_CONFIGURED,
    HELPER_UDC_SUSPENDED,
};

void helper_write_name(struct wire_writer *w, const struct helper_name *m);
void helper_write_target(struct wire_writer *w, const struct helper_target *m);
void helper_write_up(struct wire_writer *w, const struct helper_up *m);
void helper_write_drive(struct wire_writer *w, const struct helper_drive *m);
void helper_write_insert(struct wire_writer *w, const struct helper_insert *m);
void helper_write_press(struct wire_writer *w, const struct helper_press *m);
void helper_write_answer(struct wire_writer *w, const struct helper_answer *m);
void helper_write_state(struct wire_writer *w, const struct helper_state *m);

/* False: malformed or out of range. */
bool helper_read_name(const uint8_t *body, size_t size, struct helper_name *ret);
bool helper_read_target(const uint8_t *body, size_t size, struct helper_target *ret);
bool helper_read_up(const uint8_t *body, size_t size, struct helper_up *ret);
bool helper_read_drive(const uint8_t *body, size_t size, struct helper_drive *ret);
bool helper_read_insert(const uint8_t *body, size_t size, struct helper_insert *ret);
bool helper_read_press(const uint8_t *body, size_t size, struct helper_press *ret);
bool helper_read_answer(const uint8_t *body, size_t size, struct helper_answer *ret);
bool helper_read_state(const uint8_t *body, size_t size, struct helper_state *ret);
