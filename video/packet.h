/* Ref-counted bytes with room in front for a transport header, so that one encoded update is written to many viewers
 * without a copy. Filled by one thread, then immutable but for the headroom, which belongs to the net thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/ref.h"

#define PACKET_HEADROOM 48  /* for the websocket's header and the message's own */
#define PACKET_MAX 65536    /* payload bytes of one piece */
#define PACKET_MAX_PIECES 8 /* of one update */

struct packet {
    struct ref ref;
    size_t size, capacity;
    uint8_t *data; /* PACKET_HEADROOM writable bytes stand in front */
};

int packet_create(size_t capacity, struct packet **ret);
struct packet *packet_ref(struct packet *self);
struct packet *packet_unref(struct packet *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct packet, packet_unref)
