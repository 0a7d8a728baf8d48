/* Kernel of video/noise.h: how far a cell of packed pixels is from what is shown of it. Lines of 64 bytes are read
 * whole, so a cut cell needs the same padding on both sides. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NOISE_CLAMP 63 /* larger differences count as this one in `squares` */

struct noise_measure {
    uint32_t outlier_lines; /* bit y: line y has a byte that differs by more than the limit */
    uint32_t squares;       /* sum of squared differences */
    int32_t sum[4];         /* of differences by byte of the pixel; the fourth has no meaning */
};

struct noise_ops {
    const char *name;
    uint32_t needs; /* CPU features, core/cpu.h */
    /* lines: 1..16; strides in bytes; limit below NOISE_CLAMP. The fourth byte of pixels must be the same in both. */
    void (*measure)(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int lines, int limit,
                    struct noise_measure *ret);
};

extern const struct noise_ops *const noise_ops_all[]; /* best first, NULL at the end */
const struct noise_ops *noise_ops_find(uint32_t features);

extern const struct noise_ops noise_c, noise_avx2;
