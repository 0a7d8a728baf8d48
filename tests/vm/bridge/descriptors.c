#include "tests/vm/bridge/descriptors.h"

#include <errno.h>
#include <string.h>

#include "core/wire.h"
#include "tests/vm/bridge/usbip.h"

enum { TYPE_DEVICE = 1, TYPE_CONFIGURATION, TYPE_INTERFACE = 4, TYPE_ENDPOINT };

static uint8_t redir_speed(uint32_t speed)
{
    switch (speed) {
    case USBIP_SPEED_LOW:
        return usb_redir_speed_low;
    case USBIP_SPEED_FULL:
        return usb_redir_speed_full;
    case USBIP_SPEED_HIGH:
        return usb_redir_speed_high;
    default:
        return usb_redir_speed_super;
    }
}

int descriptor_read_device(const uint8_t *bytes, size_t size, uint32_t speed,
                           struct usb_redir_device_connect_header *ret)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    struct usb_redir_device_connect_header device = {.speed = redir_speed(speed)};
    uint8_t length = wire_read_u8(&r);
    uint8_t type = wire_read_u8(&r);
    (void)wire_read_le16(&r); /* bcdUSB */
    device.device_class = wire_read_u8(&r);
    device.device_subclass = wire_read_u8(&r);
    device.device_protocol = wire_read_u8(&r);
    (void)wire_read_u8(&r); /* packet size of endpoint 0 */
    device.vendor_id = wire_read_le16(&r);
    device.product_id = wire_read_le16(&r);
    device.device_version_bcd = wire_read_le16(&r);
    if (r.bad || length < DESCRIPTOR_DEVICE_SIZE || type != TYPE_DEVICE)
        return -EBADMSG;
    *ret = device;
    return 0;
}

/* -1: this alternate setting does not count; else the interface's number. */
static int read_interface(struct wire_reader *r, const uint8_t alternates[INTERFACES_MAX],
                          struct usb_redir_interface_info_header *interfaces)
{
    uint8_t number = wire_read_u8(r);
    uint8_t alternate = wire_read_u8(r);
    (void)wire_read_u8(r); /* number of endpoints */
    uint32_t n = interfaces->interface_count;
    if (number >= INTERFACES_MAX || alternate != alternates[number] || n >= INTERFACES_MAX)
        return -1;
    interfaces->interface[n] = number;
    interfaces->interface_class[n] = wire_read_u8(r);
    interfaces->interface_subclass[n] = wire_read_u8(r);
    interfaces->interface_protocol[n] = wire_read_u8(r);
    interfaces->interface_count++;
    return number;
}

static void read_endpoint(struct wire_reader *r, int interface, struct usb_redir_ep_info_header *endpoints)
{
    unsigned i = endpoint_index(wire_read_u8(r));
    endpoints->type[i] = wire_read_u8(r) & 3;
    endpoints->max_packet_size[i] = wire_read_le16(r);
    endpoints->interval[i] = wire_read_u8(r);
    endpoints->interface[i] = (uint8_t)interface;
}

int descriptor_read_configuration(const uint8_t *bytes, size_t size, const uint8_t alternates[INTERFACES_MAX],
                                  struct usb_redir_interface_info_header *ret_interfaces,
                                  struct usb_redir_ep_info_header *ret_endpoints)
{
    struct wire_reader all = wire_reader_init(bytes, size);
    struct usb_redir_interface_info_header interfaces = {0};
    struct usb_redir_ep_info_header endpoints = {0};
    int interface = -1;

    memset(endpoints.type, usb_redir_type_invalid, sizeof endpoints.type);
    for (unsigned i = 0; i <= 16; i += 16) {
        endpoints.type[i] = usb_redir_type_control;
        endpoints.max_packet_size[i] = 64;
    }
    if (size < 9 || bytes[1] != TYPE_CONFIGURATION)
        return -EBADMSG;
    while (all.left > 0) {
        uint8_t length = wire_read_u8(&all);
        struct wire_reader one = wire_read_sub(&all, length > 0 ? length - 1U : SIZE_MAX);
        uint8_t type = wire_read_u8(&one);
        if (type == TYPE_INTERFACE)
            interface = read_interface(&one, alternates, &interfaces);
        else if (type == TYPE_ENDPOINT && interface >= 0)
            read_endpoint(&one, interface, &endpoints);
        if (all.bad || one.bad)
            return -EBADMSG;
    }
    *ret_interfaces = interfaces;
    *ret_endpoints = endpoints;
    return 0;
}
