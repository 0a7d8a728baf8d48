/* Finds what of a picture already stands elsewhere on a view's canvas: vertical scrolls, up and down. */
#pragma once

#include "encode/plan.h"
#include "encode/view.h"

#define COPY_VECTORS 6 /* tried at most in one update */
#define COPY_LAST 3    /* remembered from updates before */

struct copy_search {
    int last[COPY_LAST]; /* dy, the latest first; 0: none */
    int vector[COPY_VECTORS];
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

/* For one vector (content moves from dy pixels below): rectangles of cells that become exactly the picture's when
 * copied, in an order in which none destroys the source of a later one. Each call finds the next; false: no more. The
 * caller copies on the view and takes the cells off the plan before calling again. *at is 0 before the first call. */
bool copy_search_next(struct copy_search *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, int dy, uint32_t *at, struct cell_rect *ret);

/* Notes that a vector was of use. */
void copy_search_used(struct copy_search *self, int dy);
