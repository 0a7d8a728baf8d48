#include "gateway/targets/jiggler.h"

#define BACK_US 100000 /* long enough for a slow poll to see both places */

void jiggler_set(struct jiggler *self, unsigned seconds, uint64_t now_us)
{
    self->every_us = seconds * 1000000ull;
    self->quiet_us = now_us;
}

void jiggler_used(struct jiggler *self, uint64_t now_us)
{
    self->quiet_us = now_us;
    self->away = false; /* whoever points has put the pointer where it belongs */
}

enum jiggler_move jiggler_tick(struct jiggler *self, bool awake, uint64_t now_us)
{
    if (now_us < jiggler_next_us(self))
        return JIGGLER_NOTHING;
    if (self->away || !awake) { /* it went away while the target was awake: the way back belongs to that */
        bool back = self->away;
        self->away = false;
        self->quiet_us = now_us;
        return back ? JIGGLER_BACK : JIGGLER_NOTHING;
    }
    self->away = true;
    self->quiet_us = now_us;
    return JIGGLER_AWAY;
}

uint64_t jiggler_next_us(const struct jiggler *self)
{
    if (self->away)
        return self->quiet_us + BACK_US;
    return self->every_us ? self->quiet_us + self->every_us : UINT64_MAX;
}
