/* Reads text modes: compares the picture's character cells with the glyphs of the VGA's own font, bit by bit. No
 * guessing: a cell is one glyph in two colours, or it is unknown. Pure; any thread; about 1 ms at 720x400. */
#pragma once

#include "video/frame.h"

/* The 256 glyphs of 8x16 in the order of code page 437, and those that Linux's frame buffer console draws otherwise. */
struct vga_font;

/* rom: bytes that hold such a font anywhere (vgabios-stdvga.bin of the package seabios does); not kept. -ENOENT: no
 * font in them, -ENOMEM. */
int vga_font_create(const void *rom, size_t size, struct vga_font **ret);
struct vga_font *vga_font_destroy(struct vga_font *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct vga_font, vga_font_destroy)

struct vga_text {
    int columns, rows;
    char **lines;           /* rows lines of UTF-8, without blanks at their ends; unknown cells are U+FFFD */
    unsigned unknown;       /* cells that are no glyph: part of a picture, or of another font */
    bool exact;             /* no cell is unknown; the one under the text cursor may be inferred */
    int cursor_x, cursor_y; /* the cell that a text cursor was seen on, -1 when none was (it blinks) */
};

/* Cells are 9x16 where the width is that of a text mode of 40, 80 or 132 such columns, else 8x16, from the upper left
 * corner: what text modes and Linux's console on a frame buffer do. -EINVAL: not FOURCC_BGRX; -ENOMEM. */
int vga_text_read(const struct vga_font *font, const struct frame *frame, struct vga_text *ret);
void vga_text_finish(struct vga_text *self); /* frees the lines; allowed after {0} and after a failed read */
