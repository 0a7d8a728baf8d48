#include "video/noise.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/cpu.h"
#include "video/noise_flat.h"
#include "video/noise_inner.h"

#define LINE NOISE_LINE
#define MIN_CAPTURES 4
#define MAX_CAPTURES 16

/* How often a difference must be seen in a row. */
#define SEEN_UNSURE 2
#define SEEN_SHIFTED 3

int noise_create(int width, int height, struct noise **ret)
{
    struct noise *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->ops = noise_ops_find(cpu_features());
    self->width = width;
    self->height = height;
    self->cells_x = (width + CELL_SIZE - 1) / CELL_SIZE;
    size_t cells = (size_t)self->cells_x * (size_t)((height + CELL_SIZE - 1) / CELL_SIZE);
    self->states = calloc(cells, sizeof self->states[0]);
    self->old = calloc(cells, sizeof self->old[0]);
    self->sums = calloc(cells, CELL_PIXELS * 4 * sizeof self->sums[0]);
    self->before = calloc(cells, sizeof self->before[0]);
    if (!self->states || !self->old || !self->sums || !self->before ||
        noise_motion_create(width, height, &self->motion) < 0) {
        noise_destroy(self);
        return -ENOMEM;
    }
    *ret = self;
    return 0;
}

struct noise *noise_destroy(struct noise *self)
{
    if (self) {
        free(self->states);
        free(self->old);
        free(self->sums);
        free(self->before);
        noise_motion_destroy(self->motion);
        free(self);
    }
    return NULL;
}

static int captures_wanted(float variance)
{
    int n = (int)ceilf(4 * variance);
    return MIN(MAX_CAPTURES, MAX(MIN_CAPTURES, n));
}

float noise_shown_variance(const struct noise_state *state)
{
    /* It is one capture, or the average of some, rounded and made even. */
    float v = state->variance;
    return state->captures ? v : v / (float)captures_wanted(v) + 0.35f;
}

void noise_look_expect(struct noise_look *l, float base_variance)
{
    l->variance = l->state->variance + base_variance;
    l->limit = MIN(NOISE_CLAMP - 1, 1 + (int)ceilf(5 * sqrtf(l->variance)));
}

struct noise_look noise_look_at(struct noise *self, const struct noise_cell *cell)
{
    size_t index = (size_t)cell->cy * (size_t)self->cells_x + (size_t)cell->cx;
    const int left = cell->cx * CELL_SIZE, width = MIN(CELL_SIZE, self->width - left);
    struct noise_look l = {
        .noise = self,
        .state = &self->states[index],
        .sums = self->sums + index * CELL_PIXELS * 4,
        .cell = cell,
        .base = cell->shown,
        .base_stride = cell->stride,
        .base_left = left,
        .base_right = self->width - left - width,
        .width = width,
        .height = MIN(CELL_SIZE, self->height - cell->cy * CELL_SIZE),
    };
    noise_look_expect(&l, noise_shown_variance(l.state));
    return l;
}

void noise_look_measure(struct noise_look *l)
{
    l->noise->ops->measure(l->cell->now->bytes, LINE, l->base, l->base_stride, l->height, l->limit, &l->m);
}

void noise_average_begin(struct noise_look *l, const uint8_t *bytes)
{
    for (int i = 0; i < CELL_PIXELS * 4; i++)
        l->sums[i] = bytes[i];
    l->state->captures = 1;
    l->state->suspected = 0;
    l->state->confirmed = false;
}

void noise_first(struct noise *self, const struct noise_cell *cell)
{
    struct noise_look l = noise_look_at(self, cell);
    noise_average_begin(&l, cell->now->bytes);
}

bool noise_wants_survey(const struct noise *self)
{
    return !self->surveyed;
}

/* share: what part of the variance of the difference is that of one capture. Differences that no noise makes are left
 * out. */
static void count(struct noise *self, const struct noise_look *l, float share)
{
    float sixteenths = 16 * share * (float)l->m.squares / (float)(3 * l->width * l->height);
    if (sixteenths < NOISE_BINS) {
        self->bins[(int)sixteenths]++;
        self->n_bins++;
    }
}

/* The median of what was counted, which is forgotten. */
static float median(struct noise *self)
{
    uint32_t below = 0, bin = 0;
    while (bin < NOISE_BINS - 1 && (below += self->bins[bin]) * 2 < self->n_bins)
        bin++;
    memset(self->bins, 0, sizeof self->bins);
    self->n_bins = 0;
    return ((float)bin + 0.5f) / 16;
}

uint32_t noise_cells(const struct noise *self)
{
    return (uint32_t)(self->cells_x * ((self->height + CELL_SIZE - 1) / CELL_SIZE));
}

void noise_survey(struct noise *self, const struct noise_cell *cell)
{
    struct noise_look l = noise_look_at(self, cell);
    self->ops->measure(cell->now->bytes, LINE, cell->shown, cell->stride, l.height, NOISE_CLAMP - 1, &l.m);
    count(self, &l, 0.5f); /* two captures were compared */
}

/* Most of a screen is still most of the time. Where it is not, the estimate is too high for a moment, and each cell
 * finds its own as soon as it rests. */
void noise_survey_end(struct noise *self)
{
    self->typical = median(self);
    for (uint32_t i = 0; i < noise_cells(self); i++)
        self->states[i].variance = 1.3f * self->typical;
    self->surveyed = true;
}

/* The survey may have seen a screen without noise, such as a black one; and sources change. */
void noise_end(struct noise *self)
{
    bool enough = self->n_bins * 4 >= noise_cells(self);
    float seen = median(self);
    if (enough && seen > self->typical)
        self->typical = MIN(seen, 1.3f * self->typical + 0.05f);
    else if (enough)
        self->typical += (seen - self->typical) / 8;
    for (unsigned i = 0; i < self->n_vectors; i++)
        noise_motion_used(self->motion, self->vectors[i], self->used[i]);
    self->n_vectors = 0;
}

bool noise_look_is_still(const struct noise_look *l)
{
    const struct noise_measure *m = &l->m;
    const float n = (float)(l->width * l->height), v = l->variance;
    if (m->outlier_lines || (float)m->squares > 3 * n * (1.25f * v + 0.25f) + 18 * v * sqrtf(2 * n))
        return false;
    const float most = 0.75f * n + 5 * sqrtf(v * n);
    for (int i = 0; i < 3; i++)
        if (fabsf((float)m->sum[i]) > most)
            return false;
    return true;
}

static void learn(struct noise_look *l)
{
    struct noise_state *s = l->state;
    float seen = (float)l->m.squares / (float)(3 * l->width * l->height), share = s->variance / l->variance;
    float towards = s->variance + (seen * share - s->variance) / 8;
    s->variance = MIN(NOISE_MAX_VARIANCE, MAX(MAX(0.02f, l->noise->typical / 4), towards));
}

/* Puts what was captured where the average is complete. */
static bool show_average(struct noise_look *l, struct cell_block *ret)
{
    struct noise_state *s = l->state;
    const unsigned n = s->captures;
    for (int i = 0; i < CELL_PIXELS * 4; i++)
        ret->bytes[i] = (uint8_t)((2u * l->sums[i] + n) / (2 * n));
    noise_flatten(ret, l->width, l->height, s->variance / (float)n + 0.085f);
    s->captures = 0;
    for (int y = 0; y < l->height; y++)
        if (memcmp(ret->bytes + y * LINE, l->cell->shown + (size_t)y * l->cell->stride, LINE) != 0)
            return true;
    return false;
}

static bool stays(struct noise_look *l, struct cell_block *ret)
{
    struct noise_state *s = l->state;
    learn(l);
    s->suspected = 0;
    s->confirmed = true;
    if (!s->captures)
        return false;
    for (int i = 0; i < CELL_PIXELS * 4; i++)
        l->sums[i] = (uint16_t)(l->sums[i] + l->cell->now->bytes[i]);
    s->captures++;
    return s->captures >= captures_wanted(s->variance) && show_average(l, ret);
}

/* Pixels of a line that are farther than the limit from those of the base dx pixels to the right of them. */
static int outliers(const struct noise_look *l, const uint8_t *line, int y, int dx)
{
    const int first = MAX(0, -dx - l->base_left), end = MIN(l->width, l->width + l->base_right - dx);
    const uint8_t *base = l->base + (size_t)y * l->base_stride;
    int n = 0;
    for (int x = first; x < end; x++) {
        const uint8_t *a = line + 4 * x, *b = base + 4 * (x + dx);
        n += abs(a[0] - b[0]) > l->limit || abs(a[1] - b[1]) > l->limit || abs(a[2] - b[2]) > l->limit;
    }
    return n;
}

struct noise_finding noise_look_find(const struct noise_look *l, int enough)
{
    struct noise_finding f = {0};
    for (uint32_t left = l->m.outlier_lines; left && f.outliers < enough; left &= left - 1) {
        const int y = __builtin_ctz(left);
        const uint8_t *line = l->cell->now->bytes + y * LINE;
        int here = outliers(l, line, y, 0);
        if (outliers(l, line, y, -1) * 4 < here || outliers(l, line, y, 1) * 4 < here)
            f.shifted |= 1u << y;
        else
            f.outliers += here;
    }
    return f;
}

uint32_t noise_look_detailed(const struct noise_look *l)
{
    uint32_t lines = 0;
    for (int y = 0; y < l->height; y++)
        if (outliers(l, l->base + (size_t)y * l->base_stride, y, 1) > 0)
            lines |= 1u << y;
    return lines;
}

/* How often in a row a difference must have been seen before it is believed. */
static int needed(const struct noise_look *l, const struct noise_finding *f)
{
    if (f->outliers >= NOISE_OUTLIERS_CLEAR)
        return 1;
    if (f->outliers > 0 || !f->shifted)
        return SEEN_UNSURE;
    if (l->state->captures == 1) /* what is shown is a single capture and may be the bad one */
        return SEEN_UNSURE;
    uint32_t still = noise_look_detailed(l) & ~f->shifted;
    return !still && __builtin_popcount(f->shifted) >= 4 ? SEEN_UNSURE : SEEN_SHIFTED;
}

enum noise_verdict noise_judge(struct noise *self, const struct noise_cell *cell, struct cell_block *ret)
{
    struct noise_look l = noise_look_at(self, cell);
    noise_look_measure(&l);
    count(self, &l, l.state->variance / l.variance);
    if (noise_look_is_still(&l))
        return stays(&l, ret) ? NOISE_CLEANER : NOISE_SAME;
    struct noise_finding f = noise_look_find(&l, NOISE_OUTLIERS_CLEAR);
    if (++l.state->suspected < needed(&l, &f))
        return NOISE_SAME;
    l.state->suspected = 0;
    return NOISE_CHANGED;
}
