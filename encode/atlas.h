/* Cells from anywhere of a picture, side by side in one JPEG (the PHOTO op of docs/update-format.md). */
#pragma once

#include "encode/cell_rect.h"
#include "encode/jpeg.h"
#include "encode/picture.h"

struct atlas {
    struct jpeg_writer *writer;
    uint8_t *pixels; /* BGRX */
    size_t room;
};

int atlas_init(struct atlas *self); /* 0 or -ENOMEM */
void atlas_finish(struct atlas *self);

struct atlas_jpeg {
    const uint8_t *bytes; /* until the next one */
    size_t size;
    int columns, rows; /* cells of the picture; those behind the last rectangle's are filling */
};

/* Rows of as many cells as the first rectangle has: it stays whole, and so do those of the same width. full_colour:
 * chroma is kept at full resolution. 0, -ENOMEM, or -EIO when the library refuses. */
int atlas_encode(struct atlas *self, const struct picture *picture, const struct cell_rect *rects, unsigned n_rects,
                 int quality, bool full_colour, struct atlas_jpeg *ret);
