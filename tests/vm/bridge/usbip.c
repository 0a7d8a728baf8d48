#include "tests/vm/bridge/usbip.h"

#include <errno.h>
#include <string.h>

#define VERSION 0x0111
#define IMPORT_REQUEST 0x8003
#define IMPORT_REPLY 0x0003

enum { CMD_SUBMIT = 1, CMD_UNLINK, RET_SUBMIT, RET_UNLINK };

#define TRANSFER_IN 0x200          /* URB_DIR_IN of Linux */
#define NOT_ISOCHRONOUS 0xffffffff /* in place of a number of packets */

void usbip_write_import(struct wire_writer *w, const char *bus_id)
{
    char name[32] = "";
    memcpy(name, bus_id, strnlen(bus_id, sizeof name - 1));
    wire_write_be16(w, VERSION);
    wire_write_be16(w, IMPORT_REQUEST);
    wire_write_be32(w, 0);
    wire_write_bytes(w, name, sizeof name);
}

int usbip_read_import_reply(struct wire_reader *r)
{
    (void)wire_read_be16(r); /* versions differ between kernels and mean nothing */
    uint16_t code = wire_read_be16(r);
    uint32_t status = wire_read_be32(r);
    if (r->bad || code != IMPORT_REPLY)
        return -EBADMSG;
    return status != 0;
}

int usbip_read_import_device(struct wire_reader *r, struct usbip_device *ret)
{
    struct usbip_device device = {0};
    (void)wire_read_bytes(r, 256); /* its path in the other side's sysfs */
    const uint8_t *bus_id = wire_read_bytes(r, sizeof device.bus_id);
    uint32_t bus = wire_read_be32(r);
    uint32_t number = wire_read_be32(r);
    device.speed = wire_read_be32(r);
    (void)wire_read_bytes(r, 12); /* what the descriptors say better */
    if (r->bad)
        return -EBADMSG;
    memcpy(device.bus_id, bus_id, sizeof device.bus_id - 1);
    device.id = bus << 16 | number;
    *ret = device;
    return 0;
}

static void write_header(struct wire_writer *w, uint32_t command, uint32_t sequence, uint32_t device, uint8_t endpoint)
{
    wire_write_be32(w, command);
    wire_write_be32(w, sequence);
    wire_write_be32(w, device);
    wire_write_be32(w, endpoint >> 7);
    wire_write_be32(w, endpoint & 15);
}

void usbip_write_submit(struct wire_writer *w, const struct usbip_submit *submit)
{
    write_header(w, CMD_SUBMIT, submit->sequence, submit->device, submit->endpoint);
    wire_write_be32(w, submit->endpoint & 0x80 ? TRANSFER_IN : 0);
    wire_write_be32(w, submit->length);
    wire_write_be32(w, 0); /* start frame */
    wire_write_be32(w, NOT_ISOCHRONOUS);
    wire_write_be32(w, submit->interval);
    wire_write_bytes(w, submit->setup, sizeof submit->setup);
}

void usbip_write_unlink(struct wire_writer *w, uint32_t sequence, uint32_t device, uint32_t which)
{
    static const uint8_t padding[24];
    write_header(w, CMD_UNLINK, sequence, device, 0);
    wire_write_be32(w, which);
    wire_write_bytes(w, padding, sizeof padding);
}

int usbip_read_reply(struct wire_reader *r, struct usbip_reply *ret)
{
    struct usbip_reply reply = {0};
    uint32_t command = wire_read_be32(r);
    reply.sequence = wire_read_be32(r);
    (void)wire_read_bytes(r, 12); /* device, direction, endpoint: not filled in by every kernel */
    reply.status = (int32_t)wire_read_be32(r);
    reply.length = wire_read_be32(r);
    (void)wire_read_bytes(r, 20);
    if (r->bad || (command != RET_SUBMIT && command != RET_UNLINK))
        return -EBADMSG;
    reply.unlinked = command == RET_UNLINK;
    if (reply.unlinked)
        reply.length = 0;
    *ret = reply;
    return 0;
}
