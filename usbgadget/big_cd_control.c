/* Endpoint 0: what the function is, and what the host does to it (Linux, usb/functionfs.h). */
#include "usbgadget/big_cd_internal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/functionfs.h>
#include <poll.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/wire.h"

#define INTERFACE_NAME "Virtual DVD-ROM"

static void interface(struct wire_writer *w)
{
    static const uint8_t bytes[] = {9,
                                    USB_DT_INTERFACE,
                                    0,
                                    0,
                                    2 /* endpoints */,
                                    8 /* mass storage */,
                                    6 /* SCSI, all commands */,
                                    0x50 /* bulk-only */,
                                    1 /* string */};
    wire_write_bytes(w, bytes, sizeof bytes);
}

/* The order decides the files: ep1 is bulk IN, ep2 bulk OUT. */
static void endpoints(struct wire_writer *w, uint16_t packet, bool super)
{
    static const uint8_t addresses[] = {0x81, 0x02};
    for (unsigned i = 0; i < sizeof addresses; i++) {
        wire_write_u8(w, 7);
        wire_write_u8(w, USB_DT_ENDPOINT);
        wire_write_u8(w, addresses[i]);
        wire_write_u8(w, USB_ENDPOINT_XFER_BULK);
        wire_write_le16(w, packet);
        wire_write_u8(w, 0);
        static const uint8_t companion[] = {6, USB_DT_SS_ENDPOINT_COMP, 15 /* packets in a burst */, 0, 0, 0};
        if (super)
            wire_write_bytes(w, companion, sizeof companion);
    }
}

static size_t write_functions(uint8_t *room, size_t size)
{
    struct wire_writer w = wire_writer_init(room, size);
    wire_write_le32(&w, FUNCTIONFS_DESCRIPTORS_MAGIC_V2);
    wire_write_le32(&w, 0); /* length, see below */
    wire_write_le32(&w, FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC | FUNCTIONFS_HAS_SS_DESC);
    wire_write_le32(&w, 3); /* descriptors at full, high and super speed */
    wire_write_le32(&w, 3);
    wire_write_le32(&w, 5);
    static const uint16_t packets[] = {64, 512, 1024};
    for (unsigned i = 0; i < 3; i++) {
        interface(&w);
        endpoints(&w, packets[i], i == 2);
    }
    size_t length = wire_written(&w);
    room[4] = (uint8_t)length;
    return length;
}

static size_t write_strings(uint8_t *room, size_t size)
{
    struct wire_writer w = wire_writer_init(room, size);
    wire_write_le32(&w, FUNCTIONFS_STRINGS_MAGIC);
    wire_write_le32(&w, 16 + 2 + sizeof INTERFACE_NAME);
    wire_write_le32(&w, 1);
    wire_write_le32(&w, 1);
    wire_write_le16(&w, 0x0409);
    wire_write_bytes(&w, INTERFACE_NAME, sizeof INTERFACE_NAME);
    return wire_written(&w);
}

int big_cd_write_descriptors(int ep0)
{
    uint8_t room[160];
    struct pollfd p = {.fd = ep0, .events = POLLIN | POLLOUT};
    if (fcntl(ep0, F_SETFL, fcntl(ep0, F_GETFL) | O_NONBLOCK) < 0 || poll(&p, 1, 0) < 0)
        return -errno;
    if (!(p.revents & POLLOUT) || p.revents & POLLIN)
        return 0; /* it waits for no descriptors: it has them */
    if (write(ep0, room, write_functions(room, sizeof room)) < 0 ||
        write(ep0, room, write_strings(room, sizeof room)) < 0)
        return -errno;
    return 0;
}

/* Using endpoint 0 in the direction that the host does not want makes it stall. */
static void refuse(int ep0, const struct usb_ctrlrequest *setup)
{
    uint8_t byte = 0;
    if (setup->bRequestType & USB_DIR_IN)
        (void)!read(ep0, &byte, 0);
    else
        (void)!write(ep0, &byte, 0);
}

static void on_setup(struct big_cd *self, const struct usb_ctrlrequest *setup)
{
    static const uint8_t max_lun = 0;
    uint8_t byte;
    switch (bulk_request(setup->bRequestType, setup->bRequest, le16toh(setup->wValue), le16toh(setup->wLength))) {
    case BULK_REQUEST_MAX_LUN:
        (void)!write(self->ep0, &max_lun, 1);
        break;
    case BULK_REQUEST_RESET:
        pthread_mutex_lock(&self->lock);
        big_cd_forget(self);
        if (self->up)
            big_cd_advance(self, clock_now_us());
        pthread_mutex_unlock(&self->lock);
        (void)!read(self->ep0, &byte, 0); /* the host goes on when it sees this answered */
        break;
    case BULK_REQUEST_OTHER:
        refuse(self->ep0, setup);
    }
}

static void on_configured(struct big_cd *self, bool up)
{
    pthread_mutex_lock(&self->lock);
    big_cd_forget(self);
    scsi_cd_reset(&self->scsi);
    if (up)
        self->pipe->ops->enabled(self->pipe);
    big_cd_set_up(self, up);
    pthread_mutex_unlock(&self->lock);
}

void big_cd_control(struct big_cd *self)
{
    struct usb_functionfs_event events[4];
    ssize_t n = read(self->ep0, events, sizeof events);
    for (size_t i = 0; n > 0 && i < (size_t)n / sizeof *events; i++) {
        switch (events[i].type) {
        case FUNCTIONFS_ENABLE: /* also after a reset of the bus: of what happened before only this may be left */
            on_configured(self, true);
            break;
        case FUNCTIONFS_DISABLE:
        case FUNCTIONFS_UNBIND:
            on_configured(self, false);
            break;
        case FUNCTIONFS_SETUP:
            on_setup(self, &events[i].u.setup);
            break;
        default:
            break;
        }
    }
}
