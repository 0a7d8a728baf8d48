/* Where the cells of one row lie in a captured picture, for each pixel format: what the scan kernels walk over. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "video/cell_hash.h"
#include "video/frame.h"

#define CELL_ROW_PLANES 3

/* How a format lays out 16 pixels. */
struct cell_layout {
    uint32_t fourcc;
    uint8_t bytes[CELL_ROW_PLANES]; /* in one line of a whole cell: 1 to 4 times 16, 8 for chroma; 0: no such plane */
    bool halved;                    /* chroma planes have half the lines */
    bool full_chroma;               /* chroma planes have a value for each pixel of a line, not for each pair */
    int8_t lone_luma;               /* byte of a two-pixel group that a last pixel without its pair leaves empty; -1 */
    bool fourth_unseen;             /* each fourth byte is padding */
};

/* NULL: not a format that is captured. */
const struct cell_layout *cell_layout_of(uint32_t fourcc);

/* Bytes of a line of `width` pixels in a plane, and lines of a plane of `height`; 0 for a plane that is not there. */
size_t cell_layout_line_bytes(const struct cell_layout *layout, int plane, int width);
int cell_layout_lines(const struct cell_layout *layout, int plane, int height);

/* Cells side by side. */
struct cell_row {
    const uint8_t *plane[CELL_ROW_PLANES];
    size_t stride[CELL_ROW_PLANES]; /* bytes */
    int width;                      /* pixels, 1..FRAME_MAX_SIZE */
    int height;                     /* pixels, 1..CELL_SIZE */
};

/* `cells` cells of row cy from cell cx on, in a frame of that layout; less at the right edge. */
struct cell_row cell_row_of(const struct cell_layout *layout, const struct frame *frame, int cx, int cy, int cells);

/* A whole cell without strides: lines of the first plane, then of the second and third. What a cut cell lacks, and
 * bytes that nobody sees, are 0. */
struct cell_block {
    uint8_t bytes[CELL_PIXELS * 4];
} __attribute__((aligned(64)));

/* Where a plane begins in the block; for CELL_ROW_PLANES where the last ends. */
size_t cell_block_plane(const struct cell_layout *layout, int plane);

void cell_block_take(const struct cell_layout *layout, const struct cell_row *row, int cell, struct cell_block *ret);
