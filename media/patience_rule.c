#include "media/patience_rule.h"

#include <errno.h>

bool patience_bears(int error)
{
    switch (error) {
    case -ENOTCONN:
    case -ETIMEDOUT:
    case -ECONNRESET:
    case -EPIPE:
    case -EAGAIN:
        return true;
    default:
        return false;
    }
}

void patience_begin(struct patience_try *self, uint64_t now_us)
{
    *self = (struct patience_try){.since_us = now_us, .ask_at_us = now_us, .distance_us = PATIENCE_FIRST_US};
}

void patience_asked(struct patience_try *self, const struct patience_config *config, uint64_t now_us)
{
    self->ask_at_us = UINT64_MAX;
    if (!config->ask_again_us)
        return;
    self->silence_us = self->silence_us ? 2 * self->silence_us : config->ask_again_us;
    self->ask_at_us = now_us + self->silence_us;
}

void patience_failed(struct patience_try *self, uint64_t now_us)
{
    self->ask_at_us = now_us + self->distance_us;
    self->distance_us = MIN(2 * self->distance_us, (uint64_t)PATIENCE_MOST_US);
    self->silence_us = 0; /* it does answer */
}

enum patience_step patience_step(const struct patience_try *self, const struct patience_config *config, uint64_t now_us,
                                 uint64_t *ret_when_us)
{
    uint64_t end_us = UINT64_MAX;
    if (config->patience_us && add_overflows(self->since_us, config->patience_us, &end_us))
        end_us = UINT64_MAX;
    if (now_us >= end_us)
        return PATIENCE_GIVE_UP;
    if (now_us >= self->ask_at_us)
        return PATIENCE_ASK;
    *ret_when_us = MIN(self->ask_at_us, end_us);
    return PATIENCE_WAIT;
}
