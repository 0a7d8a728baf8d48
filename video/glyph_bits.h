/* A character's picture in one colour on another, and the hash by which it is looked up. Header only: no state. */
#pragma once

#include <stdint.h>
#include <string.h>

#define GLYPH_MAX_WIDTH 16
#define GLYPH_MAX_HEIGHT 32

/* Rows from the top; in each the leftmost pixel is bit width - 1, and the rest is zero, as are the rows below. */
struct glyph_bits {
    uint16_t row[GLYPH_MAX_HEIGHT];
};

#define GLYPH_HASH_STEP 0x9e3779b97f4a7c15ull

static inline uint64_t glyph_row_hash(uint16_t row)
{
    uint64_t v = (row + 1ull) * 0xc2b2ae3d27d4eb4full;
    return v ^ v >> 29;
}

/* A polynomial, so that it rolls: from rows 0..h-1 to rows 1..h. */
static inline uint64_t glyph_hash(const struct glyph_bits *bits, int height)
{
    uint64_t hash = 0;
    for (int y = 0; y < height; y++)
        hash = hash * GLYPH_HASH_STEP + glyph_row_hash(bits->row[y]);
    return hash;
}
