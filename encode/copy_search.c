#include "encode/copy_search.h"

#include <errno.h>
#include <string.h>

#include "video/damage.h"

#define STRIPS 4    /* columns of tiles that vote */
#define STRIP_MIN 3 /* wanted cells that make a column worth asking */
#define VOTES_MIN 6 /* rows that must agree */
#define CELLS_MIN 4 /* fewer wanted cells are coded sooner than searched */

#define INDEX_SIZE 32768 /* twice over the rows of the tallest picture */
#define ROW_MANY UINT16_MAX

/* Rows of one strip of the view by their hash. */
struct row_index {
    uint64_t hash[INDEX_SIZE];
    uint16_t row[INDEX_SIZE]; /* + 1; 0: free; ROW_MANY: stands there more than once */
    uint16_t votes[2 * FRAME_MAX_SIZE];
};

void copy_search_init(struct copy_search *self)
{
    *self = (struct copy_search){.n_vectors = 0};
}

void copy_search_finish(struct copy_search *self)
{
    free(self->match);
    free(self->rows);
    copy_search_init(self);
}

void copy_search_reset(struct copy_search *self)
{
    memset(self->last, 0, sizeof self->last);
}

static void add_vector(struct copy_search *self, int dy)
{
    for (unsigned i = 0; i < self->n_vectors; i++)
        if (self->vector[i].dy == dy)
            return;
    if (dy != 0 && self->n_vectors < COPY_VECTORS)
        self->vector[self->n_vectors++] = (struct copy_vector){.dy = dy};
}

/* Only to find candidates: what they claim is compared pixel by pixel. */
static uint64_t row_hash(const uint8_t *p, int pixels)
{
    const uint64_t visible = UINT64_C(0x00FFFFFF00FFFFFF), k = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t a = 1, b = 2;
    for (int i = 0; i + 4 <= pixels; i += 4, p += 16) {
        uint64_t v[2];
        memcpy(v, p, 16);
        a = (a ^ (v[0] & visible)) * k;
        b = (b ^ (v[1] & visible)) * k;
        a ^= a >> 29;
        b ^= b >> 31;
    }
    a = (a ^ b >> 32) * k + b;
    return a ? a : 1;
}

static void index_strip(struct row_index *index, const struct view *view, int x, int pixels)
{
    memset(index->row, 0, sizeof index->row);
    uint64_t before = 0;
    for (int y = 0; y < view->height; y++) {
        uint64_t hash = row_hash(view->pixels + (size_t)y * view->stride + 4 * (size_t)x, pixels);
        unsigned at = (unsigned)(hash >> 40) % INDEX_SIZE;
        while (index->row[at] && index->hash[at] != hash)
            at = (at + 1) % INDEX_SIZE;
        index->row[at] = index->row[at] || hash == before ? ROW_MANY : (uint16_t)(y + 1);
        index->hash[at] = hash;
        before = hash;
    }
}

/* The row of the view that alone has this hash, or -1. */
static int index_find(const struct row_index *index, uint64_t hash)
{
    unsigned at = (unsigned)(hash >> 40) % INDEX_SIZE;
    while (index->row[at] && index->hash[at] != hash)
        at = (at + 1) % INDEX_SIZE;
    return index->row[at] == 0 || index->row[at] == ROW_MANY ? -1 : index->row[at] - 1;
}

static bool strip_wants(const struct plan *plan, const struct view *view, int tx, int cy)
{
    for (int cx = tx * TILE_CELLS; cx < MIN((tx + 1) * TILE_CELLS, view->cells_x); cx++)
        if (plan->wanted[view_cell(view, cx, cy)])
            return true;
    return false;
}

static void vote_strip(struct row_index *index, const struct plan *plan, const struct view *view,
                       const struct picture *picture, int tx)
{
    int x = tx * TILE_SIZE, pixels = MIN(TILE_SIZE, view->width - x);
    const struct frame_plane *plane = &picture->frame->planes[0];
    index_strip(index, view, x, pixels);
    for (int y = 0; y < view->height; y++) {
        if (!strip_wants(plan, view, tx, y / CELL_SIZE)) {
            y |= CELL_SIZE - 1;
            continue;
        }
        int row = index_find(index, row_hash(plane->data + (size_t)y * plane->stride + 4 * (size_t)x, pixels));
        if (row >= 0 && row != y)
            index->votes[row - y + FRAME_MAX_SIZE]++;
    }
}

/* The columns of tiles with most wanted cells, at most STRIPS. */
static unsigned choose_strips(const struct plan *plan, const struct view *view, int *strips)
{
    int weight[STRIPS];
    unsigned n = 0;
    for (int tx = 0; tx * TILE_CELLS < view->cells_x; tx++) {
        int wanted = 0;
        for (int cy = 0; cy < view->cells_y; cy++)
            wanted += strip_wants(plan, view, tx, cy);
        if (wanted < STRIP_MIN)
            continue;
        unsigned at = n < STRIPS ? n++ : STRIPS;
        for (; at > 0 && weight[at - 1] < wanted; at--)
            if (at < STRIPS) {
                weight[at] = weight[at - 1];
                strips[at] = strips[at - 1];
            }
        if (at < STRIPS) {
            weight[at] = wanted;
            strips[at] = tx;
        }
    }
    return n;
}

static void take_winners(struct copy_search *self, struct row_index *index)
{
    while (self->n_vectors < COPY_VECTORS) {
        int best = 0;
        for (int i = 1; i < 2 * FRAME_MAX_SIZE; i++)
            if (index->votes[i] > index->votes[best])
                best = i;
        if (index->votes[best] < VOTES_MIN)
            return;
        index->votes[best] = 0;
        add_vector(self, best - FRAME_MAX_SIZE);
    }
}

int copy_search_vectors(struct copy_search *self, const struct plan *plan, const struct view *view,
                        const struct picture *picture)
{
    self->n_vectors = 0;
    if (plan->n_wanted < CELLS_MIN)
        return 0;
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    if (cells > self->match_room) {
        free(self->match);
        self->match = malloc(cells);
        self->match_room = self->match ? cells : 0;
    }
    if (!self->rows)
        self->rows = malloc(sizeof(struct row_index));
    if (!self->match || !self->rows)
        return -ENOMEM;

    for (int i = 0; i < COPY_LAST; i++)
        add_vector(self, self->last[i].dy);
    int strips[STRIPS];
    unsigned n = choose_strips(plan, view, strips);
    struct row_index *index = self->rows;
    if (n > 0) {
        memset(index->votes, 0, sizeof index->votes);
        for (unsigned i = 0; i < n; i++)
            vote_strip(index, plan, view, picture, strips[i]);
        take_winners(self, index);
    }
    return 0;
}

enum match {
    MATCH_UNKNOWN,
    MATCH_NO,
    MATCH_EQUAL,
};

/* Does the canvas, dy below, hold what the picture wants in this cell? Compared at most once per vector. */
static bool cell_matches(struct copy_search *self, const struct view *view, const struct picture *picture, int dy,
                         int cx, int cy)
{
    uint8_t *match = &self->match[view_cell(view, cx, cy)];
    if (*match == MATCH_UNKNOWN) {
        int w = view_cell_width(view, cx), h = view_cell_height(view, cy);
        int from = cy * CELL_SIZE + dy;
        const struct frame_plane *plane = &picture->frame->planes[0];
        size_t left = (size_t)cx * CELL_SIZE * 4;
        bool inside = from >= 0 && from + h <= view->height;
        bool same =
            inside && view->ops->same(view->pixels + (size_t)from * view->stride + left, view->stride,
                                      plane->data + (size_t)cy * CELL_SIZE * plane->stride + left, plane->stride, w, h);
        *match = same ? MATCH_EQUAL : MATCH_NO;
    }
    return *match == MATCH_EQUAL;
}

/* A row of cells may join a rectangle when all of it matches and some of it is wanted. */
static bool row_joins(struct copy_search *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, int dy, const struct cell_rect *rect, int cy)
{
    bool wanted = false;
    for (int cx = rect->x; cx < rect->x + rect->w; cx++) {
        if (!cell_matches(self, view, picture, dy, cx, cy))
            return false;
        wanted |= plan->wanted[view_cell(view, cx, cy)];
    }
    return wanted;
}

/* What has been copied is not copied again: the lines it came from may be overwritten by now. */
static void leave_out(struct copy_search *self, const struct view *view, const struct cell_rect *rect)
{
    for (int cy = rect->y; cy < rect->y + rect->h; cy++)
        memset(self->match + view_cell(view, rect->x, cy), MATCH_NO, (size_t)rect->w);
}

/* The lines that a rectangle's copy writes must not be the source of cells that come later; with rectangles taken in
 * the direction of the movement (content from below: from the top) that holds, since columns never mix. */
bool copy_search_next(struct copy_search *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, struct copy_vector vector, uint32_t *at, struct cell_rect *ret)
{
    int dy = vector.dy;
    uint32_t cells = (uint32_t)view->cells_x * (uint32_t)view->cells_y;
    if (*at == 0)
        memset(self->match, MATCH_UNKNOWN, cells);
    int step = dy > 0 ? 1 : -1;
    for (; *at < cells; ++*at) {
        int cx = (int)(*at % (uint32_t)view->cells_x), cy = (int)(*at / (uint32_t)view->cells_x);
        cy = dy > 0 ? cy : view->cells_y - 1 - cy;
        if (!plan->wanted[view_cell(view, cx, cy)] || !cell_matches(self, view, picture, dy, cx, cy))
            continue;
        struct cell_rect rect = {.x = cx, .y = cy, .w = 1, .h = 1};
        int right = 1; /* with the last wanted cell */
        for (int x = cx + 1; x < view->cells_x && cell_matches(self, view, picture, dy, x, cy); x++)
            if (plan->wanted[view_cell(view, x, cy)])
                right = x - cx + 1;
        rect.w = right;
        int y = cy + step;
        while (y >= 0 && y < view->cells_y && row_joins(self, plan, view, picture, dy, &rect, y))
            y += step;
        rect.h = step > 0 ? y - cy : cy - y;
        rect.y = step > 0 ? cy : y + 1;
        leave_out(self, view, &rect);
        *ret = rect;
        return true;
    }
    return false;
}

void copy_search_used(struct copy_search *self, struct copy_vector vector)
{
    int i = 0;
    while (i < COPY_LAST - 1 && (self->last[i].dx != vector.dx || self->last[i].dy != vector.dy))
        i++;
    for (; i > 0; i--)
        self->last[i] = self->last[i - 1];
    self->last[0] = vector;
}
