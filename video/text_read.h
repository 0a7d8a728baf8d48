/* Reads the text of a picture, exactly or not at all: a cell is one glyph of the fonts in two colours, or it is
 * unknown. A cell of one colour is a blank, whatever the colour: a full block cannot be told from it. Pure; any thread;
 * about 10 ms of a picture of 1920x1080 (tests/unit/video/test_text_read.c prints it). */
#pragma once

#include "video/console_fonts.h"
#include "video/frame.h"

struct text_read {
    int columns, rows;
    int cell_width, cell_height; /* pixels */
    int x, y;                    /* the first cell's upper left corner, in the picture */
    char **lines;                /* rows lines of UTF-8, without blanks at their ends; unknown cells are U+FFFD */
    uint8_t *known;              /* columns * rows of them: 1 exact, 0 unknown */
    unsigned unknown;            /* cells that are no glyph of the font: part of a picture, or of another font */
    bool exact;                  /* no cell is unknown; the one under the text cursor may be inferred */
    int cursor_x, cursor_y;      /* the cell that a text cursor was seen on, -1 when none was (it blinks) */
    const char *font;            /* the fonts' own string; "" where all is blank */
};

/* region: pixels; NULL: all. Read are the cells whose middle is inside. Where cells begin is found from the whole
 * picture; where that is no text, from the region. 1: no text that these fonts could have drawn is there (a picture of
 * one colour is text without characters); *ret then holds nothing. -EINVAL: neither FOURCC_BGRX nor FOURCC_VYUX;
 * -ENOMEM. */
int text_read(const struct console_fonts *fonts, const struct frame *frame, const struct rect *region,
              struct text_read *ret);
void text_read_finish(struct text_read *self); /* allowed after {0} and after a failed read */
