#include "tests/vm/bridge/bridge_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define RETRY_US 100000
#define RESET_RETRY_US 10000
#define RESET_TRIES 200

static const struct redir_host_owner machine_owner;

static struct usbredirparser *parser_of(struct bridge *self)
{
    return redir_host_parser(self->machine);
}

void bridge_answer(struct bridge *self, struct transfer *transfer, uint8_t status)
{
    struct usbredirparser *parser = parser_of(self);
    uint64_t id = transfer->id;
    if (transfer->kind == TRANSFER_CONTROL) {
        transfer->control.status = status;
        transfer->control.length = 0;
        usbredirparser_send_control_packet(parser, id, &transfer->control, NULL, 0);
    } else if (transfer->kind == TRANSFER_BULK) {
        transfer->bulk.status = status;
        transfer->bulk.length = transfer->bulk.length_high = 0;
        usbredirparser_send_bulk_packet(parser, id, &transfer->bulk, NULL, 0);
    } else if (transfer->kind == TRANSFER_INTERRUPT_OUT) {
        struct usb_redir_interrupt_packet_header packet = {.endpoint = transfer->endpoint, .status = status};
        usbredirparser_send_interrupt_packet(parser, id, &packet, NULL, 0);
    } else if (transfer->kind == TRANSFER_CONFIGURE) {
        struct usb_redir_configuration_status_header reply = {.status = status,
                                                              .configuration = transfer->configuration.configuration};
        usbredirparser_send_configuration_status(parser, id, &reply);
    } else if (transfer->kind == TRANSFER_ALTERNATE) {
        struct usb_redir_alt_setting_status_header reply = {
            .status = status, .interface = transfer->alternate.interface, .alt = transfer->alternate.alt};
        usbredirparser_send_alt_setting_status(parser, id, &reply);
    }
}

bool bridge_submit(struct bridge *self, struct transfer *transfer, const uint8_t *setup, uint32_t length,
                   const uint8_t *bytes)
{
    struct usbip_submit submit = {
        .sequence = transfer->sequence,
        .device = self->device.id,
        .endpoint = transfer->endpoint,
        .length = length,
        .interval = self->endpoints.interval[endpoint_index(transfer->endpoint)],
    };
    if (setup)
        memcpy(submit.setup, setup, sizeof submit.setup);
    int r = self->gadget && !self->gadget_left ? usbip_link_submit(self->gadget, &submit, bytes) : -ENOTCONN;
    if (r == 0)
        return true;
    if (self->machine)
        bridge_answer(self, transfer, usb_redir_ioerror);
    transfer_remove(transfer);
    return false;
}

void bridge_receive(struct bridge *self, uint8_t endpoint)
{
    if (!self->configured || transfers_receiving(&self->transfers, endpoint))
        return;
    struct transfer *transfer = transfers_add(&self->transfers, TRANSFER_INTERRUPT_IN, endpoint, 0);
    if (transfer)
        (void)bridge_submit(self, transfer, NULL, self->endpoints.max_packet_size[endpoint_index(endpoint)], NULL);
}

void bridge_receive_all(struct bridge *self)
{
    for (unsigned i = 16; i < ENDPOINTS; i++)
        if (self->receiving[i])
            bridge_receive(self, (uint8_t)(0x80 | (i & 15)));
}

void bridge_describe(struct bridge *self)
{
    struct description *is = &self->is;
    if (descriptor_read_configuration(is->configuration, is->size, self->alternates, &self->interfaces,
                                      &self->endpoints) < 0)
        return;
    usbredirparser_send_interface_info(parser_of(self), &self->interfaces);
    usbredirparser_send_ep_info(parser_of(self), &self->endpoints);
}

static void unplug(struct bridge *self)
{
    self->resetting = false;
    memset(self->receiving, 0, sizeof self->receiving);
    if (!self->machine || !self->announced)
        return;
    log_info("bridge", "the device is unplugged");
    usbredirparser_send_device_disconnect(parser_of(self));
    self->announced = false;
    self->ack_wanted = usbredirparser_peer_has_cap(parser_of(self), usb_redir_cap_device_disconnect_ack) != 0;
    redir_host_pause(self->machine, false);
    redir_host_flush(self->machine);
}

void bridge_announce(struct bridge *self)
{
    struct description *is = &self->is;
    if (!self->described)
        return;
    if (self->resetting) {
        if (is->size == self->known.size && memcmp(is->configuration, self->known.configuration, is->size) == 0 &&
            memcmp(&is->device, &self->known.device, sizeof is->device) == 0) {
            self->resetting = false;
            redir_host_pause(self->machine, false);
            return;
        }
        unplug(self); /* it is another one since the reset */
    }
    if (!self->machine || !self->greeted || self->announced || self->ack_wanted)
        return;
    log_info("bridge", "the device %04x:%04x with %u interfaces is plugged in", is->device.vendor_id,
             is->device.product_id, self->interfaces.interface_count);
    bridge_describe(self);
    usbredirparser_send_device_connect(parser_of(self), &is->device);
    self->announced = true;
    self->known = *is;
    redir_host_flush(self->machine);
}

void bridge_ask_descriptor(struct bridge *self, uint8_t type, uint16_t length)
{
    const uint8_t setup[8] = {0x80, 6, 0, type, 0, 0, (uint8_t)length, (uint8_t)(length >> 8)};
    struct transfer *transfer = transfers_add(&self->transfers, TRANSFER_DESCRIPTOR, 0x80, type);
    if (!transfer || !bridge_submit(self, transfer, setup, length, NULL))
        bridge_fail(self, "the gadget cannot be asked");
}

void bridge_fail(struct bridge *self, const char *why)
{
    if (self->gadget_left)
        return;
    if (self->described)
        log_info("bridge", "the gadget is gone: %s", why);
    self->gadget_left = true;
    loop_timer_arm_in(self->sweep, 0);
}

/* What was under way is over for the machine too: it hears of it, unless it is unplugged from it anyway. */
static void drop_gadget(struct bridge *self)
{
    for (unsigned i = 0; i < TRANSFERS_MAX; i++) {
        struct transfer *transfer = &self->transfers.all[i];
        if (transfer->kind != TRANSFER_FREE && self->machine && self->announced)
            bridge_answer(self, transfer, usb_redir_cancelled);
        transfer_remove(transfer);
    }
    self->gadget = usbip_link_destroy(self->gadget);
    self->described = self->configured = self->gadget_left = false;
}

static void drop_machine(struct bridge *self)
{
    log_info("bridge", "the machine has left");
    self->machine = redir_host_destroy(self->machine);
    self->greeted = self->announced = self->ack_wanted = self->machine_left = self->resetting = false;
    memset(self->receiving, 0, sizeof self->receiving);
}

static void sweep(void *data)
{
    struct bridge *self = data;
    if (self->machine_left) {
        drop_machine(self);
        drop_gadget(self); /* no machine, no power on the cable */
    }
    if (self->resetting && self->tries == 0) {
        drop_gadget(self);
    } else if (self->gadget_left) {
        drop_gadget(self);
        if (!self->resetting || self->tries > RESET_TRIES)
            unplug(self);
    }
    if (self->machine)
        redir_host_flush(self->machine);
    loop_timer_arm_in(self->retry, self->resetting ? RESET_RETRY_US : RETRY_US);
}

static void connect_both(void *data)
{
    struct bridge *self = data;
    if (!self->machine && redir_host_create(self->loop, self->config.socket, &machine_owner, self, &self->machine) == 0)
        log_info("bridge", "a machine is there");
    if (self->machine && !self->gadget) {
        self->tries++;
        if (usbip_link_create(self->loop, self->config.port, self->config.bus_id, &bridge_replies, self,
                              &self->gadget) < 0)
            self->gadget = NULL;
    }
    if (!self->machine || !self->gadget)
        loop_timer_arm_in(self->retry, RETRY_US);
}

static void machine_closed(void *data, attr_unused const char *why)
{
    struct bridge *self = data;
    self->machine_left = true;
    loop_timer_arm_in(self->sweep, 0);
}

static const struct redir_host_owner machine_owner = {
    .set_functions = bridge_request_functions,
    .closed = machine_closed,
};

int bridge_create(struct loop *loop, const struct bridge_config *config, struct bridge **ret)
{
    struct bridge *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->config = *config;
    self->loop = loop;
    int r = loop_timer_add(loop, connect_both, self, &self->retry);
    if (r == 0)
        r = loop_timer_add(loop, sweep, self, &self->sweep);
    if (r < 0) {
        bridge_destroy(self);
        return r;
    }
    loop_timer_arm_in(self->retry, 0);
    *ret = self;
    return 0;
}

struct bridge *bridge_destroy(struct bridge *self)
{
    if (!self)
        return NULL;
    redir_host_destroy(self->machine);
    usbip_link_destroy(self->gadget);
    loop_timer_remove(self->retry);
    loop_timer_remove(self->sweep);
    free(self);
    return NULL;
}
