/* What the transport counts; for GET /statistics and the benches. */
#pragma once

#include <stdint.h>

#include "transport/console_wire.h"

struct server;

/* Upper ends, in microseconds of thread CPU time, of the histogram's buckets; the last one has none. */
#define TRANSPORT_BUCKETS 9
extern const uint32_t transport_bucket_us[TRANSPORT_BUCKETS - 1];

struct transport_statistics {
    /* One callback of the net thread: a libwebsockets callback, or one dispatch of core/loop. */
    uint64_t callbacks[TRANSPORT_BUCKETS];
    uint64_t callback_longest_us;
    uint64_t rounds; /* wake-ups of the net thread */

    uint64_t connections, redirects, refused; /* TLS ones taken in, plain ones redirected, turned away at the door */
    uint64_t evicted;                         /* of those taken in: silent strangers who made room */
    uint64_t limited;                         /* requests of who had too many */
    uint64_t requests, request_bytes, reply_bytes;

    uint32_t viewers; /* now */
    uint64_t updates, pieces, update_bytes;
    uint64_t class_bytes[CONSOLE_CLASSES]; /* of update_bytes */
    uint64_t header_bytes;   /* of update_bytes: made for one viewer alone; the rest is shared and never copied */
    uint64_t partial_writes; /* writes of which libwebsockets had to keep (and copy) a rest */
    uint64_t messages_in, protocol_errors;
};

/* Valid as long as the server. */
const struct transport_statistics *server_statistics(const struct server *self);
