#include "gateway/console/silence.h"

void silence_heard(struct silence *self, uint64_t now_us, uint64_t limit_us)
{
    *self = (struct silence){.due_us = now_us + limit_us};
}

bool silence_over(struct silence *self, uint64_t now_us)
{
    if (self->turn || now_us < self->due_us + SILENCE_LATE_US)
        return true;
    *self = (struct silence){.due_us = now_us + SILENCE_TURN_US, .turn = true};
    return false;
}
