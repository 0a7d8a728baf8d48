#include "video/noise_flat.h"

#include <math.h>
#include <string.h>

#include "core/attrs.h"

#define MAX_COLOURS 6
#define MAX_RADIUS 8
#define PAD (2 * MAX_RADIUS)
#define MIN_SHARE 12 /* 1/n of a cell's pixels make a colour */

struct flat {
    uint8_t *bytes;
    int width, height, radius;
    bool done[CELL_PIXELS];
    int low, high;                /* of the second byte */
    int histogram[256 + 2 * PAD]; /* of the second byte: green or luma, which every kind of text contrast shows in */
};

struct tally {
    int n;
    int sum[3], squares[3];
};

static uint8_t *pixel(const struct flat *f, int x, int y)
{
    return f->bytes + y * CELL_SIZE * 4 + x * 4;
}

static bool near(const uint8_t *p, const int centre[3], int radius)
{
    for (int i = 0; i < 3; i++)
        if (p[i] < centre[i] - radius || p[i] > centre[i] + radius)
            return false;
    return true;
}

static void add(struct tally *t, const uint8_t *p)
{
    t->n++;
    for (int i = 0; i < 3; i++) {
        t->sum[i] += p[i];
        t->squares[i] += p[i] * p[i];
    }
}

static int rounded(int sum, int n)
{
    return n > 0 ? (2 * sum + n) / (2 * n) : 0;
}

/* Value around which most of the remaining pixels lie, by a window that slides over the histogram. */
static int peak(const struct flat *f, int *ret_mass)
{
    const int r = f->radius;
    int best = 0, best_mass = 0, mass = 0;
    for (int v = f->low - r; v <= f->high; v++) {
        mass += f->histogram[PAD + v + r];
        int here = f->histogram[PAD + v];
        if (mass > best_mass || (mass == best_mass && here > f->histogram[PAD + best])) {
            best = v;
            best_mass = mass;
        }
        mass -= f->histogram[PAD + v - r];
    }
    *ret_mass = best_mass;
    return MAX(0, best);
}

/* centre NULL: by the second byte alone. */
static struct tally tally(const struct flat *f, int level, const int *centre)
{
    struct tally t = {0};
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            const uint8_t *p = pixel(f, x, y);
            if (!f->done[y * CELL_SIZE + x] &&
                (centre ? near(p, centre, f->radius) : p[1] >= level - f->radius && p[1] <= level + f->radius))
                add(&t, p);
        }
    return t;
}

static bool tight(const struct tally *t, float variance)
{
    for (int i = 0; i < 3; i++) {
        float mean = (float)t->sum[i] / (float)t->n;
        if ((float)t->squares[i] / (float)t->n - mean * mean > 1.5f * variance + 0.15f)
            return false;
    }
    return true;
}

/* Takes the pixels around a colour out of what remains, and evens them where `even`. */
static void settle(struct flat *f, int level, const int *centre, bool even)
{
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            uint8_t *p = pixel(f, x, y);
            bool *done = &f->done[y * CELL_SIZE + x];
            if (*done || (even ? !near(p, centre, f->radius) : p[1] < level - f->radius || p[1] > level + f->radius))
                continue;
            *done = true;
            f->histogram[PAD + p[1]]--;
            for (int i = 0; even && i < 3; i++)
                p[i] = (uint8_t)centre[i];
        }
}

void noise_flatten(struct cell_block *pixels, int width, int height, float variance)
{
    struct flat f = {.bytes = pixels->bytes, .width = width, .height = height, .low = 255};
    f.radius = MIN(MAX_RADIUS, 1 + (int)(2.5f * sqrtf(variance)));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int v = pixel(&f, x, y)[1];
            f.histogram[PAD + v]++;
            f.low = MIN(f.low, v);
            f.high = MAX(f.high, v);
        }
    for (int i = 0; i < MAX_COLOURS; i++) {
        int mass, level = peak(&f, &mass);
        if (mass * MIN_SHARE < width * height)
            return;
        struct tally t = tally(&f, level, NULL);
        int centre[3];
        for (int k = 0; k < 3; k++)
            centre[k] = rounded(t.sum[k], t.n);
        t = tally(&f, level, centre);
        bool even = t.n * MIN_SHARE >= width * height && tight(&t, variance);
        if (even)
            for (int k = 0; k < 3; k++)
                centre[k] = rounded(t.sum[k], t.n);
        settle(&f, level, centre, even);
    }
}
