#include "video/noise.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/cpu.h"
#include "video/noise_flat.h"
#include "video/noise_measure.h"

#define LINE (CELL_SIZE * 4) /* bytes */
#define MAX_VARIANCE 36.0f   /* a worse source is beyond help, and must not have real changes swallowed */
#define MIN_CAPTURES 4
#define MAX_CAPTURES 16
#define SURVEY_BINS 256

/* How often a difference must be seen in a row. */
#define SEEN_UNSURE 2
#define SEEN_SHIFTED 3

struct state {
    float variance;    /* of one byte from capture to capture */
    uint8_t captures;  /* in the average; 0: it has been shown */
    uint8_t suspected; /* captures in a row that differ, but not clearly */
};

struct noise {
    const struct noise_ops *ops;
    int width, height, cells_x;
    bool surveyed;
    float typical; /* variance of the whole picture at the survey, then of its still cells */
    uint32_t bins[SURVEY_BINS];
    uint32_t n_bins;
    struct state *states;
    uint16_t *sums; /* of the bytes of each cell's captures, CELL_PIXELS * 4 for a cell */
};

struct look {
    struct noise *noise;
    struct state *state;
    uint16_t *sums;
    const struct noise_cell *cell;
    int width, height, limit;
    float variance; /* of the difference between capture and what is shown */
    struct noise_measure m;
};

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
    self->sums = calloc(cells, CELL_PIXELS * 4 * sizeof self->sums[0]);
    if (!self->states || !self->sums) {
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
        free(self->sums);
        free(self);
    }
    return NULL;
}

static int captures_wanted(float variance)
{
    int n = (int)ceilf(4 * variance);
    return MIN(MAX_CAPTURES, MAX(MIN_CAPTURES, n));
}

static struct look look_at(struct noise *self, const struct noise_cell *cell)
{
    size_t index = (size_t)cell->cy * (size_t)self->cells_x + (size_t)cell->cx;
    struct state *s = &self->states[index];
    struct look l = {
        .noise = self,
        .state = s,
        .sums = self->sums + index * CELL_PIXELS * 4,
        .cell = cell,
        .width = MIN(CELL_SIZE, self->width - cell->cx * CELL_SIZE),
        .height = MIN(CELL_SIZE, self->height - cell->cy * CELL_SIZE),
    };
    /* What is shown is one capture, or the average of some, rounded and made even. */
    float shown = s->captures ? s->variance : s->variance / (float)captures_wanted(s->variance) + 0.35f;
    l.variance = s->variance + shown;
    l.limit = MIN(NOISE_CLAMP - 1, 1 + (int)ceilf(5 * sqrtf(l.variance)));
    return l;
}

static void average_begin(struct look *l, const uint8_t *bytes)
{
    for (int i = 0; i < CELL_PIXELS * 4; i++)
        l->sums[i] = bytes[i];
    l->state->captures = 1;
    l->state->suspected = 0;
}

void noise_first(struct noise *self, const struct noise_cell *cell)
{
    struct look l = look_at(self, cell);
    average_begin(&l, cell->now->bytes);
}

bool noise_wants_survey(const struct noise *self)
{
    return !self->surveyed;
}

/* share: what part of the variance of the difference is that of one capture. Differences that no noise makes are left
 * out. */
static void count(struct noise *self, const struct look *l, float share)
{
    float sixteenths = 16 * share * (float)l->m.squares / (float)(3 * l->width * l->height);
    if (sixteenths < SURVEY_BINS) {
        self->bins[(int)sixteenths]++;
        self->n_bins++;
    }
}

/* The median of what was counted, which is forgotten. */
static float median(struct noise *self)
{
    uint32_t below = 0, bin = 0;
    while (bin < SURVEY_BINS - 1 && (below += self->bins[bin]) * 2 < self->n_bins)
        bin++;
    memset(self->bins, 0, sizeof self->bins);
    self->n_bins = 0;
    return ((float)bin + 0.5f) / 16;
}

static uint32_t cells(const struct noise *self)
{
    return (uint32_t)(self->cells_x * ((self->height + CELL_SIZE - 1) / CELL_SIZE));
}

void noise_survey(struct noise *self, const struct noise_cell *cell)
{
    struct look l = look_at(self, cell);
    self->ops->measure(cell->now->bytes, LINE, cell->shown, cell->stride, l.height, NOISE_CLAMP - 1, &l.m);
    count(self, &l, 0.5f); /* two captures were compared */
}

/* Most of a screen is still most of the time. Where it is not, the estimate is too high for a moment, and each cell
 * finds its own as soon as it rests. */
void noise_survey_end(struct noise *self)
{
    self->typical = median(self);
    for (uint32_t i = 0; i < cells(self); i++)
        self->states[i].variance = 1.3f * self->typical;
    self->surveyed = true;
}

/* The survey may have seen a screen without noise, such as a black one; and sources change. */
void noise_end(struct noise *self)
{
    bool enough = self->n_bins * 4 >= cells(self);
    float seen = median(self);
    if (enough && seen > self->typical)
        self->typical = MIN(seen, 1.3f * self->typical + 0.05f);
    else if (enough)
        self->typical += (seen - self->typical) / 8;
}

static bool is_still(const struct look *l)
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

static void learn(struct look *l)
{
    struct state *s = l->state;
    float seen = (float)l->m.squares / (float)(3 * l->width * l->height), share = s->variance / l->variance;
    float towards = s->variance + (seen * share - s->variance) / 8;
    s->variance = MIN(MAX_VARIANCE, MAX(MAX(0.02f, l->noise->typical / 4), towards));
}

/* Puts what was captured where the average is complete. */
static bool show_average(struct look *l, struct cell_block *ret)
{
    struct state *s = l->state;
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

static bool stays(struct look *l, struct cell_block *ret)
{
    struct state *s = l->state;
    learn(l);
    s->suspected = 0;
    if (!s->captures)
        return false;
    for (int i = 0; i < CELL_PIXELS * 4; i++)
        l->sums[i] = (uint16_t)(l->sums[i] + l->cell->now->bytes[i]);
    s->captures++;
    return s->captures >= captures_wanted(s->variance) && show_average(l, ret);
}

/* Pixels of a line that are farther than the limit from what is shown dx pixels to the right of them. */
static int outliers(const struct look *l, const uint8_t *line, int y, int dx)
{
    const int first = l->cell->cx == 0 && dx < 0 ? -dx : 0;
    const int left = l->noise->width - l->cell->cx * CELL_SIZE;
    const uint8_t *shown = l->cell->shown + (size_t)y * l->cell->stride;
    int n = 0;
    for (int x = first; x < l->width && x + dx < left; x++) {
        const uint8_t *a = line + 4 * x, *b = shown + 4 * (x + dx);
        n += abs(a[0] - b[0]) > l->limit || abs(a[1] - b[1]) > l->limit || abs(a[2] - b[2]) > l->limit;
    }
    return n;
}

struct finding {
    uint32_t shifted;  /* lines that are what is shown, moved by a pixel */
    uint32_t detailed; /* lines on which such a move would be seen */
    int outliers;      /* pixels beyond the limit on other lines */
};

static struct finding find(const struct look *l)
{
    struct finding f = {0};
    for (int y = 0; y < l->height; y++) {
        const uint8_t *line = l->cell->now->bytes + y * LINE;
        const uint8_t *shown = l->cell->shown + (size_t)y * l->cell->stride;
        if (outliers(l, shown, y, 1) > 0)
            f.detailed |= 1u << y;
        if (!(l->m.outlier_lines >> y & 1))
            continue;
        int here = outliers(l, line, y, 0);
        if (outliers(l, line, y, -1) * 4 < here || outliers(l, line, y, 1) * 4 < here)
            f.shifted |= 1u << y;
        else
            f.outliers += here;
    }
    return f;
}

/* How often in a row a difference must have been seen before it is believed. */
static int needed(const struct look *l, const struct finding *f)
{
    if (f->outliers >= 3)
        return 1;
    if (f->outliers > 0 || !f->shifted)
        return SEEN_UNSURE;
    if (l->state->captures == 1) /* what is shown is a single capture and may be the bad one */
        return SEEN_UNSURE;
    uint32_t still = f->detailed & ~f->shifted;
    return !still && __builtin_popcount(f->shifted) >= 4 ? SEEN_UNSURE : SEEN_SHIFTED;
}

/* What was captured, but for lines that still show the same, or only jitter. The new average begins with all that was
 * captured, so that nothing of what was shown stays where it differs by less than the limit. */
static void show_capture(struct look *l, uint32_t shifted, struct cell_block *ret)
{
    struct state *s = l->state;
    struct cell_block start = *l->cell->now;
    *ret = *l->cell->now;
    uint32_t kept = l->m.outlier_lines ? ~(l->m.outlier_lines & ~shifted) : 0;
    for (int y = 0; y < l->height; y++) {
        const uint8_t *shown = l->cell->shown + (size_t)y * l->cell->stride;
        if (kept >> y & 1)
            memcpy(ret->bytes + y * LINE, shown, LINE);
        if (shifted >> y & 1)
            memcpy(start.bytes + y * LINE, shown, LINE);
    }
    average_begin(l, start.bytes);
    noise_flatten(ret, l->width, l->height, s->variance);
}

/* A change that is shown may be noise all the same, where there is more of it than we think. */
static void doubt(struct look *l, int outliers)
{
    struct state *s = l->state;
    bool again = s->captures == 1; /* the second in a row */
    if (outliers >= 3 && again)
        s->variance = MAX(s->variance, l->noise->typical);
    else if (outliers < 3)
        s->variance = MIN(MIN(MAX_VARIANCE, 4 * l->noise->typical + 1), s->variance * 1.2f);
}

bool noise_judge(struct noise *self, const struct noise_cell *cell, struct cell_block *ret)
{
    struct look l = look_at(self, cell);
    self->ops->measure(cell->now->bytes, LINE, cell->shown, cell->stride, l.height, l.limit, &l.m);
    count(self, &l, l.state->variance / l.variance);
    if (is_still(&l))
        return stays(&l, ret);
    struct finding f = find(&l);
    if (++l.state->suspected < needed(&l, &f))
        return false;
    bool only_shifted = f.outliers == 0 && f.shifted;
    if (!only_shifted)
        doubt(&l, f.outliers);
    show_capture(&l, only_shifted ? 0 : f.shifted, ret);
    return true;
}
