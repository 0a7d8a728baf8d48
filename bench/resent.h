/* How much of what did not change is sent all the same, because the source is noisy: of the cells of the clean
 * recording that have rested for half a second, the share that a frame's updates paint; from one second on. */
#pragma once

#include "bench/reel.h"
#include "encode/update_apply.h"

struct resent {
    const struct reel *reel, *clean;
    int cells_x, cells_y;
    uint8_t *painted;
    uint32_t *changed_at; /* per cell: number of the clean frame that last changed it */
    unsigned next;        /* clean frame to be looked at */
    unsigned frame;
    double cells, sent;
};

void resent_init(struct resent *self, const struct reel *reel,
                 const struct reel *clean); /* clean NULL: nothing is done */
void resent_finish(struct resent *self);
void resent_begin(struct resent *self, unsigned kept); /* a frame's updates follow */
void resent_note(struct resent *self, const struct update_dirty *dirty);
void resent_end(struct resent *self);
double resent_percent(const struct resent *self); /* NaN: nothing was measured */
