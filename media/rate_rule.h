/* How much may pass now, and when more may. Pure: time is a parameter. */
#pragma once

#include <stdint.h>

struct rate_rule {
    uint64_t rate; /* bytes/s; 0: no limit */
    int64_t left;  /* bytes that may pass at once; below 0 after a request that is longer than a burst */
    uint64_t at_us;
};

void rate_init(struct rate_rule *self, uint64_t rate, uint64_t now_us);
void rate_change(struct rate_rule *self, uint64_t rate, uint64_t now_us);
/* 0: the request passes now, and is counted. Else: us until it may. */
uint64_t rate_pass(struct rate_rule *self, uint64_t bytes, uint64_t now_us);
