/* Hashes of patches of 32x8 pixels, for finding where content has gone: cheap to have at each position along a line and
 * at each line of a column. They only find candidates; anybody may make two patches that have the same. Packed pixels
 * of four bytes, of which the fourth does not count. One table of functions for each instruction set; all give the same
 * results. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PATCH_WIDTH 32
#define PATCH_HEIGHT 8
#define PATCH_ROOM (PATCH_WIDTH + 8) /* values that *ret has room for besides n */

struct copy_patch_ops {
    const char *name;
    uint32_t needs; /* CPU features, core/cpu.h */

    /* ret[i]: the patch whose upper left pixel lies i pixels to the right of the first one. Reads PATCH_HEIGHT lines of
     * n + PATCH_WIDTH - 1 pixels. */
    void (*along)(const uint8_t *pixels, size_t stride, int n, uint32_t *ret);

    /* ret[i]: the patch that begins i lines below. Reads n + PATCH_HEIGHT - 1 lines of PATCH_WIDTH pixels. */
    void (*down)(const uint8_t *pixels, size_t stride, int n, uint32_t *ret);
};

const struct copy_patch_ops *copy_patch_ops_find(uint32_t features);

/* All of them, NULL at the end. */
extern const struct copy_patch_ops *const copy_patch_ops_all[];

extern const struct copy_patch_ops copy_patch_c;
extern const struct copy_patch_ops copy_patch_avx2;
