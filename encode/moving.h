/* Finds the part of the screen that keeps changing, as videos do. Pure: time comes with the pictures. */
#pragma once

#include <stdbool.h>

#include "encode/cell_rect.h"
#include "encode/plan.h"

/* What one picture changed in a cell. */
enum moving_change {
    MOVING_STILL,
    MOVING_FOUND, /* it could be copied or shown from a slot */
    MOVING_DRAWN, /* text and the like */
    MOVING_SOFT,  /* what a video may show */
};

struct moving {
    int cells_x, cells_y;
    uint32_t *any, *soft; /* per cell: which of the last 32 pictures changed it so, the newest at bit 0; any: not to
                             something found */
    uint32_t *found;
    uint64_t *since_us; /* per cell: of the first of these */
    uint32_t *queue;
    uint8_t *seen;
    struct cell_rect region; /* w 0: nothing moves */
    uint32_t turn;           /* counts the pictures in which something moved */
    uint64_t noted_us;       /* when the last changes came */
    uint64_t active_us;      /* when something in it last changed */
};

void moving_init(struct moving *self);
void moving_finish(struct moving *self);
int moving_reset(struct moving *self, int cells_x, int cells_y); /* 0 or -ENOMEM */

/* One picture's changes (enum moving_change a cell), captured at now_us; then self->region is what moves now.
 * may_begin: another region may take the place of the present one, if need be. */
void moving_note(struct moving *self, const uint8_t *changes, uint64_t now_us, bool may_begin);

/* The cell has changed in nearly all of the last pictures, or in many before them. */
bool moving_keeps_on(const struct moving *self, size_t cell);

/* It has changed often of late, so that what it shows now will probably not last. */
bool moving_is_hasty(const struct moving *self, size_t cell);

static inline bool cell_rect_has(struct cell_rect r, int x, int y)
{
    return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}
