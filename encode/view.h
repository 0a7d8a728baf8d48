/* What the canvases of a cohort's viewers hold after the last update written: the pixels, and per cell the keyed hash
 * and whether it is exact. The pixels are the cohort's own copy: a cohort that falls behind would otherwise keep a
 * captured frame from being filled again, and after an update that was cut short the canvas equals no frame at all. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encode/cell_rect.h"
#include "encode/picture.h"

struct damage_ops;

struct view {
    const struct damage_ops *ops;
    int width, height; /* 0: no canvas yet */
    uint32_t fourcc;
    uint8_t colour; /* enum colour */
    int cells_x, cells_y;
    uint64_t *hash;
    uint8_t *exact;   /* bool per cell: the client shows just this; otherwise something like it */
    unsigned n_lossy; /* cells that are not exact */
    uint8_t *pixels;  /* what is shown, or meant to be: BGRX or VYUX */
    size_t stride;
};

void view_init(struct view *self);
void view_finish(struct view *self);

/* A black canvas of the picture's size and format; -ENOMEM (there is then no canvas). */
int view_reset(struct view *self, const struct picture *picture);

/* A copy, with or without a canvas; -ENOMEM (there is then none). */
int view_clone(struct view *self, const struct view *from);

/* False: the picture is of another size or format. */
bool view_fits(const struct view *self, const struct picture *picture);

/* True when every cell is exact and its hash the picture's. */
bool view_equals(const struct view *self, const struct picture *picture);

/* Takes over the picture's pixels and hashes of a rectangle of cells, which the client shows exactly or nearly so. */
void view_take_cells(struct view *self, const struct picture *picture, struct cell_rect cells, bool exact);

/* The same for cells that were copied from dx, dy pixels away: those that have a lossy one among their sources are
 * lossy, by the rule of the applier. */
void view_copy_cells(struct view *self, const struct picture *picture, struct cell_rect cells, int dx, int dy);

/* Says that the client's cells are lossy (and will be made exact in time). */
void view_mark_cells(struct view *self, struct cell_rect cells);

/* Visible pixels of a cell. */
static inline int view_cell_width(const struct view *self, int cx)
{
    return MIN(CELL_SIZE, self->width - cx * CELL_SIZE);
}

static inline int view_cell_height(const struct view *self, int cy)
{
    return MIN(CELL_SIZE, self->height - cy * CELL_SIZE);
}

static inline size_t view_cell(const struct view *self, int cx, int cy)
{
    return (size_t)cy * (size_t)self->cells_x + (size_t)cx;
}
