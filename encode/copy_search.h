/* Finds what of a picture already stands elsewhere on a view's canvas: scrolls and moved windows. */
#pragma once

#include "encode/copy_votes.h"
#include "encode/plan.h"
#include "encode/view.h"

#define COPY_VECTORS 6 /* tried at most in one update */
#define COPY_LAST 3    /* remembered from updates before */

struct copy_search {
    struct copy_vector last[COPY_LAST]; /* the latest first; 0,0: none */
    struct copy_vector vector[COPY_VECTORS];
    unsigned n_vectors;
    unsigned failures;          /* searches in a row that found nothing, */
    unsigned skip, fail_wanted; /* how many are left out therefore, and how much was wanted then */
    uint8_t *match;             /* per cell, for the vector at hand */
    uint32_t *cells;            /* those wanted */
    size_t room;
    bool plain_known, plain_same; /* for the vector at hand: an area of the content `plain` is the same all over */
    uint64_t plain;
    struct copy_votes *votes;
    uint64_t compared; /* pixels, by copy_search_next so far; for benches */
};

void copy_search_init(struct copy_search *self);
void copy_search_finish(struct copy_search *self);
void copy_search_reset(struct copy_search *self);

/* Chooses the vectors worth trying: the last ones, and those that patches vote for. 0 or -ENOMEM. */
int copy_search_vectors(struct copy_search *self, const struct plan *plan, const struct view *view,
                        const struct picture *picture);

/* For one vector: rectangles of cells that become exactly the picture's when
 * copied, in an order in which none destroys the source of a later one. Each call finds the next; false: no more. The
 * caller copies on the view and takes the cells off the plan before calling again. *at is 0 before the first call.
 *
 * A cell whose sources are lossy in part is not among them: it would become lossy, and some of it need not be. */
bool copy_search_next(struct copy_search *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, struct copy_vector vector, uint32_t *at, struct cell_rect *ret);

/* Notes that a vector was of use. */
void copy_search_used(struct copy_search *self, struct copy_vector vector);
