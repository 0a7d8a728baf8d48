/* The bridge's insides: bridge.c connects, unplugs and plugs in; requests.c takes what the machine wants; replies.c
 * what the gadget answers. */
#pragma once

#include "tests/vm/bridge/bridge.h"
#include "tests/vm/bridge/descriptors.h"
#include "tests/vm/bridge/redir_host.h"
#include "tests/vm/bridge/transfers.h"
#include "tests/vm/bridge/usbip_link.h"

#define ENDPOINTS 32

struct description {
    struct usb_redir_device_connect_header device;
    uint8_t configuration[DESCRIPTOR_CONFIGURATION_MAX];
    size_t size;
};

struct bridge {
    struct bridge_config config;
    struct loop *loop;
    struct loop_timer *retry; /* connects what is not connected, */
    struct loop_timer *sweep; /* and does what cannot be done from inside a peer's call */

    struct redir_host *machine;
    bool greeted;    /* the machine has said hello */
    bool announced;  /* it knows of the device, as `known` says */
    bool ack_wanted; /* it was told that the device left */
    bool machine_left;

    struct usbip_link *gadget;
    struct usbip_device device;
    bool configured;
    bool gadget_left;
    bool resetting; /* imported anew because the machine reset the bus */
    unsigned tries; /* since then */
    bool described; /* `is` is this gadget's */
    struct description is, known;
    uint8_t alternates[INTERFACES_MAX];
    struct usb_redir_interface_info_header interfaces;
    struct usb_redir_ep_info_header endpoints;

    bool receiving[ENDPOINTS]; /* the machine wants what this interrupt endpoint has */
    uint64_t received;
    struct transfers transfers;
};

/* Sends the transfer, with setup (8 bytes, or NULL) and, for a write, length bytes. False: the transfer is gone, and
 * who asked has been told. */
bool bridge_submit(struct bridge *self, struct transfer *transfer, const uint8_t *setup, uint32_t length,
                   const uint8_t *bytes);
/* Answers usbredir that a transfer ended without data; status of usbredir. */
void bridge_answer(struct bridge *self, struct transfer *transfer, uint8_t status);
void bridge_receive(struct bridge *self, uint8_t endpoint); /* keeps one transfer waiting there */
void bridge_receive_all(struct bridge *self);
void bridge_describe(struct bridge *self); /* tells the machine interfaces and endpoints */
void bridge_announce(struct bridge *self); /* when both sides are ready */
void bridge_ask_descriptor(struct bridge *self, uint8_t type, uint16_t length);
void bridge_fail(struct bridge *self, const char *why); /* the gadget talks nonsense */

void bridge_request_functions(struct usbredirparser *parser);
extern const struct usbip_link_owner bridge_replies;
