/* What is shown of a cell that has changed. */
#include <math.h>
#include <string.h>

#include "core/attrs.h"
#include "video/noise_flat.h"
#include "video/noise_inner.h"

#define LINE NOISE_LINE
#define BLOCK 4 /* pixels: side of the parts of a cell that may come from different places */

void noise_seek(struct noise *self, const uint8_t *changed, const uint8_t *now, size_t now_stride, const uint8_t *shown,
                size_t shown_stride)
{
    int contrast = 16 + (int)(4 * sqrtf(2 * self->typical));
    self->n_vectors =
        noise_motion_find(self->motion, changed, now, now_stride, shown, shown_stride, contrast, self->vectors);
    self->likely = 0;
    memcpy(self->old, self->states, noise_cells(self) * sizeof self->old[0]);
    memset(self->used, 0, sizeof self->used);
}

static int overlap(int a, int a_size, int cell)
{
    return MIN(a + a_size, (cell + 1) * CELL_SIZE) - MAX(a, cell * CELL_SIZE);
}

struct source {
    float variance; /* of what is shown there */
    bool rests, confirmed;
};

/* Of the cells that a displaced one lies on most must be at rest: were it all of them, a window would lose its rest
 * from the edges on while it is moved. */
static struct source source_at(const struct noise *self, int x, int y, int height)
{
    float most = 0;
    int rests = 0;
    bool confirmed = true;
    for (int cy = y / CELL_SIZE; cy <= (y + height - 1) / CELL_SIZE; cy++)
        for (int cx = x / CELL_SIZE; cx <= (x + CELL_SIZE - 1) / CELL_SIZE; cx++) {
            const struct noise_state *s = &self->old[cy * self->cells_x + cx];
            most = MAX(most, noise_shown_variance(s));
            rests += s->captures == 0 ? overlap(x, CELL_SIZE, cx) * overlap(y, height, cy) : 0;
            confirmed = confirmed && s->confirmed;
        }
    return (struct source){most, 2 * rests >= CELL_SIZE * height, confirmed};
}

/* False: there is nothing of the vector's. */
static bool hold_against(struct noise_look *l, struct noise_vector v, struct source *ret)
{
    const struct noise *noise = l->noise;
    const int x = l->cell->cx * CELL_SIZE + v.dx, y = l->cell->cy * CELL_SIZE + v.dy;
    if (l->width < CELL_SIZE || x < 0 || y < 0 || x + CELL_SIZE > noise->width || y + l->height > noise->height)
        return false;
    l->base_stride = l->cell->stride;
    l->base = l->cell->shown + (ptrdiff_t)v.dy * (ptrdiff_t)l->base_stride + 4 * v.dx;
    l->base_left = x;
    l->base_right = noise->width - x - CELL_SIZE;
    *ret = source_at(noise, x, y, l->height);
    noise_look_expect(l, ret->variance);
    return true;
}

static bool hold_against_before(struct noise_look *l, struct source *ret)
{
    if (!l->state->has_before)
        return false;
    l->base_stride = LINE;
    l->base = l->noise->before[l->state - l->noise->states].bytes;
    l->base_left = l->base_right = 0;
    struct noise_state rests = {.variance = l->state->variance};
    *ret = (struct source){noise_shown_variance(&rests), true, true};
    noise_look_expect(l, ret->variance);
    return true;
}

static void copy_base(const struct noise_look *l, struct cell_block *ret)
{
    for (int y = 0; y < l->height; y++)
        memcpy(ret->bytes + y * LINE, l->base + (size_t)y * l->base_stride, LINE);
}

/* What was shown at rest may come back. */
static void remember(const struct noise_look *l)
{
    if (l->state->captures > 0)
        return;
    struct cell_block *before = &l->noise->before[l->state - l->noise->states];
    for (int y = 0; y < l->height; y++)
        memcpy(before->bytes + y * LINE, l->cell->shown + (size_t)y * l->cell->stride, LINE);
    l->state->has_before = true;
}

/* Shows the base where the cell is what that is, but for noise. What was at rest there needs no average. */
static bool adopt(struct noise_look *l, struct source source, bool may_jitter, struct cell_block *ret)
{
    noise_look_measure(l);
    uint32_t shifted = 0;
    if (!noise_look_is_still(l)) {
        if (!may_jitter || !l->m.outlier_lines)
            return false;
        struct noise_finding f = noise_look_find(l, 1);
        shifted = f.shifted;
        if (f.outliers > 0 || 2 * __builtin_popcount(shifted) > __builtin_popcount(noise_look_detailed(l)))
            return false; /* most lines jitter: rather it has moved by a pixel more or less */
    }
    memset(ret, 0, sizeof *ret);
    copy_base(l, ret);
    struct cell_block start = *l->cell->now;
    for (int y = 0; y < l->height; y++)
        if (shifted >> y & 1 && source.confirmed)
            memcpy(start.bytes + y * LINE, ret->bytes + y * LINE, LINE);
        else if (shifted >> y & 1) /* of two captures either may be the bad one */
            memcpy(ret->bytes + y * LINE, start.bytes + y * LINE, LINE);
    remember(l);
    noise_average_begin(l, start.bytes);
    l->state->confirmed = !shifted || source.confirmed;
    if (source.rests)
        l->state->captures = 0;
    return true;
}

static bool adopt_moved(const struct noise_look *look, bool may_jitter, struct cell_block *ret)
{
    struct noise *noise = look->noise;
    for (unsigned i = 0; i < noise->n_vectors; i++) {
        unsigned v = (noise->likely + i) % noise->n_vectors;
        struct noise_look l = *look;
        struct source source;
        if (hold_against(&l, noise->vectors[v], &source) && adopt(&l, source, may_jitter, ret)) {
            noise->used[v]++;
            noise->likely = v;
            return true;
        }
    }
    return false;
}

static bool adopt_before(const struct noise_look *look, struct cell_block *ret)
{
    struct noise_look l = *look;
    struct source source;
    return hold_against_before(&l, &source) && adopt(&l, source, false, ret);
}

static bool block_is_base(const struct noise_look *l, int x, int y)
{
    const int end = MIN(y + BLOCK, l->height);
    int squares = 0;
    for (int i = y; i < end; i++) {
        const uint8_t *a = l->cell->now->bytes + i * LINE, *b = l->base + (size_t)i * l->base_stride;
        for (int k = 4 * x; k < 4 * (x + BLOCK); k++) {
            int d = a[k] - b[k];
            if (abs(d) > l->limit)
                return false;
            squares += d * d;
        }
    }
    return (float)squares <= 2.5f * l->variance * (float)(3 * BLOCK * (end - y));
}

/* Takes from the base what is the same there, of the blocks not `done` yet. */
static uint16_t take_blocks(const struct noise_look *l, uint16_t done, struct cell_block *ret)
{
    for (int b = 0; b < 16; b++) {
        const int x = b % 4 * BLOCK, y = b / 4 * BLOCK;
        if (done >> b & 1 || y >= l->height || !block_is_base(l, x, y))
            continue;
        done |= (uint16_t)(1u << b);
        for (int i = y; i < MIN(y + BLOCK, l->height); i++)
            memcpy(ret->bytes + i * LINE + 4 * x, l->base + (size_t)i * l->base_stride + 4 * x, 4 * BLOCK);
    }
    return done;
}

/* Parts of what is shown, of what was, and of what has moved there: a window's edge over something else. */
static void compose(const struct noise_look *look, struct cell_block *ret)
{
    struct noise_look l = *look;
    struct source source;
    uint16_t done = take_blocks(&l, 0, ret);
    if (hold_against_before(&l, &source))
        done = take_blocks(&l, done, ret);
    for (unsigned i = 0; i < l.noise->n_vectors && done != UINT16_MAX; i++)
        if (l.noise->used[i] > 0 && hold_against(&l, l.noise->vectors[i], &source))
            done = take_blocks(&l, done, ret);
}

/* A change that is shown may be noise all the same, where there is more of it than we think. */
static void doubt(struct noise_look *l, int outliers)
{
    struct noise_state *s = l->state;
    bool again = s->captures == 1; /* the second in a row */
    if (outliers >= NOISE_OUTLIERS_CLEAR && again)
        s->variance = MAX(s->variance, l->noise->typical);
    else if (outliers < NOISE_OUTLIERS_CLEAR)
        s->variance = MIN(MIN(NOISE_MAX_VARIANCE, 4 * l->noise->typical + 1), s->variance * 1.2f);
}

/* What was captured, but for parts that still show the same, or only jitter. The new average begins with all that was
 * captured, so that nothing of what was shown stays where it differs by less than the limit. */
static void show_capture(struct noise_look *l, uint32_t shifted, struct cell_block *ret)
{
    struct cell_block start = *l->cell->now;
    *ret = *l->cell->now;
    if (l->m.outlier_lines)
        compose(l, ret);
    for (int y = 0; y < l->height; y++)
        if (shifted >> y & 1) {
            const uint8_t *shown = l->base + (size_t)y * l->base_stride;
            memcpy(ret->bytes + y * LINE, shown, LINE);
            memcpy(start.bytes + y * LINE, shown, LINE);
        }
    remember(l);
    noise_average_begin(l, start.bytes);
    noise_flatten(ret, l->width, l->height, l->state->variance);
}

void noise_change(struct noise *self, const struct noise_cell *cell, struct cell_block *ret)
{
    struct noise_look l = noise_look_at(self, cell);
    if (adopt_before(&l, ret) || adopt_moved(&l, false, ret) || adopt_moved(&l, true, ret))
        return;
    noise_look_measure(&l);
    struct noise_finding f = noise_look_find(&l, INT32_MAX);
    bool only_shifted = f.outliers == 0 && f.shifted;
    if (!only_shifted)
        doubt(&l, f.outliers);
    show_capture(&l, only_shifted ? 0 : f.shifted, ret);
}
