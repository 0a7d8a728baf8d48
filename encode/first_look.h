/* The first picture on a slow link: when its exact form would take long, all of it is sent as coarse photographs first,
 * as good as FIRST_LOOK_SECONDS of the link allow, in bands. Pure but for memory. */
#pragma once

#include "encode/cell_rect.h"
#include "encode/picture.h"
#include "encode/plan.h"

#define FIRST_LOOK_SECONDS 2

struct first_look {
    uint64_t *hash; /* per cell: the content that was sent coarsely; 0: none */
    bool due, on;
    unsigned wanted, begun; /* cells still to be sent; at the beginning */
    size_t left;            /* bytes that may still be spent */
    unsigned percent;       /* what bytes turn out to be of those expected */
    unsigned step;          /* of the table of qualities: the last band's */
};

void first_look_init(struct first_look *self);
void first_look_finish(struct first_look *self);
int first_look_reset(struct first_look *self, size_t cells); /* the next picture is the first; 0 or -ENOMEM */

/* Whether what is wanted now is to be sent so. cost: bytes per cell to code it exactly; rate: bytes/s, 0 unknown. */
bool first_look_wants(struct first_look *self, const struct plan *plan, const uint16_t *cost, uint64_t rate);
static inline bool first_look_is_on(const struct first_look *self)
{
    return self->on;
}
static inline void first_look_end(struct first_look *self)
{
    self->on = false;
}

/* The JPEG quality of the next band, and how many cells it has at most. */
int first_look_quality(struct first_look *self, uint64_t rate, unsigned *ret_cells);

/* A band was sent; cells were sent better since. */
void first_look_sent(struct first_look *self, const struct view *view, const struct picture *picture,
                     const struct cell_rect *rects, int n_rects, unsigned cells, size_t bytes);
void first_look_better(struct first_look *self, const struct view *view, const struct cell_rect *rects, int n_rects);

/* The cell was sent coarsely and nothing better has been since. */
bool first_look_has(const struct first_look *self, size_t cell, uint64_t hash);
