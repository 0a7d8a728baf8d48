#include "manage/led_filter.h"

void led_filter_init(struct led_filter *self, uint64_t on_us, uint64_t off_us, bool lit, uint64_t now_us)
{
    *self = (struct led_filter){
        .on_us = on_us, .off_us = off_us, .on = lit, .lit = lit, .since_us = now_us, .lit_us = now_us};
}

bool led_filter_look(struct led_filter *self, bool lit, bool edges, uint64_t now_us)
{
    if (lit && (!self->lit || edges))
        self->since_us = now_us;
    /* an edge tells of light between the looks, as long as a flash counts */
    if (lit || self->lit || (edges && self->on_us == 0))
        self->lit_us = now_us;
    self->lit = lit;
    bool before = self->on;
    if (!self->on)
        self->on = self->on_us == 0 ? lit || edges : lit && now_us - self->since_us >= self->on_us;
    else if (!lit && now_us - self->lit_us >= self->off_us)
        self->on = false;
    return self->on != before;
}

uint64_t led_filter_due(const struct led_filter *self)
{
    if (self->on)
        return self->lit ? UINT64_MAX : self->lit_us + self->off_us;
    return self->lit ? self->since_us + self->on_us : UINT64_MAX;
}
