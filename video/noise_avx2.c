#include <immintrin.h>

#include "core/cpu.h"
#include "video/noise_measure.h"

struct sums {
    __m256i sum[4], squares[4]; /* 16 bits, one for each byte of a line: 16 lines of at most 255 or 63 * 63 fit */
};

static inline __m256i add_16(struct sums *s, int i, const uint8_t *a, const uint8_t *b)
{
    __m256i va = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(a + 16 * i)));
    __m256i vb = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(b + 16 * i)));
    __m256i d = _mm256_sub_epi16(va, vb), far = _mm256_abs_epi16(d);
    __m256i clamped = _mm256_min_epi16(far, _mm256_set1_epi16(NOISE_CLAMP));
    s->sum[i] = _mm256_add_epi16(s->sum[i], d);
    s->squares[i] = _mm256_add_epi16(s->squares[i], _mm256_mullo_epi16(clamped, clamped));
    return far;
}

static void fold(const struct sums *s, struct noise_measure *ret)
{
    for (int i = 0; i < 4; i++) {
        int16_t sum[16];
        uint16_t squares[16];
        _mm256_storeu_si256((__m256i *)sum, s->sum[i]);
        _mm256_storeu_si256((__m256i *)squares, s->squares[i]);
        for (int k = 0; k < 16; k++) {
            ret->sum[k & 3] += sum[k];
            ret->squares += squares[k];
        }
    }
}

static void measure(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int lines, int limit,
                    struct noise_measure *ret)
{
    const __m256i most = _mm256_set1_epi16((int16_t)limit);
    struct sums s;
    for (int i = 0; i < 4; i++)
        s.sum[i] = s.squares[i] = _mm256_setzero_si256();
    *ret = (struct noise_measure){0};
    for (int y = 0; y < lines; y++, a += a_stride, b += b_stride) {
        __m256i left = _mm256_max_epi16(add_16(&s, 0, a, b), add_16(&s, 1, a, b));
        __m256i right = _mm256_max_epi16(add_16(&s, 2, a, b), add_16(&s, 3, a, b));
        __m256i over = _mm256_cmpgt_epi16(_mm256_max_epi16(left, right), most);
        ret->outlier_lines |= (uint32_t)!_mm256_testz_si256(over, over) << y;
    }
    fold(&s, ret);
}

const struct noise_ops noise_avx2 = {.name = "avx2", .needs = CPU_AVX2, .measure = measure};
