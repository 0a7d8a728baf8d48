#include "encode/plan.h"

#include <errno.h>
#include <string.h>

/* A group up to this many cells is a keystroke, a pointer, a line of text: it goes ahead of everything larger. */
#define SMALL_GROUP 32

/* More is no echo: much of the screen happens to have changed just after a key. */
#define ECHO_CELLS 96

void plan_init(struct plan *self)
{
    *self = (struct plan){.cells_room = 0};
}

void plan_finish(struct plan *self)
{
    free(self->wanted);
    free(self->kind);
    free(self->group);
    free(self->run);
    free(self->tiles);
    plan_init(self);
}

static int make_room(struct plan *self, size_t cells)
{
    if (cells <= self->cells_room)
        return 0;
    plan_finish(self);
    self->wanted = calloc(cells, 1);
    self->kind = calloc(cells, 1);
    self->group = malloc(cells * sizeof self->group[0]);
    self->run = malloc(cells * sizeof self->run[0]);     /* fewer runs than cells */
    self->tiles = malloc(cells * sizeof self->tiles[0]); /* fewer tiles than cells */
    if (!self->wanted || !self->kind || !self->group || !self->run || !self->tiles) {
        plan_finish(self);
        return -ENOMEM;
    }
    self->cells_room = cells;
    return 0;
}

static uint32_t first_of(struct plan_run *run, uint32_t i)
{
    while (run[i].joined != i)
        i = run[i].joined = run[run[i].joined].joined;
    return i;
}

static void join(struct plan_run *run, uint32_t a, uint32_t b)
{
    a = first_of(run, a);
    b = first_of(run, b);
    if (a != b) {
        run[b].joined = a;
        run[a].cells += run[b].cells;
    }
}

/* The runs of wanted cells of a row, behind the n that are known; returns how many there are then. */
static uint32_t add_runs(struct plan *self, const struct view *view, int cy, uint32_t n)
{
    const uint8_t *wanted = self->wanted + view_cell(view, 0, cy);
    for (int x = 0, end; x < view->cells_x; x = end + 1) {
        for (end = x; end < view->cells_x && wanted[end]; end++)
            ;
        if (end > x) {
            self->run[n] = (struct plan_run){
                .joined = n, .cells = (uint32_t)(end - x), .x = (uint16_t)x, .y = (uint16_t)cy, .end = (uint16_t)end};
            n++;
        }
    }
    return n;
}

/* Joins the runs of two rows that touch each other; corners count. */
static void join_rows(struct plan_run *run, uint32_t above, uint32_t row, uint32_t end)
{
    for (uint32_t a = above, b = row; a < row && b < end;) {
        if (run[a].x <= run[b].end && run[b].x <= run[a].end)
            join(run, a, b);
        if (run[a].end < run[b].end)
            a++;
        else
            b++;
    }
}

/* The group of wanted cells that touch each other: its size is noted in each of them. */
static void measure_groups(struct plan *self, const struct view *view, size_t cells)
{
    uint32_t above = 0, row = 0, n = 0;
    memset(self->group, 0, cells * sizeof self->group[0]);
    for (int cy = 0; cy < view->cells_y && self->n_wanted > 0; cy++) {
        above = row;
        row = n;
        n = add_runs(self, view, cy, n);
        join_rows(self->run, above, row, n);
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct plan_run *run = &self->run[i];
        uint16_t size = (uint16_t)MIN(self->run[first_of(self->run, i)].cells, PLAN_GROUP_MAX);
        for (size_t x = run->x; x < run->end; x++)
            self->group[view_cell(view, (int)x, run->y)] = size;
    }
}

static int begin(struct plan *self, const struct view *view, size_t *ret_cells)
{
    *ret_cells = (size_t)view->cells_x * (size_t)view->cells_y;
    self->n_wanted = 0;
    return make_room(self, *ret_cells);
}

int plan_want_changes(struct plan *self, const struct view *view, const struct picture *picture)
{
    size_t cells;
    int r = begin(self, view, &cells);
    if (r < 0)
        return r;
    for (size_t i = 0; i < cells; i++) {
        self->wanted[i] = view->hash[i] != picture->hash[i];
        self->n_wanted += self->wanted[i];
    }
    measure_groups(self, view, cells);
    return 0;
}

int plan_want_settling(struct plan *self, const struct view *view, const struct picture *picture, uint64_t before_us)
{
    size_t cells;
    int r = begin(self, view, &cells);
    if (r < 0)
        return r;
    for (size_t i = 0; i < cells; i++) {
        self->wanted[i] = !view->exact[i] && view->hash[i] == picture->hash[i] && picture->changed_us[i] <= before_us;
        self->n_wanted += self->wanted[i];
    }
    measure_groups(self, view, cells);
    return 0;
}

int plan_want_view(struct plan *self, const struct view *view, const struct view *other)
{
    size_t cells;
    int r = begin(self, view, &cells);
    if (r < 0)
        return r;
    for (size_t i = 0; i < cells; i++) {
        self->wanted[i] = view->hash[i] != other->hash[i] || (!view->exact[i] && other->exact[i]);
        self->kind[i] = other->exact[i] ? PLAN_TEXT : PLAN_PHOTO;
        self->n_wanted += self->wanted[i];
    }
    measure_groups(self, view, cells);
    return 0;
}

void plan_done(struct plan *self, const struct view *view, struct cell_rect cells)
{
    for (int y = cells.y; y < cells.y + cells.h; y++)
        for (int x = cells.x; x < cells.x + cells.w; x++) {
            uint8_t *wanted = &self->wanted[view_cell(view, x, y)];
            self->n_wanted -= *wanted;
            *wanted = 0;
        }
}

static bool is_echo(const struct picture *picture, size_t cell, uint64_t key_us)
{
    return key_us && picture->began_us[cell] >= key_us && picture->began_us[cell] - key_us <= PLAN_ECHO_US;
}

void plan_want_echo(struct plan *self, const struct view *view, const struct picture *picture, uint64_t key_us)
{
    unsigned n = 0;
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    for (size_t i = 0; i < cells && self->n_wanted > SMALL_GROUP; i++)
        n += self->wanted[i] && self->group[i] <= SMALL_GROUP && is_echo(picture, i, key_us);
    if (n == 0 || n > ECHO_CELLS)
        return;
    for (size_t i = 0; i < cells; i++)
        self->wanted[i] = self->wanted[i] && self->group[i] <= SMALL_GROUP && is_echo(picture, i, key_us);
    self->n_wanted = n;
}

enum {
    RANK_ECHO, /* what a key has brought about */
    RANK_SMALL,
    RANK_LARGE
};

/* By age within a rank, then by place. Ages count from the picture, so that they survive the wrap of the generation. */
static uint64_t cell_rank(const struct plan *self, const struct picture *picture, size_t cell, uint32_t place,
                          uint64_t key_us)
{
    uint32_t age = MIN(picture->generation - picture->changed_in[cell], 0x7FFFFFFFu);
    uint64_t rank = RANK_LARGE;
    if (is_echo(picture, cell, key_us))
        rank = RANK_ECHO;
    else if (self->group[cell] <= SMALL_GROUP)
        rank = RANK_SMALL;
    return rank << 60 | (uint64_t)(rank == RANK_LARGE ? 0x7FFFFFFFu - age : age) << 24 | place;
}

static void add_tile(struct plan *self, const struct view *view, const struct picture *picture, int tx, int ty,
                     uint64_t key_us)
{
    struct plan_tile tile = {.x = (uint16_t)tx, .y = (uint16_t)ty, .rank = UINT64_MAX};
    uint32_t place = (uint32_t)(ty * (FRAME_MAX_SIZE / TILE_SIZE) + tx);
    for (int y = 0; y < TILE_CELLS && ty * TILE_CELLS + y < view->cells_y; y++)
        for (int x = 0; x < TILE_CELLS && tx * TILE_CELLS + x < view->cells_x; x++) {
            size_t cell = view_cell(view, tx * TILE_CELLS + x, ty * TILE_CELLS + y);
            if (!self->wanted[cell] || self->kind[cell] != PLAN_TEXT)
                continue;
            tile.cells |= (uint16_t)(1u << (y * TILE_CELLS + x));
            tile.rank = MIN(tile.rank, cell_rank(self, picture, cell, place, key_us));
        }
    if (tile.cells)
        self->tiles[self->n_tiles++] = tile;
}

static int compare_rank(const void *a, const void *b)
{
    uint64_t ra = ((const struct plan_tile *)a)->rank, rb = ((const struct plan_tile *)b)->rank;
    return ra < rb ? -1 : ra > rb;
}

void plan_order(struct plan *self, const struct view *view, const struct picture *picture, uint64_t key_us)
{
    self->n_tiles = 0;
    for (int ty = 0; ty * TILE_CELLS < view->cells_y; ty++)
        for (int tx = 0; tx * TILE_CELLS < view->cells_x; tx++)
            add_tile(self, view, picture, tx, ty, key_us);
    qsort(self->tiles, self->n_tiles, sizeof self->tiles[0], compare_rank);
}
