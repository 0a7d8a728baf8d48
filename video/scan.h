/* Kernels for the one pass over a captured picture, in its own pixel format: one table of functions for each layout
 * and instruction set; all of a layout give the same results. Two ways to find what changed: `diff` compares with the
 * picture before, which has to be held (two pictures are read); `hash` gives keyed hashes to compare with those of the
 * picture before (one is read, none held). Hashes are those of cell_hash.h over the words of a struct cell_block in
 * their order, so only a keyed 2^-62 stands between a change and its discovery.
 *
 * Which is better was measured (bench/diff.c); by_hash says so for each table. */
#pragma once

#include "video/cell_row.h"

struct scan_ops {
    const char *name;
    uint8_t bytes[CELL_ROW_PLANES]; /* of the layouts that it serves, with fourth_unseen */
    bool fourth_unseen;
    bool by_hash;
    uint32_t needs; /* CPU features, core/cpu.h */

    /* changed[i] becomes 1 where the visible bytes of cell i differ, otherwise 0. a and b have one width and height.
     * Reads nothing outside the lines; no alignment is needed. */
    void (*diff)(const struct cell_layout *layout, const struct cell_row *a, const struct cell_row *b,
                 uint8_t *changed);

    /* One hash for each cell. For FOURCC_BGRX it is what damage_ops.hash gives. */
    void (*hash)(const struct cell_key *key, const struct cell_layout *layout, const struct cell_row *row,
                 uint64_t *ret);
};

/* The best for a layout among those the CPU features allow. */
const struct scan_ops *scan_ops_find(const struct cell_layout *layout, uint32_t features);

/* All of them, best first, NULL at the end; for tests and benches. */
extern const struct scan_ops *const scan_ops_all[];

static inline bool scan_ops_serve(const struct scan_ops *self, const struct cell_layout *layout)
{
    return self->bytes[0] == layout->bytes[0] && self->bytes[1] == layout->bytes[1] &&
           self->bytes[2] == layout->bytes[2] && self->fourth_unseen == layout->fourth_unseen;
}

/* One table for each way to lay out a cell, named by the bytes of a pixel in each plane (h: half a byte). */
#define SCAN_TABLES(isa)                                                                                               \
    scan_##isa##_4x, scan_##isa##_3, scan_##isa##_2, scan_##isa##_1_1, scan_##isa##_1_h_h, scan_##isa##_1_1_1
extern const struct scan_ops SCAN_TABLES(c);
extern const struct scan_ops SCAN_TABLES(avx2);
extern const struct scan_ops SCAN_TABLES(avx512);
extern const struct scan_ops SCAN_TABLES(neon);
