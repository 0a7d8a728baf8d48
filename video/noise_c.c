/* The reference; compilers make vectors of it (NEON too), which is why all of it is in 16 bits. */
#include "core/attrs.h"
#include "video/noise_measure.h"

#define LINE 64

static void measure(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, int lines, int limit,
                    struct noise_measure *ret)
{
    int16_t sum[LINE] = {0};
    uint16_t squares[LINE] = {0};
    *ret = (struct noise_measure){0};
    for (int y = 0; y < lines; y++, a += a_stride, b += b_stride) {
        int16_t most = 0;
        for (int i = 0; i < LINE; i++) {
            int16_t d = (int16_t)(a[i] - b[i]), far = (int16_t)(d < 0 ? -d : d);
            int16_t clamped = MIN(far, NOISE_CLAMP);
            most = MAX(most, far);
            sum[i] = (int16_t)(sum[i] + d);
            squares[i] = (uint16_t)(squares[i] + clamped * clamped);
        }
        ret->outlier_lines |= (uint32_t)(most > limit) << y;
    }
    for (int i = 0; i < LINE; i++) {
        ret->sum[i & 3] += sum[i];
        ret->squares += squares[i];
    }
}

const struct noise_ops noise_c = {.name = "c", .measure = measure};
