/* Who may type on one target. At most one viewer holds the seat; the others see who. Pure: no time, no I/O; the caller
 * acts on what changed. A holder that goes away leaves the seat free. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SEAT_NAME_MAX 64

struct seat {
    uint32_t holder; /* viewer number, 0: free */
    char name[SEAT_NAME_MAX];
};

/* may_take: the viewer has the right to type. Taking a held seat moves it (the minimal rule of now: who takes, has it).
 * True: the holder changed, the former holder's keys must be released. */
bool seat_take(struct seat *self, uint32_t viewer, const char *name, bool may_take);
/* True when the viewer held it. */
bool seat_release(struct seat *self, uint32_t viewer);
bool seat_holds(const struct seat *self, uint32_t viewer);
