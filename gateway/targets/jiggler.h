/* Keeps a target awake: when nobody has typed or pointed for so long, the pointer is moved a little, and at once back.
 * Pure: time is a parameter (microseconds of one clock that never goes back). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum jiggler_move { JIGGLER_NOTHING, JIGGLER_AWAY, JIGGLER_BACK };

struct jiggler {
    uint64_t every_us; /* 0: off */
    uint64_t quiet_us; /* when it was used last, by people or by itself */
    bool away;         /* the way back is owed */
};

void jiggler_set(struct jiggler *self, unsigned seconds, uint64_t now_us);
/* Somebody typed or pointed, or a text or macro does. */
void jiggler_used(struct jiggler *self, uint64_t now_us);
/* What is to be done now. awake: the target is on and does not sleep; else nothing is done, and time begins anew. */
enum jiggler_move jiggler_tick(struct jiggler *self, bool awake, uint64_t now_us);
/* When to tick next; UINT64_MAX: never. */
uint64_t jiggler_next_us(const struct jiggler *self);
