#include <immintrin.h>

#include "core/cpu.h"
#include "video/scan.h"

#define SCAN_ISA avx2
#define SCAN_NEEDS CPU_AVX2
#define VEC_UNITS 2
#define BY_HASH_4X true
#define BY_HASH_3 true
#define BY_HASH_2 true
#define BY_HASH_1_1 true
#define BY_HASH_1_H_H true
#define BY_HASH_1_1_1 true

typedef __m256i vec;

struct nh {
    __m256i sum[2];
};

static inline vec vec_zero(void)
{
    return _mm256_setzero_si256();
}

static inline vec vec_load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline __m128i half(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

static inline vec vec_load_part(const uint8_t *p, unsigned units)
{
    (void)units; /* one */
    return _mm256_zextsi128_si256(half(p));
}

static inline vec vec_gather(const uint8_t *p, size_t stride, int per_line, int unit)
{
    const uint8_t *first = p + (size_t)(unit / per_line) * stride + (size_t)(unit % per_line) * 16;
    if (unit % per_line + 2 <= per_line)
        return vec_load(first);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(half(first)),
                                   half(p + (size_t)(unit / per_line + 1) * stride), 1);
}

static inline __m128i two_lines(const uint8_t *p, size_t stride)
{
    return _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(_mm_loadl_epi64((const __m128i *)p)),
                                         (const double *)(const void *)(p + stride)));
}

static inline vec vec_gather_halves(const uint8_t *p, size_t stride)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(two_lines(p, stride)), two_lines(p + 2 * stride, stride), 1);
}

static inline vec vec_or_xor(vec seen, vec a, vec b)
{
    return _mm256_or_si256(seen, _mm256_xor_si256(a, b));
}

static inline vec vec_visible(vec v)
{
    return _mm256_and_si256(v, _mm256_set1_epi32(0x00FFFFFF));
}

static inline unsigned vec_halves(vec v)
{
    return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(v, _mm256_setzero_si256()))) ^ 15;
}

static inline struct nh nh_zero(void)
{
    return (struct nh){{_mm256_setzero_si256(), _mm256_setzero_si256()}};
}

static inline __m256i nh_step(vec words, const uint32_t *key)
{
    __m256i s = _mm256_add_epi32(words, _mm256_load_si256((const __m256i *)key));
    return _mm256_mul_epu32(s, _mm256_srli_epi64(s, 32));
}

static inline void nh_add(struct nh *nh, vec words, const uint32_t *key0, const uint32_t *key1)
{
    nh->sum[0] = _mm256_add_epi64(nh->sum[0], nh_step(words, key0));
    nh->sum[1] = _mm256_add_epi64(nh->sum[1], nh_step(words, key1));
}

static inline uint64_t sum_lanes(__m256i v)
{
    __m128i s = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return (uint64_t)_mm_cvtsi128_si64(s) + (uint64_t)_mm_extract_epi64(s, 1);
}

static inline void nh_sums(const struct nh *nh, uint64_t ret[2])
{
    ret[0] = sum_lanes(nh->sum[0]);
    ret[1] = sum_lanes(nh->sum[1]);
}

#include "video/scan_body.inc"
