#include "video/noise_motion.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "video/frame.h"

#define CELL 16
#define PATCH (2 * CELL) /* pixels of a line that are looked at together: those of two changed cells */
#define EDGES_MIN 6      /* fewer say nothing */
#define COLUMNS 12
#define LINES 24
#define CHANGED_MIN 16 /* cells; fewer are not worth a search */
#define USEFUL 8       /* cells */
#define LAST 3
#define VOTED 4
#define VOTES_MIN 4
#define CANDIDATES 512
#define PROBES 32768 /* places; at most three quarters are taken */
#define MANY UINT16_MAX

struct probe {
    uint64_t edges; /* 0: free */
    uint16_t x, y;  /* y MANY: it is there more than once */
};

struct candidate {
    struct noise_vector vector;
    uint16_t votes; /* 0: free */
};

struct noise_motion {
    int width, height, cells_x, cells_y;
    int contrast;
    struct noise_vector last[LAST]; /* the latest first; 0,0: none */
    unsigned n_probes, n_candidates;
    struct candidate candidates[CANDIDATES];
    uint32_t in_column[FRAME_MAX_SIZE / CELL], in_row[FRAME_MAX_SIZE / CELL]; /* changed cells */
    struct probe probes[PROBES];
};

int noise_motion_create(int width, int height, struct noise_motion **ret)
{
    struct noise_motion *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->width = width;
    self->height = height;
    self->cells_x = (width + CELL - 1) / CELL;
    self->cells_y = (height + CELL - 1) / CELL;
    *ret = self;
    return 0;
}

struct noise_motion *noise_motion_destroy(struct noise_motion *self)
{
    free(self);
    return NULL;
}

/* One step of the second byte (green or luma) from a pixel to the next: none, up or down. */
static uint64_t edge(const uint8_t *p, int contrast)
{
    int d = p[5] - p[1];
    return d > contrast ? 1 : d < -contrast ? 2 : 0;
}

static bool says_something(uint64_t edges)
{
    return __builtin_popcountll(edges) >= EDGES_MIN;
}

static unsigned place_of(uint64_t edges)
{
    return (unsigned)((edges * UINT64_C(0x9E3779B97F4A7C15)) >> 49);
}

static_assert(PROBES == 1 << (64 - 49), "place_of gives a place");

static void add_probe(struct noise_motion *self, uint64_t edges, int x, int y)
{
    unsigned at = place_of(edges);
    while (self->probes[at].edges && self->probes[at].edges != edges)
        at = (at + 1) % PROBES;
    struct probe *probe = &self->probes[at];
    if (probe->edges) {
        probe->y = MANY;
    } else if (self->n_probes < PROBES / 4 * 3) {
        *probe = (struct probe){.edges = edges, .x = (uint16_t)x, .y = (uint16_t)y};
        self->n_probes++;
    }
}

static const struct probe *find_probe(const struct noise_motion *self, uint64_t edges)
{
    for (unsigned at = place_of(edges); self->probes[at].edges; at = (at + 1) % PROBES)
        if (self->probes[at].edges == edges)
            return self->probes[at].y == MANY ? NULL : &self->probes[at];
    return NULL;
}

/* Lines jitter by a pixel: that is no movement. */
static void vote(struct noise_motion *self, int dx, int dy)
{
    if (dy == 0 && abs(dx) <= 1)
        return;
    unsigned at = ((uint32_t)dx * 0x9E3779B1u + (uint32_t)dy * 0x85EBCA6Bu) >> 23;
    struct candidate *c = &self->candidates[at];
    for (; c->votes && (c->vector.dx != dx || c->vector.dy != dy); c = &self->candidates[at])
        at = (at + 1) % CANDIDATES;
    if (c->votes) {
        c->votes++;
    } else if (self->n_candidates < CANDIDATES / 4 * 3) {
        *c = (struct candidate){.vector = {(int16_t)dx, (int16_t)dy}, .votes = 1};
        self->n_candidates++;
    }
}

static unsigned count_changed(struct noise_motion *self, const uint8_t *changed)
{
    unsigned n = 0;
    memset(self->in_column, 0, sizeof self->in_column);
    memset(self->in_row, 0, sizeof self->in_row);
    for (int cy = 0; cy < self->cells_y; cy++)
        for (int cx = 0; cx < self->cells_x; cx++) {
            uint8_t is = changed[cy * self->cells_x + cx];
            self->in_column[cx] += is;
            self->in_row[cy] += is;
            n += is;
        }
    return n;
}

/* The row or column at which part/parts of the changed cells are passed. */
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

static uint64_t edges_at(const uint8_t *line, int contrast)
{
    uint64_t edges = 0;
    for (int x = 0; x < PATCH - 1; x++)
        edges = edges << 2 | edge(line + 4 * x, contrast);
    return edges;
}

static void probe_column(struct noise_motion *self, const uint8_t *changed, const uint8_t *now, size_t stride, int cx)
{
    if ((cx + 2) * CELL > self->width)
        return;
    for (int cy = 0; cy < self->cells_y; cy++) {
        const uint8_t *cell = changed + cy * self->cells_x + cx;
        if (!cell[0] || !cell[1])
            continue;
        for (int y = cy * CELL; y < MIN((cy + 1) * CELL, self->height); y++) {
            uint64_t edges = edges_at(now + (size_t)y * stride + (size_t)cx * CELL * 4, self->contrast);
            if (says_something(edges))
                add_probe(self, edges, cx * CELL, y);
        }
    }
}

static void ask_line(struct noise_motion *self, const uint8_t *line, int y)
{
    const uint64_t mask = (UINT64_C(1) << 2 * (PATCH - 1)) - 1;
    uint64_t edges = 0, before = 0;
    for (int x = 0; x + 1 < self->width; x++) {
        edges = (edges << 2 | edge(line + 4 * x, self->contrast)) & mask;
        const int from = x - (PATCH - 2);
        if (from < 0 || edges == before || !says_something(edges))
            continue;
        before = edges;
        const struct probe *probe = find_probe(self, edges);
        if (probe)
            vote(self, from - probe->x, y - probe->y);
    }
}

static void search(struct noise_motion *self, const uint8_t *changed, unsigned n_changed, const uint8_t *now,
                   size_t now_stride, const uint8_t *shown, size_t shown_stride)
{
    memset(self->probes, 0, sizeof self->probes);
    memset(self->candidates, 0, sizeof self->candidates);
    self->n_probes = self->n_candidates = 0;
    int before = -1;
    for (unsigned i = 0; i < COLUMNS; i++) {
        int cx = quantile(self->in_column, self->cells_x, n_changed, 2 * i + 1, 2 * COLUMNS);
        if (cx != before)
            probe_column(self, changed, now, now_stride, cx);
        before = cx;
    }
    for (unsigned i = 0; i < LINES && self->n_probes > 0; i++) {
        int cy = quantile(self->in_row, self->cells_y, n_changed, 2 * i + 1, 2 * LINES);
        int y = MIN(cy * CELL + (int)(i * 7 % CELL), self->height - 1);
        ask_line(self, shown + (size_t)y * shown_stride, y);
    }
}

/* Vectors that are a pixel apart are one, seen by lines that jitter, too. */
static bool has(const struct noise_vector *vectors, unsigned n, struct noise_vector v)
{
    for (unsigned i = 0; i < n; i++)
        if (abs(vectors[i].dx - v.dx) <= 1 && vectors[i].dy == v.dy)
            return true;
    return false;
}

/* Takes out the candidate with most votes. */
static struct candidate next_winner(struct noise_motion *self)
{
    struct candidate *best = &self->candidates[0];
    for (int i = 1; i < CANDIDATES; i++)
        if (self->candidates[i].votes > best->votes)
            best = &self->candidates[i];
    struct candidate winner = *best;
    best->votes = 0;
    return winner;
}

unsigned noise_motion_find(struct noise_motion *self, const uint8_t *changed, const uint8_t *now, size_t now_stride,
                           const uint8_t *shown, size_t shown_stride, int contrast, struct noise_vector *ret)
{
    unsigned n = 0, n_changed = count_changed(self, changed);
    if (n_changed >= CHANGED_MIN) {
        self->contrast = contrast;
        search(self, changed, n_changed, now, now_stride, shown, shown_stride);
        for (struct candidate c = next_winner(self); n < VOTED && c.votes >= VOTES_MIN; c = next_winner(self))
            if (!has(ret, n, c.vector))
                ret[n++] = c.vector;
    }
    for (unsigned i = 0; i < LAST && n < NOISE_VECTORS && (self->last[i].dx || self->last[i].dy); i++)
        if (!has(ret, n, self->last[i]))
            ret[n++] = self->last[i];
    return n;
}

void noise_motion_used(struct noise_motion *self, struct noise_vector vector, unsigned cells)
{
    if (cells < USEFUL)
        return;
    int i = 0;
    while (i < LAST - 1 && (self->last[i].dx != vector.dx || self->last[i].dy != vector.dy))
        i++;
    for (; i > 0; i--)
        self->last[i] = self->last[i - 1];
    self->last[0] = vector;
}
