/* Sends cells as a PHOTO op: as many of them as fit, cut into rectangles. */
#pragma once

#include "encode/atlas.h"
#include "encode/update_write.h"
#include "encode/view.h"

struct photo_send {
    struct atlas atlas;
    unsigned begin_row; /* rows above it had their turn in the last update */
};

int photo_send_init(struct photo_send *self); /* 0 or -ENOMEM */
void photo_send_finish(struct photo_send *self);

struct photo_order {
    uint8_t *cells;      /* bool per cell: to be sent; taken away from it as rectangles are made */
    unsigned cells_most; /* in one op */
    int quality;
    bool full_colour;
};

/* Writes the op and puts its rectangles in rects (room for `room`); returns how many: 0 when there is nothing to send
 * or no room for it, or -ENOMEM. *ret_cells, *ret_bytes: what it became. */
int photo_send_write(struct photo_send *self, const struct photo_order *order, const struct view *view,
                     const struct picture *picture, struct update_writer *writer, struct cell_rect *rects, int room,
                     unsigned *ret_cells, size_t *ret_bytes);

/* Rectangles of the marked cells in reading order from row `begin` on, of at most cells_most cells in sum; they are
 * taken away. */
int cut_rectangles(uint8_t *cells, const struct view *view, unsigned begin_row, unsigned cells_most,
                   struct cell_rect *rects, int room);
