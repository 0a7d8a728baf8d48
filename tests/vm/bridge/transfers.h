/* The transfers that are under way between the two sides, in a table of fixed size. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <usbredirproto.h>

#define TRANSFERS_MAX 256

enum transfer_kind {
    TRANSFER_FREE,
    TRANSFER_CONTROL,
    TRANSFER_BULK,
    TRANSFER_INTERRUPT_OUT,
    TRANSFER_INTERRUPT_IN, /* always one of an endpoint that is received from */
    TRANSFER_CONFIGURE,
    TRANSFER_ALTERNATE,
    TRANSFER_DESCRIPTOR, /* the bridge's own */
};

struct transfer {
    enum transfer_kind kind;
    uint32_t sequence; /* of USB/IP */
    uint32_t unlink;   /* sequence of the unlink that was sent for it, or 0 */
    uint64_t id;       /* of usbredir */
    uint8_t endpoint;
    union {
        struct usb_redir_control_packet_header control;
        struct usb_redir_bulk_packet_header bulk;
        struct usb_redir_set_configuration_header configuration;
        struct usb_redir_set_alt_setting_header alternate;
    };
};

struct transfers {
    struct transfer all[TRANSFERS_MAX];
    uint32_t last_sequence; /* goes on for ever, so that a late reply meets no other transfer */
};

/* A transfer with a sequence of its own; NULL: the table is full. */
struct transfer *transfers_add(struct transfers *self, enum transfer_kind kind, uint8_t endpoint, uint64_t id);
static inline void transfer_remove(struct transfer *transfer)
{
    transfer->kind = TRANSFER_FREE;
}
/* Unlinks have sequences too. Never 0. */
uint32_t transfers_next_sequence(struct transfers *self);
/* NULL: there is none. */
struct transfer *transfers_by_sequence(struct transfers *self, uint32_t sequence);
struct transfer *transfers_by_unlink(struct transfers *self, uint32_t sequence);
struct transfer *transfers_by_id(struct transfers *self, uint64_t id);          /* of control, bulk and interrupt-out */
struct transfer *transfers_receiving(struct transfers *self, uint8_t endpoint); /* not those being unlinked */
