#include <immintrin.h>

#include "core/cpu.h"
#include "video/scan.h"

#define SCAN_ISA avx512
#define SCAN_NEEDS (CPU_AVX2 | CPU_AVX512)
#define VEC_UNITS 4
#define BY_HASH_4X true
#define BY_HASH_3 true
#define BY_HASH_2 true
#define BY_HASH_1_1 true
#define BY_HASH_1_H_H true
#define BY_HASH_1_1_1 true

typedef __m512i vec;

struct nh {
    __m512i sum[2];
};

static inline vec vec_zero(void)
{
    return _mm512_setzero_si512();
}

static inline vec vec_load(const uint8_t *p)
{
    return _mm512_loadu_si512(p);
}

static inline vec vec_load_part(const uint8_t *p, unsigned units)
{
    return _mm512_maskz_loadu_epi32((__mmask16)((1u << units * 4) - 1), p);
}

static inline __m128i quarter(const uint8_t *p, size_t stride, int per_line, int unit)
{
    return _mm_loadu_si128((const __m128i *)(p + (size_t)(unit / per_line) * stride + (size_t)(unit % per_line) * 16));
}

/* Two units that follow each other. */
static inline __m256i half(const uint8_t *p, size_t stride, int per_line, int unit)
{
    if (unit % per_line + 2 <= per_line)
        return _mm256_loadu_si256(
            (const __m256i *)(p + (size_t)(unit / per_line) * stride + (size_t)(unit % per_line) * 16));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(quarter(p, stride, per_line, unit)),
                                   quarter(p, stride, per_line, unit + 1), 1);
}

static inline vec vec_gather(const uint8_t *p, size_t stride, int per_line, int unit)
{
    if (per_line == 4)
        return vec_load(p + (size_t)(unit / 4) * stride);
    return _mm512_inserti64x4(_mm512_castsi256_si512(half(p, stride, per_line, unit)),
                              half(p, stride, per_line, unit + 2), 1);
}

static inline __m128i two_lines(const uint8_t *p, size_t stride)
{
    return _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(_mm_loadl_epi64((const __m128i *)p)),
                                         (const double *)(const void *)(p + stride)));
}

static inline __m256i four_lines(const uint8_t *p, size_t stride)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(two_lines(p, stride)), two_lines(p + 2 * stride, stride), 1);
}

static inline vec vec_gather_halves(const uint8_t *p, size_t stride)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(four_lines(p, stride)), four_lines(p + 4 * stride, stride), 1);
}

static inline vec vec_or_xor(vec seen, vec a, vec b)
{
    return _mm512_ternarylogic_epi32(seen, a, b, 0xF6);
}

static inline vec vec_visible(vec v)
{
    return _mm512_and_si512(v, _mm512_set1_epi32(0x00FFFFFF));
}

static inline unsigned vec_halves(vec v)
{
    return _mm512_test_epi64_mask(v, v);
}

static inline struct nh nh_zero(void)
{
    return (struct nh){{_mm512_setzero_si512(), _mm512_setzero_si512()}};
}

static inline __m512i nh_step(vec words, const uint32_t *key)
{
    __m512i s = _mm512_add_epi32(words, _mm512_load_si512(key));
    return _mm512_mul_epu32(s, _mm512_srli_epi64(s, 32));
}

static inline void nh_add(struct nh *nh, vec words, const uint32_t *key0, const uint32_t *key1)
{
    nh->sum[0] = _mm512_add_epi64(nh->sum[0], nh_step(words, key0));
    nh->sum[1] = _mm512_add_epi64(nh->sum[1], nh_step(words, key1));
}

/* Not _mm512_reduce_add_epi64: compilers' headers add signed numbers there, and sums of hashes overflow. */
static inline uint64_t nh_sum(__m512i eight)
{
    __m256i four = _mm256_add_epi64(_mm512_castsi512_si256(eight), _mm512_extracti64x4_epi64(eight, 1));
    __m128i two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    return (uint64_t)_mm_cvtsi128_si64(two) + (uint64_t)_mm_extract_epi64(two, 1);
}

static inline void nh_sums(const struct nh *nh, uint64_t ret[2])
{
    ret[0] = nh_sum(nh->sum[0]);
    ret[1] = nh_sum(nh->sum[1]);
}

#include "video/scan_body.inc"
