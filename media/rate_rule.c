#include "media/rate_rule.h"

#include "core/attrs.h"

#define BURST_PART 4 /* of a second */
#define MOST_RATE (1ull << 40)
#define MOST_US 86400000000u /* more, times the rate, would overflow */

static int64_t burst(const struct rate_rule *self)
{
    return (int64_t)MAX(self->rate / BURST_PART, 1u);
}

static void fill(struct rate_rule *self, uint64_t now_us)
{
    uint64_t passed_us = MIN(now_us - self->at_us, MOST_US);
    uint64_t bytes = self->rate / 1000000 * passed_us + self->rate % 1000000 * passed_us / 1000000;
    if (!bytes)
        return; /* the clock's grain shall not eat what a slow rate gains */
    self->left = MIN(self->left + (int64_t)bytes, burst(self));
    self->at_us = now_us;
}

void rate_init(struct rate_rule *self, uint64_t rate, uint64_t now_us)
{
    *self = (struct rate_rule){.rate = MIN(rate, MOST_RATE), .at_us = now_us};
    self->left = burst(self);
}

void rate_change(struct rate_rule *self, uint64_t rate, uint64_t now_us)
{
    fill(self, now_us);
    self->rate = MIN(rate, MOST_RATE);
    self->left = MIN(self->left, burst(self));
}

uint64_t rate_pass(struct rate_rule *self, uint64_t bytes, uint64_t now_us)
{
    if (!self->rate)
        return 0;
    fill(self, now_us);
    int64_t needed = (int64_t)MIN(bytes, (uint64_t)burst(self));
    if (self->left >= needed) {
        self->left -= (int64_t)MIN(bytes, 1ull << 40);
        return 0;
    }
    uint64_t missing = (uint64_t)(needed - self->left);
    return MAX(missing * 1000000 / self->rate, 1u);
}
