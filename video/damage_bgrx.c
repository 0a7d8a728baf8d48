/* The reference: what the other kernels for BGRX must equal. */
#include <string.h>

#include "core/attrs.h"
#include "video/damage.h"
#include "video/frame.h"

#define VISIBLE 0x00FFFFFFu

static uint32_t pixel_at(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static bool lines_differ(const uint8_t *a, const uint8_t *b, int width)
{
    uint32_t seen = 0;
    for (int x = 0; x < width; x++) {
        uint32_t pa, pb;
        memcpy(&pa, a + 4 * (size_t)x, 4);
        memcpy(&pb, b + 4 * (size_t)x, 4);
        seen |= pa ^ pb;
    }
    const uint8_t visible[4] = {255, 255, 255, 0};
    uint32_t mask;
    memcpy(&mask, visible, 4);
    return seen & mask;
}

static bool same(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int width, int height)
{
    for (int y = 0; y < height; y++)
        if (lines_differ(a + (size_t)y * a_stride, b + (size_t)y * b_stride, width))
            return false;
    return true;
}

static void diff_row(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int width, int height,
                     uint8_t *changed)
{
    for (int x = 0; x < width; x += CELL_SIZE)
        *changed++ = !same(a + 4 * (size_t)x, a_stride, b + 4 * (size_t)x, b_stride, MIN(CELL_SIZE, width - x), height);
}

static uint64_t hash(const struct cell_key *key, const uint8_t *pixels, size_t stride, int width, int height)
{
    uint64_t nh[2] = {0, 0};
    for (int i = 0; i < CELL_PIXELS; i += 2) {
        int x = i % CELL_SIZE, y = i / CELL_SIZE;
        const uint8_t *at = pixels + (size_t)y * stride + 4 * (size_t)x;
        uint32_t first = y < height && x < width ? pixel_at(at) & VISIBLE : 0;
        uint32_t second = y < height && x + 1 < width ? pixel_at(at + 4) & VISIBLE : 0;
        for (int k = 0; k < 2; k++)
            nh[k] += (uint64_t)(uint32_t)(first + key->nh[k][i]) * (uint32_t)(second + key->nh[k][i + 1]);
    }
    return cell_hash_fold(key, nh, width, height);
}

const struct damage_ops damage_bgrx = {
    .name = "bgrx-c",
    .fourcc = FOURCC_BGRX,
    .diff_row = diff_row,
    .same = same,
    .hash = hash,
};
