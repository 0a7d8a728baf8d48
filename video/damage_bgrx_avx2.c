#include <immintrin.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cpu.h"
#include "video/damage.h"
#include "video/frame.h"

#define CELL_BYTES (CELL_SIZE * 4)

static inline __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline __m256i visible(void)
{
    return _mm256_set1_epi32(0x00FFFFFF);
}

static inline bool any_visible(__m256i bits)
{
    return !_mm256_testz_si256(bits, visible());
}

/* Bits in which one line of a whole cell differs. */
static inline __m256i line_bits(const uint8_t *a, const uint8_t *b)
{
    return _mm256_or_si256(_mm256_xor_si256(load(a), load(b)), _mm256_xor_si256(load(a + 32), load(b + 32)));
}

/* A cut cell: pixels beyond its width must not be read, so the loads are masked. */
static bool same_cut(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int width, int height)
{
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i left = _mm256_cmpgt_epi32(_mm256_set1_epi32(width), lane);
    __m256i right = _mm256_cmpgt_epi32(_mm256_set1_epi32(width - 8), lane);
    __m256i bits = _mm256_setzero_si256();
    for (int y = 0; y < height; y++, a += a_stride, b += b_stride) {
        __m256i l =
            _mm256_xor_si256(_mm256_maskload_epi32((const int *)a, left), _mm256_maskload_epi32((const int *)b, left));
        __m256i r = _mm256_setzero_si256();
        if (width > 8)
            r = _mm256_xor_si256(_mm256_maskload_epi32((const int *)(a + 32), right),
                                 _mm256_maskload_epi32((const int *)(b + 32), right));
        bits = _mm256_or_si256(bits, _mm256_or_si256(l, r));
    }
    return !any_visible(bits);
}

static bool same(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int width, int height)
{
    if (width < CELL_SIZE)
        return same_cut(a, a_stride, b, b_stride, width, height);
    for (int y = 0; y < height; y++, a += a_stride, b += b_stride)
        if (any_visible(line_bits(a, b)))
            return false;
    return true;
}

/* Lines are read from left to right over several cells, in the order in which memory is fastest; four lines at a time,
 * so that what was seen of each cell is loaded and stored only four times a row of cells. */
static void diff_whole(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int cells, int height,
                       uint8_t *changed)
{
    __m256i seen[FRAME_MAX_SIZE / CELL_SIZE];
    memset(seen, 0, (size_t)cells * sizeof seen[0]);
    int y = 0;
    for (; y + 4 <= height; y += 4, a += 4 * a_stride, b += 4 * b_stride) {
        for (int i = 0; i < cells; i++) {
            const uint8_t *pa = a + (size_t)i * CELL_BYTES, *pb = b + (size_t)i * CELL_BYTES;
            __m256i top = _mm256_or_si256(line_bits(pa, pb), line_bits(pa + a_stride, pb + b_stride));
            __m256i low = _mm256_or_si256(line_bits(pa + 2 * a_stride, pb + 2 * b_stride),
                                          line_bits(pa + 3 * a_stride, pb + 3 * b_stride));
            seen[i] = _mm256_or_si256(seen[i], _mm256_or_si256(top, low));
        }
    }
    for (; y < height; y++, a += a_stride, b += b_stride)
        for (int i = 0; i < cells; i++)
            seen[i] = _mm256_or_si256(seen[i], line_bits(a + (size_t)i * CELL_BYTES, b + (size_t)i * CELL_BYTES));
    for (int i = 0; i < cells; i++)
        changed[i] = any_visible(seen[i]);
}

static void diff_row(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int width, int height,
                     uint8_t *changed)
{
    int done = 0;
    while (width - done >= CELL_SIZE) {
        int cells = MIN((width - done) / CELL_SIZE, FRAME_MAX_SIZE / CELL_SIZE);
        diff_whole(a + 4 * (size_t)done, a_stride, b + 4 * (size_t)done, b_stride, cells, height,
                   changed + done / CELL_SIZE);
        done += cells * CELL_SIZE;
    }
    if (done < width)
        changed[done / CELL_SIZE] =
            !same_cut(a + 4 * (size_t)done, a_stride, b + 4 * (size_t)done, b_stride, width - done, height);
}

static inline __m256i nh_step(__m256i pixels, const uint32_t *key)
{
    __m256i s = _mm256_add_epi32(pixels, _mm256_load_si256((const __m256i *)key));
    return _mm256_mul_epu32(s, _mm256_srli_epi64(s, 32));
}

static inline uint64_t sum_lanes(__m256i v)
{
    __m128i s = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return (uint64_t)_mm_cvtsi128_si64(s) + (uint64_t)_mm_extract_epi64(s, 1);
}

static uint64_t hash(const struct cell_key *key, const uint8_t *pixels, size_t stride, int width, int height)
{
    uint8_t whole[CELL_SIZE][CELL_BYTES];
    const uint8_t *at = pixels;
    size_t step = stride;
    if (width < CELL_SIZE || height < CELL_SIZE) {
        memset(whole, 0, sizeof whole);
        for (int y = 0; y < height; y++)
            memcpy(whole[y], pixels + (size_t)y * stride, 4 * (size_t)width);
        at = whole[0];
        step = CELL_BYTES;
    }
    __m256i first = _mm256_setzero_si256(), second = _mm256_setzero_si256();
    for (int y = 0; y < CELL_SIZE; y++, at += step) {
        for (int half = 0; half < 2; half++) {
            __m256i v = _mm256_and_si256(load(at + half * 32), visible());
            const int word = y * CELL_SIZE + half * 8;
            first = _mm256_add_epi64(first, nh_step(v, key->nh[0] + word));
            second = _mm256_add_epi64(second, nh_step(v, key->nh[1] + word));
        }
    }
    uint64_t nh[2] = {sum_lanes(first), sum_lanes(second)};
    return cell_hash_fold(key, nh, width, height);
}

const struct damage_ops damage_bgrx_avx2 = {
    .name = "bgrx-avx2",
    .fourcc = FOURCC_BGRX,
    .needs = CPU_AVX2,
    .diff_row = diff_row,
    .same = same,
    .hash = hash,
};
