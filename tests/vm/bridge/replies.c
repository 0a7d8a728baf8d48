/* What the gadget answers. */
#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "tests/vm/bridge/bridge_internal.h"

enum { DEVICE = 1, CONFIGURATION };

static uint8_t redir_status(int status)
{
    switch (status) {
    case 0:
        return usb_redir_success;
    case -ENOENT:
    case -ECONNRESET:
        return usb_redir_cancelled;
    case -EPIPE:
        return usb_redir_stall;
    case -EOVERFLOW:
        return usb_redir_babble;
    default:
        return usb_redir_ioerror;
    }
}

static void got_descriptor(struct bridge *self, const struct transfer *transfer, const struct usbip_reply *reply,
                           const uint8_t *bytes)
{
    if (reply->status != 0) {
        bridge_fail(self, "the gadget does not tell its descriptors");
        return;
    }
    if (transfer->id == DEVICE) {
        if (descriptor_read_device(bytes, reply->length, self->device.speed, &self->is.device) < 0)
            bridge_fail(self, "the gadget's device descriptor is no good");
        else
            bridge_ask_descriptor(self, CONFIGURATION, sizeof self->is.configuration);
        return;
    }
    memset(self->alternates, 0, sizeof self->alternates);
    if (reply->length > sizeof self->is.configuration ||
        descriptor_read_configuration(bytes, reply->length, self->alternates, &self->interfaces, &self->endpoints) <
            0) {
        bridge_fail(self, "the gadget's configuration descriptor is no good");
        return;
    }
    memcpy(self->is.configuration, bytes, reply->length);
    self->is.size = reply->length;
    self->described = true;
    bridge_announce(self);
}

static void configured(struct bridge *self, struct transfer *transfer, uint8_t status)
{
    if (status == usb_redir_success) {
        self->configured = transfer->configuration.configuration != 0;
        memset(self->alternates, 0, sizeof self->alternates);
        bridge_describe(self);
        bridge_receive_all(self);
    }
    bridge_answer(self, transfer, status);
}

static void alternate_set(struct bridge *self, struct transfer *transfer, uint8_t status)
{
    if (status == usb_redir_success && transfer->alternate.interface < INTERFACES_MAX) {
        self->alternates[transfer->alternate.interface] = transfer->alternate.alt;
        bridge_describe(self);
    }
    bridge_answer(self, transfer, status);
}

/* The parser copies what it is given; it only lacks the word const. */
static uint8_t *unconst(const uint8_t *bytes)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } u = {.in = bytes};
    return u.out;
}

static void got_interrupt(struct bridge *self, const struct transfer *transfer, uint8_t status,
                          const struct usbip_reply *reply, const uint8_t *bytes)
{
    struct usbredirparser *parser = redir_host_parser(self->machine);
    unsigned i = endpoint_index(transfer->endpoint);
    if (!self->receiving[i] || status == usb_redir_cancelled)
        return;
    if (status == usb_redir_success) {
        struct usb_redir_interrupt_packet_header packet = {
            .endpoint = transfer->endpoint, .status = status, .length = (uint16_t)reply->length};
        usbredirparser_send_interrupt_packet(parser, self->received++, &packet, unconst(bytes), (int)reply->length);
        bridge_receive(self, transfer->endpoint);
    } else { /* the protocol's way to say that receiving has stopped by itself */
        struct usb_redir_interrupt_receiving_status_header stopped = {.status = status, .endpoint = transfer->endpoint};
        self->receiving[i] = false;
        usbredirparser_send_interrupt_receiving_status(parser, 0, &stopped);
    }
}

static void got_data(struct bridge *self, struct transfer *transfer, uint8_t status, const struct usbip_reply *reply,
                     const uint8_t *bytes)
{
    struct usbredirparser *parser = redir_host_parser(self->machine);
    uint32_t data = transfer->endpoint & 0x80 ? reply->length : 0;
    uint8_t *in = data > 0 ? unconst(bytes) : NULL;
    if (transfer->kind == TRANSFER_CONTROL) {
        transfer->control.status = status;
        transfer->control.length = (uint16_t)reply->length;
        usbredirparser_send_control_packet(parser, transfer->id, &transfer->control, in, (int)data);
    } else if (transfer->kind == TRANSFER_BULK) {
        transfer->bulk.status = status;
        transfer->bulk.length = (uint16_t)reply->length;
        transfer->bulk.length_high = (uint16_t)(reply->length >> 16);
        usbredirparser_send_bulk_packet(parser, transfer->id, &transfer->bulk, in, (int)data);
    } else {
        bridge_answer(self, transfer, status);
    }
}

static void ended(struct bridge *self, struct transfer transfer, const struct usbip_reply *reply, const uint8_t *bytes)
{
    uint8_t status = redir_status(reply->status);
    if (transfer.kind == TRANSFER_DESCRIPTOR)
        got_descriptor(self, &transfer, reply, bytes);
    else if (!self->machine)
        return;
    else if (transfer.kind == TRANSFER_CONFIGURE)
        configured(self, &transfer, status);
    else if (transfer.kind == TRANSFER_ALTERNATE)
        alternate_set(self, &transfer, status);
    else if (transfer.kind == TRANSFER_INTERRUPT_IN)
        got_interrupt(self, &transfer, status, reply, bytes);
    else
        got_data(self, &transfer, status, reply, bytes);
}

static void imported(void *data, const struct usbip_device *device)
{
    struct bridge *self = data;
    self->device = *device;
    bridge_ask_descriptor(self, DEVICE, DESCRIPTOR_DEVICE_SIZE);
}

static bool has_data(void *data, uint32_t sequence)
{
    struct bridge *self = data;
    const struct transfer *transfer = transfers_by_sequence(&self->transfers, sequence);
    return transfer && transfer->endpoint & 0x80;
}

static void replied(void *data, const struct usbip_reply *reply, const uint8_t *bytes)
{
    struct bridge *self = data;
    struct transfer *transfer = reply->unlinked ? transfers_by_unlink(&self->transfers, reply->sequence)
                                                : transfers_by_sequence(&self->transfers, reply->sequence);
    if (!transfer)
        return;
    struct usbip_reply answer = *reply;
    struct transfer copy = *transfer;
    if (reply->unlinked) /* whatever its status: had the transfer ended by itself, its own answer stood before this */
        answer.status = -ECONNRESET;
    log_debug("bridge", "kind %d endpoint %02x: %d, %u bytes", copy.kind, copy.endpoint, answer.status, answer.length);
    transfer_remove(transfer);
    ended(self, copy, &answer, bytes);
    if (self->machine)
        redir_host_flush(self->machine);
}

static void closed(void *data, const char *why)
{
    bridge_fail(data, why);
}

const struct usbip_link_owner bridge_replies = {
    .imported = imported, .reply = replied, .closed = closed, .has_data = has_data};
