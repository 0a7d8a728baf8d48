/* The USB/IP wire (Linux, Documentation/usb/usbip_protocol.rst), as the side that imports a device. Pure: bytes in,
 * bytes out; all numbers are big-endian. */
#pragma once

#include "core/wire.h"

#define USBIP_IMPORT_SIZE 40         /* what usbip_write_import writes */
#define USBIP_IMPORT_REPLY_SIZE 8    /* a refusal has nothing behind it, */
#define USBIP_IMPORT_DEVICE_SIZE 312 /* an acceptance this much */
#define USBIP_HEADER_SIZE 48         /* each message afterwards, with the data behind it */

enum usbip_speed { USBIP_SPEED_LOW = 1, USBIP_SPEED_FULL, USBIP_SPEED_HIGH, USBIP_SPEED_WIRELESS, USBIP_SPEED_SUPER };

struct usbip_device {
    char bus_id[32];
    uint32_t id; /* goes into each message */
    uint32_t speed;
};

void usbip_write_import(struct wire_writer *w, const char *bus_id);
/* 0; 1: the other side refuses (it has no such device, or somebody has it); -EBADMSG. */
int usbip_read_import_reply(struct wire_reader *r);
int usbip_read_import_device(struct wire_reader *r, struct usbip_device *ret);

struct usbip_submit {
    uint32_t sequence, device;
    uint8_t endpoint; /* with USB's direction bit, 0x80 */
    uint32_t length;  /* to be written (the data follows) or read at most */
    uint32_t interval;
    uint8_t setup[8];
};
void usbip_write_submit(struct wire_writer *w, const struct usbip_submit *submit);
void usbip_write_unlink(struct wire_writer *w, uint32_t sequence, uint32_t device, uint32_t which);

struct usbip_reply {
    bool unlinked; /* answers an unlink; else a submit */
    uint32_t sequence;
    int status;      /* 0 or -errno of Linux; of an unlink: 0 when the transfer had ended before */
    uint32_t length; /* moved; of a read, so much data follows */
};
/* USBIP_HEADER_SIZE bytes. -EBADMSG: it is neither reply. */
int usbip_read_reply(struct wire_reader *r, struct usbip_reply *ret);
