/* What supervisor and gateway say to each other of the wall clock. Pure. */
#pragma once

#include "core/wire.h"

/* CONTROL_CLOCK: by itself with serial 0, and with its serial as the answer to CONTROL_SET_CLOCK. */
struct control_clock {
    bool synchronised;
    int32_t error; /* of the answer: 0 or -errno */
    char why[256]; /* sentence */
};

void control_write_clock(struct wire_writer *w, const struct control_clock *m);
bool control_read_clock(const uint8_t *body, size_t size, struct control_clock *ret); /* false: malformed */

/* CONTROL_SET_CLOCK: microseconds since 1970. */
void control_write_set_clock(struct wire_writer *w, uint64_t us);
bool control_read_set_clock(const uint8_t *body, size_t size, uint64_t *ret);
