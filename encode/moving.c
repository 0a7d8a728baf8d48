#include "encode/moving.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

#define LATEST 0x1F      /* the last five pictures */
#define LATEST_CHANGED 3 /* of them must have changed a cell that moves */
#define LONG_CHANGED 12  /* or so many of the last 32: it has only paused */
#define BEGIN_US 300000  /* for as long as this */
#define END_US 500000    /* a region in which nothing changed for so long is over */
#define CELLS_MIN 24     /* moving ones; and each side of a region */
#define SIDE_MIN 4
#define GAP 2          /* cells that still connect */
#define FOUND_SHARE 10 /* where more than 1 in 10 changes was found, no video is shown */
#define MORE_MIN 16    /* moving cells outside that are worth another region */
#define SHRINK_TURN 8  /* pictures; so often it is looked whether a region has become too large */

void moving_init(struct moving *self)
{
    *self = (struct moving){.cells_x = 0};
}

void moving_finish(struct moving *self)
{
    free(self->any);
    free(self->soft);
    free(self->found);
    free(self->since_us);
    free(self->queue);
    free(self->seen);
    moving_init(self);
}

int moving_reset(struct moving *self, int cells_x, int cells_y)
{
    moving_finish(self);
    size_t cells = (size_t)cells_x * (size_t)cells_y;
    self->any = calloc(cells, sizeof self->any[0]);
    self->soft = calloc(cells, sizeof self->soft[0]);
    self->found = calloc(cells, sizeof self->found[0]);
    self->since_us = calloc(cells, sizeof self->since_us[0]);
    self->queue = malloc(cells * sizeof self->queue[0]);
    self->seen = malloc(cells);
    if (!self->any || !self->soft || !self->found || !self->since_us || !self->queue || !self->seen) {
        moving_finish(self);
        return -ENOMEM;
    }
    self->cells_x = cells_x;
    self->cells_y = cells_y;
    return 0;
}

/* In line: the compiler's own is a call where the processor need not have the instruction. */
static unsigned ones(uint32_t bits)
{
    bits -= bits >> 1 & 0x55555555;
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
    return ((bits + (bits >> 4)) & 0x0F0F0F0F) * 0x01010101u >> 24;
}

static bool moves(const struct moving *self, size_t cell, uint64_t now_us)
{
    return ones(self->soft[cell] & LATEST) >= LATEST_CHANGED && now_us - self->since_us[cell] >= BEGIN_US;
}

bool moving_keeps_on(const struct moving *self, size_t cell)
{
    return ones(self->any[cell] & LATEST) > LATEST_CHANGED || ones(self->any[cell]) >= LONG_CHANGED;
}

bool moving_is_hasty(const struct moving *self, size_t cell)
{
    return ones(self->soft[cell] & LATEST) > 1;
}

static struct cell_rect joined(struct cell_rect a, struct cell_rect b)
{
    if (a.w == 0 || b.w == 0)
        return a.w == 0 ? b : a;
    int x = MIN(a.x, b.x), y = MIN(a.y, b.y);
    return (struct cell_rect){x, y, MAX(a.x + a.w, b.x + b.w) - x, MAX(a.y + a.h, b.y + b.h) - y};
}

static bool touch(struct cell_rect a, struct cell_rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/* Cells that changed softly of late and are no further from each other than GAP: the rectangle around them, and how
 * many of them move. */
static struct cell_rect measure(struct moving *self, uint32_t start, uint64_t now_us, unsigned *ret_moving)
{
    uint32_t head = 0, tail = 0;
    struct cell_rect box = {0};
    *ret_moving = 0;
    self->queue[tail++] = start;
    self->seen[start] = 1;
    while (head < tail) {
        uint32_t cell = self->queue[head++];
        int cx = (int)(cell % (uint32_t)self->cells_x), cy = (int)(cell / (uint32_t)self->cells_x);
        if (moves(self, cell, now_us)) {
            ++*ret_moving;
            box = joined(box, (struct cell_rect){cx, cy, 1, 1});
        }
        for (int y = MAX(cy - GAP, 0); y <= MIN(cy + GAP, self->cells_y - 1); y++)
            for (int x = MAX(cx - GAP, 0); x <= MIN(cx + GAP, self->cells_x - 1); x++) {
                uint32_t next = (uint32_t)(y * self->cells_x + x);
                if (!self->seen[next] && self->soft[next]) {
                    self->seen[next] = 1;
                    self->queue[tail++] = next;
                }
            }
    }
    for (uint32_t i = 0; i<tail && * ret_moving> 0; i++) {
        int cx = (int)(self->queue[i] % (uint32_t)self->cells_x), cy = (int)(self->queue[i] / (uint32_t)self->cells_x);
        if (self->soft[self->queue[i]] & (self->soft[self->queue[i]] - 1))
            box = joined(box, (struct cell_rect){cx, cy, 1, 1});
    }
    return box;
}

/* A scroll of photographs or of a noisy source: part of what changes there can always be found. */
static bool scrolls(const struct moving *self, struct cell_rect box)
{
    unsigned found = 0, soft = 0;
    for (int y = box.y; y < box.y + box.h; y++)
        for (int x = box.x; x < box.x + box.w; x++) {
            found += ones(self->found[y * self->cells_x + x] & LATEST);
            soft += ones(self->soft[y * self->cells_x + x] & LATEST);
        }
    return found * FOUND_SHARE > soft;
}

/* The rectangle in which most cells move; w 0: none is worth it. */
static struct cell_rect find_largest(struct moving *self, uint64_t now_us)
{
    size_t cells = (size_t)self->cells_x * (size_t)self->cells_y;
    unsigned most = CELLS_MIN - 1;
    struct cell_rect best = {0};
    memset(self->seen, 0, cells);
    for (size_t i = 0; i < cells; i++) {
        if (self->seen[i] || !self->soft[i])
            continue;
        unsigned n;
        struct cell_rect box = measure(self, (uint32_t)i, now_us, &n);
        if (n > most && box.w >= SIDE_MIN && box.h >= SIDE_MIN && 3 * n >= (unsigned)(box.w * box.h) &&
            !scrolls(self, box)) {
            most = n;
            best = box;
        }
    }
    return best;
}

static bool most_keep_on(const struct moving *self, struct cell_rect line)
{
    int n = 0;
    if (line.x < 0 || line.y < 0 || line.x + line.w > self->cells_x || line.y + line.h > self->cells_y)
        return false;
    for (int y = line.y; y < line.y + line.h; y++)
        for (int x = line.x; x < line.x + line.w; x++)
            n += moving_keeps_on(self, (size_t)y * (size_t)self->cells_x + (size_t)x);
    return 3 * n >= line.w * line.h;
}

/* Cells that a video's edge runs through look drawn, but move with it. */
static struct cell_rect with_edges(const struct moving *self, struct cell_rect box)
{
    if (most_keep_on(self, (struct cell_rect){box.x - 1, box.y, 1, box.h}))
        box = (struct cell_rect){box.x - 1, box.y, box.w + 1, box.h};
    if (most_keep_on(self, (struct cell_rect){box.x + box.w, box.y, 1, box.h}))
        box.w++;
    if (most_keep_on(self, (struct cell_rect){box.x, box.y - 1, box.w, 1}))
        box = (struct cell_rect){box.x, box.y - 1, box.w, box.h + 1};
    if (most_keep_on(self, (struct cell_rect){box.x, box.y + box.h, box.w, 1}))
        box.h++;
    return box;
}

static unsigned moving_outside(const struct moving *self, struct cell_rect box, struct cell_rect region,
                               uint64_t now_us)
{
    unsigned n = 0;
    for (int y = box.y; y < box.y + box.h; y++)
        for (int x = box.x; x < box.x + box.w; x++)
            n += !cell_rect_has(region, x, y) && moves(self, (size_t)y * (size_t)self->cells_x + (size_t)x, now_us);
    return n;
}

/* It stands while nothing much moves outside, but for a look now and then whether less of it would do. */
static bool region_stands(const struct moving *self, uint64_t now_us, bool may_begin)
{
    struct cell_rect all = {0, 0, self->cells_x, self->cells_y};
    return self->region.w > 0 &&
           (!may_begin || (self->turn % SHRINK_TURN > 0 && moving_outside(self, all, self->region, now_us) < MORE_MIN));
}

static void choose_region(struct moving *self, uint64_t now_us, bool may_begin)
{
    if (self->region.w > 0 && now_us - self->active_us > END_US)
        self->region = (struct cell_rect){0};
    self->turn++;
    if (region_stands(self, now_us, may_begin))
        return;
    struct cell_rect box = find_largest(self, now_us), old = self->region;
    if (box.w == 0)
        return;
    box = with_edges(self, box);
    if (old.w == 0) {
        self->region = box;
        self->active_us = now_us;
    } else if (may_begin) {
        unsigned outside = moving_outside(self, box, old, now_us);
        if (outside >= MORE_MIN && outside * 20 >= (unsigned)(old.w * old.h))
            self->region = touch(box, old) ? joined(box, old) : box;
        else if (outside == 0 && 3 * box.w * box.h < old.w * old.h)
            self->region = box;
    }
}

/* After a pause all begins anew. */
static void forget(struct moving *self, size_t cells)
{
    memset(self->any, 0, cells * sizeof self->any[0]);
    memset(self->soft, 0, cells * sizeof self->soft[0]);
    memset(self->found, 0, cells * sizeof self->found[0]);
}

void moving_note(struct moving *self, const uint8_t *changes, uint64_t now_us, bool may_begin)
{
    size_t cells = (size_t)self->cells_x * (size_t)self->cells_y;
    bool any_soft = false;
    if (now_us - self->noted_us > END_US)
        forget(self, cells);
    self->noted_us = now_us;
    for (size_t i = 0; i < cells; i++) {
        if (changes[i] == MOVING_SOFT && self->soft[i] == 0)
            self->since_us[i] = now_us;
        self->any[i] = self->any[i] << 1 | (changes[i] >= MOVING_DRAWN);
        self->found[i] = self->found[i] << 1 | (changes[i] == MOVING_FOUND);
        self->soft[i] = self->soft[i] << 1 | (changes[i] == MOVING_SOFT);
        any_soft = any_soft || self->soft[i];
    }
    for (int y = self->region.y; y < self->region.y + self->region.h; y++)
        for (int x = self->region.x; x < self->region.x + self->region.w; x++)
            if (changes[y * self->cells_x + x] == MOVING_SOFT)
                self->active_us = now_us;
    if (any_soft || self->region.w > 0)
        choose_region(self, now_us, may_begin);
}
