/* Where the cells of a text screen lie in a picture: their size and a corner of one. From the upper left corner of the
 * picture, as text modes and Linux's console on a frame buffer have them, or from anywhere. Pure; never a guess: what
 * is found is what the glyphs of the fonts are in, pixel by pixel, and too few of them are nothing. */
#pragma once

#include "video/text_cell.h"

struct text_grid {
    int size;         /* of console_fonts */
    int x, y;         /* pixels: a corner of a cell, 0 <= x < width of a cell, and so y */
    unsigned matched; /* cells with something in them, of those that were looked at: glyphs */
    unsigned unknown; /* and none */
};

/* area: where to look, within the picture. False: no text stands there that these fonts could have drawn. A grid that
 * begins in the picture's corner may have few characters; any other must have several different letters. */
bool text_grid_find(const struct console_fonts *fonts, const struct text_picture *picture, const struct rect *area,
                    struct text_grid *ret);
/* The same for a part of a picture: nothing speaks for the corner there. */
bool text_grid_find_part(const struct console_fonts *fonts, const struct text_picture *picture, const struct rect *area,
                         struct text_grid *ret);
/* Whether what stands in the area, if anything, is in these cells. */
bool text_grid_fits(const struct console_fonts *fonts, const struct text_picture *picture, const struct rect *area,
                    const struct text_grid *grid);

/* A picture of this width may be a text mode, whose characters are followed by a ninth column. */
bool text_grid_has_nine(int width);
