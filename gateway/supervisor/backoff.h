/* How long to wait before something that ended is started again. Pure: time is a parameter. */
#pragma once

#include <stdint.h>

struct backoff {
    uint64_t first_us, longest_us; /* the first delay, doubled each time up to the longest */
    uint64_t good_us;              /* what ran this long is started again as if for the first time */
    unsigned failures;
};

/* The delay after an end at now_us of what was started at started_us. */
static inline uint64_t backoff_next(struct backoff *self, uint64_t started_us, uint64_t now_us)
{
    if (now_us - started_us >= self->good_us)
        self->failures = 0;
    uint64_t delay = self->first_us;
    for (unsigned i = 0; i < self->failures && delay < self->longest_us; i++)
        delay *= 2;
    self->failures++;
    return delay < self->longest_us ? delay : self->longest_us;
}
