/* One cell of a text screen, cut out of a picture. For text_grid.c and text_read.c. Pure. */
#pragma once

#include "video/console_fonts.h"
#include "video/frame.h"

/* A picture to look at. BGRX is compared by its colours; VYUX by its light alone, because pixels share their chroma. */
struct text_picture {
    const struct frame *frame;
    uint32_t mask;
};

/* False: another format. */
bool text_picture_init(struct text_picture *self, const struct frame *frame);

static inline uint32_t text_pixel(const struct text_picture *picture, int x, int y)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    uint32_t value;
    memcpy(&value, plane->data + (size_t)y * plane->stride + (size_t)x * 4, sizeof value);
    return value & picture->mask;
}

struct text_cell {
    struct glyph_bits bits; /* where the pixel is not `paper` */
    uint32_t paper, ink;    /* paper: the upper left pixel's */
    bool blank;             /* one colour */
};

/* False: more than two colours. The cell lies within the picture. */
bool text_cell_cut(const struct text_picture *picture, int x, int y, int width, int height, struct text_cell *ret);
void text_cell_reverse(struct text_cell *self, int width, int height); /* the two colours change places */

/* The glyphs of a cell in both readings, -1: none. */
struct text_match {
    int glyph, reversed;
};
struct text_match text_cell_match(const struct console_fonts *fonts, int size, const struct text_cell *cell);
