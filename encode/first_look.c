#include "encode/first_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BANDS 4             /* in which the link's seconds are spent: a key's echo waits for one at most */
#define JPEG_TABLES 640     /* bytes of a file whatever is in it */
#define CELLS_MIN_PERCENT 5 /* with fewer left the rest is sent exactly */

/* What a cell of a page or desktop takes at a quality, half chroma, in bytes; found by trial. */
static const struct step {
    int quality;
    unsigned bytes;
} steps[] = {{75, 44}, {60, 34}, {45, 27}, {30, 20}, {20, 15}, {10, 10}, {5, 7}};

void first_look_init(struct first_look *self)
{
    *self = (struct first_look){.percent = 100};
}

void first_look_finish(struct first_look *self)
{
    free(self->hash);
    first_look_init(self);
}

int first_look_reset(struct first_look *self, size_t cells)
{
    first_look_finish(self);
    self->hash = calloc(cells, sizeof self->hash[0]);
    self->due = true;
    return self->hash ? 0 : -ENOMEM;
}

static bool takes_long(const struct plan *plan, const uint16_t *cost, uint64_t rate)
{
    uint64_t sum = 0, left = plan->n_wanted;
    for (size_t i = 0; left > 0; i++) {
        sum += plan->wanted[i] ? cost[i] : 0;
        left -= plan->wanted[i];
    }
    return rate > 0 && sum > rate * FIRST_LOOK_SECONDS;
}

bool first_look_wants(struct first_look *self, const struct plan *plan, const uint16_t *cost, uint64_t rate)
{
    if (self->due) {
        self->due = false;
        self->on = takes_long(plan, cost, rate);
        self->left = (size_t)rate * FIRST_LOOK_SECONDS;
        self->begun = plan->n_wanted;
    }
    self->wanted = plan->n_wanted;
    if (self->left < 2 * JPEG_TABLES || self->wanted * 100 < self->begun * CELLS_MIN_PERCENT)
        self->on = false;
    return self->on;
}

int first_look_quality(struct first_look *self, uint64_t rate, unsigned *ret_cells)
{
    size_t band = MAX((size_t)rate * FIRST_LOOK_SECONDS / BANDS, (size_t)(2 * JPEG_TABLES));
    size_t tables = JPEG_TABLES * (self->left / band + 1);
    size_t room = self->left > tables ? self->left - tables : 0;
    unsigned i = 0;
    while (i + 1 < ARRAY_SIZE(steps) && (size_t)self->wanted * steps[i].bytes * self->percent / 100 > room)
        i++;
    size_t each = MAX(steps[i].bytes * self->percent / 100, 1u);
    *ret_cells = (unsigned)((MIN(band, self->left) - JPEG_TABLES) / each) + 1;
    self->step = i;
    return steps[i].quality;
}

void first_look_sent(struct first_look *self, const struct view *view, const struct picture *picture,
                     const struct cell_rect *rects, int n_rects, unsigned cells, size_t bytes)
{
    for (int i = 0; i < n_rects; i++)
        for (int y = rects[i].y; y < rects[i].y + rects[i].h; y++)
            memcpy(self->hash + view_cell(view, rects[i].x, y), picture->hash + view_cell(view, rects[i].x, y),
                   (size_t)rects[i].w * sizeof self->hash[0]);
    if (bytes > JPEG_TABLES)
        self->percent = (unsigned)((bytes - JPEG_TABLES) * 100 / (cells * steps[self->step].bytes)) + 1;
    self->percent = MIN(self->percent, 1000u);
    self->left -= MIN(self->left, bytes);
}

void first_look_better(struct first_look *self, const struct view *view, const struct cell_rect *rects, int n_rects)
{
    for (int i = 0; i < n_rects; i++)
        for (int y = rects[i].y; y < rects[i].y + rects[i].h; y++)
            memset(self->hash + view_cell(view, rects[i].x, y), 0, (size_t)rects[i].w * sizeof self->hash[0]);
}

bool first_look_has(const struct first_look *self, size_t cell, uint64_t hash)
{
    return self->hash[cell] != 0 && self->hash[cell] == hash;
}
