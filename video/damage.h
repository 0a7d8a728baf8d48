/* Kernels that compare and hash cells of packed pixels (FOURCC_BGRX and, alike, FOURCC_VYUX): what the codec works on.
 * One table of functions for each instruction set; all give the same results. Captured pictures in their many formats
 * are the business of video/scan.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "video/cell_hash.h"

struct damage_ops {
    const char *name;
    uint32_t fourcc;
    uint32_t needs; /* CPU features, core/cpu.h */

    /* Compares one row of cells: `width` pixels, `height` (1..CELL_SIZE) lines of a and b. changed[i] becomes 1 where
     * the visible bytes of cell i differ, otherwise 0; there are (width + 15) / 16 of them. Reads nothing outside the
     * lines. Strides in bytes; no alignment is needed. */
    void (*diff_row)(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int width, int height,
                     uint8_t *changed);

    /* True when width x height (each 1..CELL_SIZE) visible pixels are the same. */
    bool (*same)(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int width, int height);

    /* Hash of the cell of width x height (each 1..CELL_SIZE) pixels. */
    uint64_t (*hash)(const struct cell_key *key, const uint8_t *pixels, size_t stride, int width, int height);
};

/* The best kernels for a format among those the CPU features allow, or NULL for one that is not packed pixels. */
const struct damage_ops *damage_ops_find(uint32_t fourcc, uint32_t features);

/* All of them, NULL at the end; for tests and benches. */
extern const struct damage_ops *const damage_ops_all[];

extern const struct damage_ops damage_bgrx;
extern const struct damage_ops damage_bgrx_avx2;
