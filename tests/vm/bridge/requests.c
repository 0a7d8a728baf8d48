/* What the machine asks of the device. */
#include <stdlib.h>

#include "core/log.h"
#include "tests/vm/bridge/bridge_internal.h"

enum { REQUEST_SET_CONFIGURATION = 9, REQUEST_SET_INTERFACE = 11, TO_INTERFACE = 1 };

static struct usbredirparser *parser_of(struct bridge *self)
{
    return redir_host_parser(self->machine);
}

static void saw_hello(void *data, attr_unused struct usb_redir_hello_header *hello)
{
    struct bridge *self = data;
    self->greeted = true;
    bridge_announce(self);
}

static void saw_disconnect_ack(void *data)
{
    struct bridge *self = data;
    self->ack_wanted = false;
    bridge_announce(self);
}

static void saw_reset(void *data)
{
    struct bridge *self = data;
    /* The first reset after plugging in says nothing new to a device that has just come up. */
    if (!self->configured)
        return;
    log_debug("bridge", "the machine resets the bus");
    self->resetting = true;
    self->tries = 0;
    redir_host_pause(self->machine, true);
    loop_timer_arm_in(self->sweep, 0);
}

/* A transfer for the machine; one that finds no room is answered at once. */
static struct transfer *begin(struct bridge *self, struct transfer *wanted)
{
    struct transfer *transfer = transfers_add(&self->transfers, wanted->kind, wanted->endpoint, wanted->id);
    if (transfer) {
        wanted->sequence = transfer->sequence;
        *transfer = *wanted;
        return transfer;
    }
    log_warn("bridge", "%u transfers are under way; one more is refused", TRANSFERS_MAX);
    bridge_answer(self, wanted, usb_redir_ioerror);
    return NULL;
}

static void wants_configuration(void *data, uint64_t id, struct usb_redir_set_configuration_header *header)
{
    struct bridge *self = data;
    struct transfer *transfer =
        begin(self, &(struct transfer){.kind = TRANSFER_CONFIGURE, .id = id, .configuration = *header});
    const uint8_t setup[8] = {0, REQUEST_SET_CONFIGURATION, header->configuration};
    if (transfer)
        (void)bridge_submit(self, transfer, setup, 0, NULL);
}

static void asks_configuration(void *data, uint64_t id)
{
    struct bridge *self = data;
    struct usb_redir_configuration_status_header status = {
        .status = usb_redir_success, .configuration = self->configured ? self->is.configuration[5] : 0};
    usbredirparser_send_configuration_status(parser_of(self), id, &status);
}

static void wants_alternate(void *data, uint64_t id, struct usb_redir_set_alt_setting_header *header)
{
    struct bridge *self = data;
    struct transfer *transfer =
        begin(self, &(struct transfer){.kind = TRANSFER_ALTERNATE, .id = id, .alternate = *header});
    const uint8_t setup[8] = {TO_INTERFACE, REQUEST_SET_INTERFACE, header->alt, 0, header->interface};
    if (transfer)
        (void)bridge_submit(self, transfer, setup, 0, NULL);
}

static void asks_alternate(void *data, uint64_t id, struct usb_redir_get_alt_setting_header *header)
{
    struct bridge *self = data;
    struct usb_redir_alt_setting_status_header status = {.status = usb_redir_inval, .interface = header->interface};
    if (header->interface < INTERFACES_MAX) {
        status.status = usb_redir_success;
        status.alt = self->alternates[header->interface];
    }
    usbredirparser_send_alt_setting_status(parser_of(self), id, &status);
}

static void wants_interrupts(void *data, uint64_t id, struct usb_redir_start_interrupt_receiving_header *header)
{
    struct bridge *self = data;
    unsigned i = endpoint_index(header->endpoint);
    struct usb_redir_interrupt_receiving_status_header status = {.status = usb_redir_inval,
                                                                 .endpoint = header->endpoint};
    if (header->endpoint & 0x80 && self->endpoints.type[i] == usb_redir_type_interrupt) {
        status.status = usb_redir_success;
        self->receiving[i] = true;
        bridge_receive(self, header->endpoint);
    }
    usbredirparser_send_interrupt_receiving_status(parser_of(self), id, &status);
}

static void cancel(struct bridge *self, struct transfer *transfer)
{
    if (!self->gadget || transfer->unlink != 0)
        return;
    transfer->unlink = transfers_next_sequence(&self->transfers);
    if (usbip_link_unlink(self->gadget, transfer->unlink, self->device.id, transfer->sequence) < 0)
        bridge_fail(self, "the gadget takes nothing any more");
}

static void wants_no_interrupts(void *data, uint64_t id, struct usb_redir_stop_interrupt_receiving_header *header)
{
    struct bridge *self = data;
    struct usb_redir_interrupt_receiving_status_header status = {.status = usb_redir_success,
                                                                 .endpoint = header->endpoint};
    struct transfer *transfer = transfers_receiving(&self->transfers, header->endpoint);
    self->receiving[endpoint_index(header->endpoint)] = false;
    if (transfer)
        cancel(self, transfer);
    usbredirparser_send_interrupt_receiving_status(parser_of(self), id, &status);
}

static void wants_cancel(void *data, uint64_t id)
{
    struct bridge *self = data;
    struct transfer *transfer = transfers_by_id(&self->transfers, id);
    if (transfer)
        cancel(self, transfer);
}

static void wants_control(void *data, uint64_t id, struct usb_redir_control_packet_header *header, uint8_t *bytes,
                          int size)
{
    struct bridge *self = data;
    const uint8_t setup[8] = {
        header->requesttype,     header->request,
        (uint8_t)header->value,  (uint8_t)(header->value >> 8),
        (uint8_t)header->index,  (uint8_t)(header->index >> 8),
        (uint8_t)header->length, (uint8_t)(header->length >> 8),
    };
    struct transfer wanted = {
        .kind = TRANSFER_CONTROL, .id = id, .endpoint = header->requesttype & 0x80, .control = *header};
    if (!wanted.endpoint && size != header->length) {
        bridge_answer(self, &wanted, usb_redir_inval);
    } else {
        struct transfer *transfer = begin(self, &wanted);
        if (transfer)
            (void)bridge_submit(self, transfer, setup, header->length, bytes);
    }
    usbredirparser_free_packet_data(parser_of(self), bytes);
}

static void wants_bulk(void *data, uint64_t id, struct usb_redir_bulk_packet_header *header, uint8_t *bytes, int size)
{
    struct bridge *self = data;
    struct transfer wanted = {.kind = TRANSFER_BULK, .id = id, .endpoint = header->endpoint, .bulk = *header};
    uint32_t length = (uint32_t)header->length_high << 16 | header->length;
    if (!(header->endpoint & 0x80))
        length = (uint32_t)size;
    if (length > USBIP_DATA_MAX || self->endpoints.type[endpoint_index(header->endpoint)] != usb_redir_type_bulk) {
        bridge_answer(self, &wanted, usb_redir_inval);
    } else {
        struct transfer *transfer = begin(self, &wanted);
        if (transfer)
            (void)bridge_submit(self, transfer, NULL, length, bytes);
    }
    usbredirparser_free_packet_data(parser_of(self), bytes);
}

static void wants_interrupt(void *data, uint64_t id, struct usb_redir_interrupt_packet_header *header, uint8_t *bytes,
                            int size)
{
    struct bridge *self = data;
    struct transfer wanted = {.kind = TRANSFER_INTERRUPT_OUT, .id = id, .endpoint = header->endpoint};
    if (header->endpoint & 0x80) {
        bridge_answer(self, &wanted, usb_redir_inval);
    } else {
        struct transfer *transfer = begin(self, &wanted);
        if (transfer)
            (void)bridge_submit(self, transfer, NULL, (uint32_t)size, bytes);
    }
    usbredirparser_free_packet_data(parser_of(self), bytes);
}

static void wants_filter(attr_unused void *data, struct usbredirfilter_rule *rules, attr_unused int n)
{
    free(rules);
}

void bridge_request_functions(struct usbredirparser *parser)
{
    parser->hello_func = saw_hello;
    parser->device_disconnect_ack_func = saw_disconnect_ack;
    parser->reset_func = saw_reset;
    parser->set_configuration_func = wants_configuration;
    parser->get_configuration_func = asks_configuration;
    parser->set_alt_setting_func = wants_alternate;
    parser->get_alt_setting_func = asks_alternate;
    parser->start_interrupt_receiving_func = wants_interrupts;
    parser->stop_interrupt_receiving_func = wants_no_interrupts;
    parser->cancel_data_packet_func = wants_cancel;
    parser->control_packet_func = wants_control;
    parser->bulk_packet_func = wants_bulk;
    parser->interrupt_packet_func = wants_interrupt;
    parser->filter_filter_func = wants_filter;
}
