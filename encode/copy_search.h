/* Finds what of a picture already stands elsewhere on a view's canvas: scrolls and moved windows. */
#pragma once

#include "encode/plan.h"
#include "encode/view.h"

#define COPY_VECTORS 6 /* tried at most in one update */
#define COPY_LAST 3    /* remembered from updates before */

/* Where content comes from, in pixels from where it goes. */
struct copy_vector {
    int dx, dy;
};

struct copy_search {
    struct copy_vector last[COPY_LAST]; /* the latest first; 0,0: none */
    struct copy_vector vector[COPY_VECTORS];
    unsigned n_vectors;
    uint8_t *match; /* per cell: 0 not looked at for this vector, 1 no, 2 equal, 3 equal and wanted */
    size_t match_room;
    void *rows; /* struct row_index */
};

void copy_search_init(struct copy_search *self);
void copy_search_finish(struct copy_search *self);
void copy_search_reset(struct copy_search *self);

/* Chooses the vectors worth trying: the last ones, and those that rows of pixels vote for. 0 or -ENOMEM. */
int copy_search_vectors(struct copy_search *self, const struct plan *plan, const struct view *view,
                        const struct picture *picture);

/* For one vector: rectangles of cells that become exactly the picture's when
 * copied, in an order in which none destroys the source of a later one. Each call finds the next; false: no more. The
 * caller copies on the view and takes the cells off the plan before calling again. *at is 0 before the first call. */
bool copy_search_next(struct copy_search *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, struct copy_vector vector, uint32_t *at, struct cell_rect *ret);

/* Notes that a vector was of use. */
void copy_search_used(struct copy_search *self, struct copy_vector vector);
