/* When a page that holds keys down has been silent for too long. A loop that comes late itself says nothing about the
 * page: signs of life may wait unread in its socket. Then it gets one more turn, in which they are read, and no second
 * one: keys are held for at most the limit, by how much the loop was late, and SILENCE_TURN_US. Pure: time is an
 * argument, in microseconds of CLOCK_MONOTONIC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SILENCE_LATE_US 5000
#define SILENCE_TURN_US 100000

struct silence {
    uint64_t due_us; /* when to ask silence_over */
    bool turn;       /* the one more turn runs */
};

/* A sign of life: the next one is due within limit_us. */
void silence_heard(struct silence *self, uint64_t now_us, uint64_t limit_us);

/* At due_us or later. true: the page is silent; false: ask again at the new due_us. */
bool silence_over(struct silence *self, uint64_t now_us);
