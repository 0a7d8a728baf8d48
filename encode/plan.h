/* Which cells of a picture a view wants, and in which order they are sent. */
#pragma once

#include "encode/update_write.h"
#include "encode/view.h"

/* One 64x64 tile with wanted cells. */
struct plan_tile {
    uint16_t x, y;  /* in tiles */
    uint16_t cells; /* bit (row * 4 + column) of those to be coded */
    uint64_t rank;  /* lower is sent earlier */
};

struct plan {
    size_t cells_room;
    uint8_t *wanted; /* bool per cell of the picture */
    uint16_t *group; /* size of the connected group of wanted cells it is part of, at most PLAN_GROUP_MAX */
    uint32_t *queue;
    struct plan_tile *tiles;
    unsigned n_tiles, n_wanted;
};

#define PLAN_GROUP_MAX 65535

void plan_init(struct plan *self);
void plan_finish(struct plan *self);

/* Finds the wanted cells and their groups. 0 or -ENOMEM. */
int plan_want(struct plan *self, const struct view *view, const struct picture *picture);

/* Takes cells off the list once they are coded. */
void plan_done(struct plan *self, const struct view *view, struct cell_rect cells);

/* Gathers what is still wanted into tiles, in the order of sending: first those in which little changed around, the
 * newest of them first (the last keystroke, the pointer); then the rest, what has waited longest first, so that a
 * moving region starves nothing. */
void plan_order(struct plan *self, const struct view *view, const struct picture *picture);
