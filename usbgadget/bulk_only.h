/* USB Mass Storage Class, Bulk-Only Transport 1.0, the device's side: which transfer comes next. Pure: the owner does
 * the transfers and tells how they ended. Section numbers are those of the specification.
 *
 * Where less is sent than the host expects the data ends with a short or an empty packet, not with a halted endpoint:
 * 6.7.2 allows both, and simple firmware never clears a halt. Only a wrapper that is not valid halts (6.6.1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BULK_CBW 31
#define BULK_CSW 13
#define BULK_CDB 16
/* Read at least that many bytes at a time from bulk OUT: one packet at any speed. */
#define BULK_PACKET 1024

enum bulk_state {
    BULK_IDLE,     /* the next transfer on bulk OUT is a wrapper: bulk_received */
    BULK_COMMAND,  /* carry out cdb on lun: bulk_answer */
    BULK_DATA_IN,  /* send `transfer` bytes, and an empty packet behind where bulk_ends_empty says so: bulk_sent */
    BULK_DATA_OUT, /* take `left` bytes from bulk OUT, whatever they are: bulk_received */
    BULK_STATUS,   /* send what bulk_status writes: bulk_status_sent */
    BULK_HALT,     /* halt bulk IN: bulk_halted */
    BULK_DEAD,     /* read bulk OUT and throw away what comes: bulk_received; only bulk_reset helps (5.3.4) */
};

/* What a device has to do with a command's data. */
enum bulk_direction { BULK_NONE, BULK_IN, BULK_OUT };

struct bulk {
    enum bulk_state state;
    uint8_t cdb[BULK_CDB]; /* zeros behind a shorter one */
    uint8_t lun;
    uint32_t tag, expected; /* as the host said them */
    bool host_sends;
    uint32_t transfer; /* BULK_DATA_IN: how much */
    uint32_t left;     /* BULK_DATA_OUT: how much is still to come */
    uint32_t residue;
    bool failed, phase_error;
};

void bulk_init(struct bulk *self);
/* Bulk-Only Mass Storage Reset (3.1), a bus reset, a new configuration: whatever was going on is forgotten. */
void bulk_reset(struct bulk *self);

/* A transfer on bulk OUT ended with so many bytes; short: it was ended by the host, not by the room. */
void bulk_received(struct bulk *self, const uint8_t *bytes, size_t size, bool is_short);

/* The command is understood: the device would send (or take) so many bytes; failed: and ends with a check condition.
 * Decides by the thirteen cases of 6.7. */
void bulk_answer(struct bulk *self, enum bulk_direction direction, uint64_t size, bool failed);

/* The data is sent, or as much of it as there will be. failed: the command failed meanwhile. */
void bulk_sent(struct bulk *self, uint32_t size, bool failed);
/* An empty packet has to end data of which so much was sent; packet: bytes of the endpoint's packets. */
bool bulk_ends_empty(const struct bulk *self, uint32_t sent, unsigned packet);

void bulk_status(const struct bulk *self, uint8_t ret[BULK_CSW]);
void bulk_status_sent(struct bulk *self);
void bulk_halted(struct bulk *self);

/* Class requests on endpoint 0 (3.1, 3.2). */
enum bulk_request { BULK_REQUEST_OTHER, BULK_REQUEST_RESET, BULK_REQUEST_MAX_LUN };
enum bulk_request bulk_request(uint8_t type, uint8_t request, uint16_t value, uint16_t length);
