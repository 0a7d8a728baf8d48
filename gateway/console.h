/* Viewers: what transport's console sockets ask of the gateway (transport/console.h), the pictures they get, and who of
 * them may type. */
#pragma once

#include "gateway/gateway.h"
#include "transport/console.h"

extern const struct console_ops gateway_console_ops; /* its context is struct gateway */

/* A target's news for all of its viewers. */
void console_picture_changed(struct gateway_target *target); /* a picture or the signal */
void console_leds_changed(struct gateway_target *target);
void console_absolute_changed(struct gateway_target *target, bool absolute);
void console_tell_changed(struct gateway_target *target, uint8_t what);

struct console_statistics {
    uint64_t encodes, empty, stale, dropped, errors;
    uint64_t encode_us, longest_us, bytes, cells, cells_copied, cells_solid;
};
extern struct console_statistics console_statistics;
