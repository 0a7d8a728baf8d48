/* The hash: sum over the pixels of pixel * ACROSS^x * DOWN^y modulo 2^32. Being a sum it is built by doubling: patches
 * of twice the width are two of the narrower ones. Included once for each instruction set; the compiler makes of eight
 * lanes what the set has. */
#include <string.h>

#include "core/attrs.h"
#include "encode/copy_patch.h"

#define LANES 8
#define AHEAD 12 /* lines: each lies on a page of its own */
#define VISIBLE 0x00FFFFFFu
#define ACROSS 0x9E3779B1u /* odd */
#define DOWN 0x85EBCA6Bu

typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));

#define LOAD_PIXELS(p)                                                                                                 \
    ({                                                                                                                 \
        lanes v_;                                                                                                      \
        memcpy(&v_, (p), sizeof v_);                                                                                   \
        v_ &VISIBLE;                                                                                                   \
    })

static inline uint32_t load_pixel(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v & VISIBLE;
}

/* values[i] += values[i + step] * factor, for n values; those behind them are only read. */
static inline void join_ahead(uint32_t *values, int n, int step, uint32_t factor)
{
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes a, b;
        memcpy(&a, values + i, sizeof a);
        memcpy(&b, values + i + step, sizeof b);
        a += b * factor;
        memcpy(values + i, &a, sizeof a);
    }
    for (; i < n; i++)
        values[i] += values[i + step] * factor;
}

static void along(const uint8_t *pixels, size_t stride, int n, uint32_t *ret)
{
    int width = n + PATCH_WIDTH - 1, x = 0;
    for (; x + LANES <= width; x += LANES) {
        lanes sum = {0};
        for (int y = PATCH_HEIGHT - 1; y >= 0; y--)
            sum = sum * DOWN + LOAD_PIXELS(pixels + (size_t)y * stride + 4 * (size_t)x);
        memcpy(ret + x, &sum, sizeof sum);
    }
    for (; x < width; x++) {
        ret[x] = 0;
        for (int y = PATCH_HEIGHT - 1; y >= 0; y--)
            ret[x] = ret[x] * DOWN + load_pixel(pixels + (size_t)y * stride + 4 * (size_t)x);
    }
    uint32_t factor = ACROSS;
    for (int step = 1; step < PATCH_WIDTH; step *= 2, factor *= factor) {
        width -= step;
        join_ahead(ret, width, step, factor);
    }
}

static void down(const uint8_t *pixels, size_t stride, int n, uint32_t *ret)
{
    uint32_t power[PATCH_WIDTH];
    lanes weights[PATCH_WIDTH / LANES];
    power[0] = 1;
    for (int i = 1; i < PATCH_WIDTH; i++)
        power[i] = power[i - 1] * ACROSS;
    memcpy(weights, power, sizeof weights);
    int height = n + PATCH_HEIGHT - 1;
    for (int y = 0; y < height; y++, pixels += stride) {
        lanes sum = {0};
        __builtin_prefetch(pixels + AHEAD * stride);
        __builtin_prefetch(pixels + AHEAD * stride + 64);
        for (int k = 0; k < PATCH_WIDTH / LANES; k++)
            sum += LOAD_PIXELS(pixels + 4 * LANES * (size_t)k) * weights[k];
        ret[y] = sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
    }
    uint32_t factor = DOWN;
    for (int step = 1; step < PATCH_HEIGHT; step *= 2, factor *= factor) {
        height -= step;
        join_ahead(ret, height, step, factor);
    }
}
