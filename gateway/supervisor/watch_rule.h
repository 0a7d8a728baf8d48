/* Whether a process of ours is stuck: it gave signs of life, and has given none for so long while we looked in time.
 * Where we ourselves looked late, the machine slept, was stopped or is crowded, and nothing is said of anybody until a
 * whole time of patience has passed again. Pure: time is a parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WATCH_LOOK_US 250000
#define WATCH_LATE_US 1000000 /* between two looks: we were not there */

struct watch_rule {
    uint64_t patience_us;
    bool alive;        /* it has given a sign since it began */
    uint64_t heard_us; /* the last one, or when we were back */
    uint64_t looked_us;
};

static inline void watch_begin(struct watch_rule *self, uint64_t patience_us, uint64_t now_us)
{
    *self = (struct watch_rule){.patience_us = patience_us, .looked_us = now_us};
}

static inline void watch_heard(struct watch_rule *self, uint64_t now_us)
{
    self->alive = true;
    self->heard_us = now_us;
}

/* To be asked every WATCH_LOOK_US. True: it is stuck. */
static inline bool watch_look(struct watch_rule *self, uint64_t now_us)
{
    bool late = now_us - self->looked_us >= WATCH_LATE_US;
    self->looked_us = now_us;
    if (late)
        self->heard_us = now_us;
    return self->alive && now_us - self->heard_us >= self->patience_us;
}
