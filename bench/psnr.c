#include "bench/psnr.h"

#include <math.h>

static inline uint32_t square(const uint8_t *a, const uint8_t *b, int i, int j)
{
    int d = (int)a[i] - b[j];
    return (uint32_t)(d * d);
}

#define CHUNK 4096 /* pixels whose squares fit into 32 bits */

void psnr_add(struct psnr *self, const uint8_t *seen, const uint8_t *captured, size_t pixels)
{
    for (size_t at = 0; at < pixels; at += CHUNK) {
        uint32_t sum = 0;
        for (size_t i = at; i < pixels && i < at + CHUNK; i++)
            for (int c = 0; c < 3; c++)
                sum += square(seen + 4 * i, captured + 4 * i, c, c);
        self->error += sum;
    }
    self->samples += 3 * (double)pixels;
}

void psnr_add_rgba(struct psnr *self, const uint8_t *seen, const uint8_t *captured, size_t pixels)
{
    for (size_t at = 0; at < pixels; at += CHUNK) {
        uint32_t sum = 0;
        for (size_t i = at; i < pixels && i < at + CHUNK; i++)
            for (int c = 0; c < 3; c++)
                sum += square(seen + 4 * i, captured + 4 * i, c, 2 - c);
        self->error += sum;
    }
    self->samples += 3 * (double)pixels;
}

double psnr_db(const struct psnr *self)
{
    if (self->error <= 0)
        return PSNR_EXACT;
    return fmin(PSNR_EXACT, 10 * log10(255.0 * 255.0 * self->samples / self->error));
}
