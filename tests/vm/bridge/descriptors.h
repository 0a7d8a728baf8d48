/* What a device says of itself (USB 2.0, 9.6), in the words of usbredir. Pure; the bytes come from a peer. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <usbredirproto.h>

#define DESCRIPTOR_DEVICE_SIZE 18
#define DESCRIPTOR_CONFIGURATION_MAX 4096
#define INTERFACES_MAX 32

/* Place of an endpoint (with its direction bit) in usbredir's tables. */
static inline unsigned endpoint_index(uint8_t endpoint)
{
    return (endpoint & 15U) | (endpoint & 0x80U) >> 3;
}

/* speed: of USB/IP. -EBADMSG: too short, or no device descriptor. */
int descriptor_read_device(const uint8_t *bytes, size_t size, uint32_t speed,
                           struct usb_redir_device_connect_header *ret);

/* Interfaces and endpoints of a configuration; alternates[n] says which setting of interface n counts. Endpoint 0 is
 * always there. -EBADMSG: no configuration descriptor, or its parts do not fit into each other. */
int descriptor_read_configuration(const uint8_t *bytes, size_t size, const uint8_t alternates[INTERFACES_MAX],
                                  struct usb_redir_interface_info_header *ret_interfaces,
                                  struct usb_redir_ep_info_header *ret_endpoints);
