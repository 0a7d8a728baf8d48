#include "encode/copy_votes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "encode/copy_patch.h"

#define CELLS_MAX (FRAME_MAX_SIZE / CELL_SIZE)

#define FIRST_COLUMNS 3
#define FIRST_LINES 5
#define COLUMNS 6
#define LINES 12

#define DISTINCT_MIN 256 /* when none of so many is found along the first lines, none would be along others */
#define VOTES_MIN 3
#define VOTES_CLEAR 6 /* so many along the first lines, and no more are asked */
#define AROUND 8      /* cells beside the changed ones in which their content may have stood */

#define PROBES 16384 /* places; at most three quarters are taken */
#define PROBES_MOST (PROBES / 4 * 3)
#define MANY UINT16_MAX /* in place of a line: the patch stands there more than once */
#define SEEN_BITS 16
#define CANDIDATES 256

struct probe {
    uint32_t hash; /* mixed; 0: free */
    uint16_t x, y;
};

struct candidate {
    int16_t dx, dy;
    uint16_t votes; /* 0: free */
};

struct copy_votes {
    const struct copy_patch_ops *ops;
    struct probe probes[PROBES];
    uint64_t seen[(1 << SEEN_BITS) / 64]; /* hashes of probes: most of what is looked up is not among them */
    unsigned n_probes, n_unique, n_asked;
    struct candidate candidates[CANDIDATES];
    unsigned n_candidates, hits;
    uint32_t in_column[CELLS_MAX], in_row[CELLS_MAX]; /* wanted cells */
    int first_column, last_column;
    uint32_t hash[FRAME_MAX_SIZE + PATCH_ROOM];
};

int copy_votes_create(struct copy_votes **ret)
{
    struct copy_votes *self = malloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    self->ops = copy_patch_ops_find(cpu_features());
    *ret = self;
    return 0;
}

struct copy_votes *copy_votes_destroy(struct copy_votes *self)
{
    free(self);
    return NULL;
}

static uint32_t mix(uint32_t hash)
{
    hash = (hash ^ hash >> 15) * 0x2C1B3C6Du;
    hash ^= hash >> 13;
    return hash ? hash : 1;
}

static void count_wanted(struct copy_votes *self, const struct plan *plan, const struct view *view)
{
    memset(self->in_column, 0, sizeof self->in_column);
    self->first_column = view->cells_x;
    self->last_column = -1;
    for (int cy = 0; cy < view->cells_y; cy++) {
        const uint8_t *wanted = plan->wanted + view_cell(view, 0, cy);
        uint32_t in_row = 0;
        for (int cx = 0; cx < view->cells_x; cx++) {
            in_row += wanted[cx];
            self->in_column[cx] += wanted[cx];
        }
        self->in_row[cy] = in_row;
    }
    for (int cx = 0; cx < view->cells_x; cx++)
        if (self->in_column[cx]) {
            self->first_column = MIN(self->first_column, cx);
            self->last_column = cx;
        }
}

/* The row or column at which part/parts of the wanted cells are passed. */
static int quantile(const uint32_t *counts, int n, unsigned total, unsigned part, unsigned parts)
{
    uint64_t limit = (uint64_t)total * part / parts, passed = 0;
    for (int i = 0; i < n; i++) {
        passed += counts[i];
        if (passed > limit)
            return i;
    }
    return n - 1;
}

static void add_probe(struct copy_votes *self, uint32_t hash, int x, int y)
{
    unsigned at = hash >> 16 & (PROBES - 1);
    self->n_asked++;
    while (self->probes[at].hash && self->probes[at].hash != hash)
        at = (at + 1) & (PROBES - 1);
    struct probe *probe = &self->probes[at];
    if (probe->hash) {
        self->n_unique -= probe->y != MANY;
        probe->y = MANY;
        return;
    }
    if (self->n_probes >= PROBES_MOST)
        return;
    *probe = (struct probe){.hash = hash, .x = (uint16_t)x, .y = (uint16_t)y};
    self->seen[(hash & 0xFFFF) / 64] |= UINT64_C(1) << hash % 64;
    self->n_probes++;
    self->n_unique++;
}

/* Patches of the picture that begin in wanted cells of this column. */
static void probe_column(struct copy_votes *self, const struct plan *plan, const struct view *view,
                         const struct picture *picture, int cx)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    int x = cx * CELL_SIZE, last = view->height - PATCH_HEIGHT;
    if (x + PATCH_WIDTH > view->width)
        return;
    for (int cy = 0; cy < view->cells_y; cy++) {
        int end = cy;
        while (end < view->cells_y && plan->wanted[view_cell(view, cx, end)])
            end++;
        int y = cy * CELL_SIZE, n = MIN(end * CELL_SIZE - 1, last) - y + 1;
        if (n > 0)
            self->ops->down(plane->data + (size_t)y * plane->stride + 4 * (size_t)x, plane->stride, n, self->hash);
        for (int i = 0; i < n; i++)
            add_probe(self, mix(self->hash[i]), x, y + i);
        cy = end;
    }
}

static void vote(struct copy_votes *self, int dx, int dy)
{
    if (dx == 0 && dy == 0)
        return;
    self->hits++;
    unsigned at = ((uint32_t)dx * 0x9E3779B1u + (uint32_t)dy * 0x85EBCA6Bu) >> 24;
    struct candidate *c = &self->candidates[at];
    for (; c->votes && (c->dx != dx || c->dy != dy); c = &self->candidates[at])
        at = (at + 1) % CANDIDATES;
    if (c->votes)
        c->votes++;
    else if (self->n_candidates < CANDIDATES * 3 / 4) {
        *c = (struct candidate){.dx = (int16_t)dx, .dy = (int16_t)dy, .votes = 1};
        self->n_candidates++;
    }
}

static const struct probe *find_probe(const struct copy_votes *self, uint32_t hash)
{
    for (unsigned at = hash >> 16 & (PROBES - 1); self->probes[at].hash; at = (at + 1) & (PROBES - 1))
        if (self->probes[at].hash == hash)
            return self->probes[at].y == MANY ? NULL : &self->probes[at];
    return NULL;
}

/* A patch that looks like its neighbour to the left has nothing to say about where it is. */
static void ask_line(struct copy_votes *self, const struct view *view, int y)
{
    int from = MAX(self->first_column - AROUND, 0) * CELL_SIZE;
    int to = MIN((self->last_column + AROUND + 1) * CELL_SIZE, view->width - PATCH_WIDTH + 1);
    if (y > view->height - PATCH_HEIGHT || to <= from)
        return;
    self->ops->along(view->pixels + (size_t)y * view->stride + 4 * (size_t)from, view->stride, to - from, self->hash);
    uint32_t before = self->hash[0];
    for (int i = 1; i < to - from; i++) {
        uint32_t hash = self->hash[i];
        if (hash == before)
            continue;
        before = hash;
        hash = mix(hash);
        if (!(self->seen[(hash & 0xFFFF) / 64] >> hash % 64 & 1))
            continue;
        const struct probe *probe = find_probe(self, hash);
        if (probe)
            vote(self, from + i - probe->x, y - probe->y);
    }
}

static void begin(struct copy_votes *self)
{
    memset(self->probes, 0, sizeof self->probes);
    memset(self->seen, 0, sizeof self->seen);
    memset(self->candidates, 0, sizeof self->candidates);
    self->n_probes = self->n_unique = self->n_asked = self->n_candidates = self->hits = 0;
}

static void ask(struct copy_votes *self, const struct plan *plan, const struct view *view,
                const struct picture *picture, unsigned columns, unsigned lines)
{
    begin(self);
    int before = -1;
    for (unsigned i = 0; i < columns; i++) {
        int cx = quantile(self->in_column, view->cells_x, plan->n_wanted, 2 * i + 1, 2 * columns);
        if (cx != before)
            probe_column(self, plan, view, picture, cx);
        before = cx;
    }
    for (unsigned i = 0; i < lines; i++) { /* one where much changed, one anywhere */
        int cy = quantile(self->in_row, view->cells_y, plan->n_wanted, 2 * i + 1, 2 * lines);
        ask_line(self, view, cy * CELL_SIZE + (int)(i * 7 % CELL_SIZE));
        ask_line(self, view, (int)((2 * i + 1) * (unsigned)view->height / (2 * lines)));
    }
}

/* Takes out the candidate with most votes. */
static unsigned next_winner(struct copy_votes *self, struct copy_vector *ret)
{
    struct candidate *best = &self->candidates[0];
    for (int i = 1; i < CANDIDATES; i++)
        if (self->candidates[i].votes > best->votes)
            best = &self->candidates[i];
    unsigned votes = best->votes;
    *ret = (struct copy_vector){best->dx, best->dy};
    best->votes = 0;
    return votes;
}

static unsigned take_winners(struct copy_votes *self, struct copy_vector *ret, unsigned most, unsigned votes_first)
{
    unsigned n = 0, least = votes_first;
    for (; n < most && next_winner(self, &ret[n]) >= least; n++)
        least = VOTES_MIN;
    return n;
}

unsigned copy_votes_take(struct copy_votes *self, const struct plan *plan, const struct view *view,
                         const struct picture *picture, struct copy_vector *ret, unsigned most)
{
    if (view->width < PATCH_WIDTH || view->height < PATCH_HEIGHT)
        return 0;
    count_wanted(self, plan, view);
    ask(self, plan, view, picture, FIRST_COLUMNS, FIRST_LINES);
    if (self->hits == 0 && self->n_unique >= DISTINCT_MIN && self->n_unique * 2 >= self->n_asked)
        return 0;
    unsigned n = take_winners(self, ret, most, VOTES_CLEAR);
    if (n > 0)
        return n;
    ask(self, plan, view, picture, COLUMNS, LINES);
    return take_winners(self, ret, most, VOTES_MIN);
}
