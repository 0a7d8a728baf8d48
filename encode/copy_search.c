#include "encode/copy_search.h"

#include <errno.h>
#include <string.h>

#include "video/damage.h"

#define CELLS_MIN 16 /* fewer wanted cells are coded sooner than searched */
#define LEFT_MIN 4   /* when as few are left, the next vector is not tried */
#define SAMPLES 48   /* cells by which a vector is judged before it is tried */
#define SAMPLES_MIN 2
#define BRIDGE 3       /* cells not wanted between wanted ones that are compared along with them */
#define FAILURES_MAX 4 /* up to 2^(4 - 1) - 1 searches are left out where none helped */

void copy_search_init(struct copy_search *self)
{
    *self = (struct copy_search){.n_vectors = 0};
}

void copy_search_finish(struct copy_search *self)
{
    free(self->match);
    free(self->cells);
    copy_votes_destroy(self->votes);
    copy_search_init(self);
}

void copy_search_reset(struct copy_search *self)
{
    memset(self->last, 0, sizeof self->last);
    self->failures = self->skip = 0;
}

static int make_room(struct copy_search *self, size_t cells)
{
    if (!self->votes && copy_votes_create(&self->votes) < 0)
        return -ENOMEM;
    if (cells <= self->room)
        return 0;
    free(self->match);
    free(self->cells);
    self->match = malloc(cells);
    self->cells = malloc(cells * sizeof self->cells[0]);
    self->room = self->match && self->cells ? cells : 0;
    return self->room ? 0 : -ENOMEM;
}

/* Where the picture's cell would come from; false: not all of it lies on the canvas. */
static bool find_source(const struct view *view, struct copy_vector v, int cx, int cy, int *ret_x, int *ret_y)
{
    *ret_x = cx * CELL_SIZE + v.dx;
    *ret_y = cy * CELL_SIZE + v.dy;
    return *ret_x >= 0 && *ret_y >= 0 && *ret_x + view_cell_width(view, cx) <= view->width &&
           *ret_y + view_cell_height(view, cy) <= view->height;
}

/* Lossy in part only. */
static bool source_is_mixed(const struct view *view, int x, int y, int w, int h)
{
    int lossy = 0, all = 0;
    for (int cy = y / CELL_SIZE; cy <= (y + h - 1) / CELL_SIZE; cy++)
        for (int cx = x / CELL_SIZE; cx <= (x + w - 1) / CELL_SIZE; cx++, all++)
            lossy += !view->exact[view_cell(view, cx, cy)];
    return lossy > 0 && lossy < all;
}

static bool is_whole(const struct view *view, int cx, int cy)
{
    return view_cell_width(view, cx) == CELL_SIZE && view_cell_height(view, cy) == CELL_SIZE;
}

static bool pixels_are_same(struct copy_search *self, const struct view *view, const struct picture *picture, int x,
                            int y, int cx, int cy)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    int w = view_cell_width(view, cx), h = view_cell_height(view, cy);
    self->compared += (uint64_t)(w * h);
    return view->ops->same(view->pixels + (size_t)y * view->stride + 4 * (size_t)x, view->stride,
                           plane->data + (size_t)cy * CELL_SIZE * plane->stride + 4 * CELL_SIZE * (size_t)cx,
                           plane->stride, w, h);
}

/* Areas of one content (paper, background): where all cells that a whole cell takes from hold what it shall hold
 * itself, one of them tells for all. */
static bool is_same_all_over(struct copy_search *self, const struct view *view, const struct picture *picture, int x,
                             int y, int cx, int cy, bool *ret)
{
    uint64_t hash = picture->hash[view_cell(view, cx, cy)];
    int right = (x + CELL_SIZE - 1) / CELL_SIZE, bottom = (y + CELL_SIZE - 1) / CELL_SIZE;
    if (!is_whole(view, cx, cy) || view->hash[view_cell(view, x / CELL_SIZE, y / CELL_SIZE)] != hash ||
        view->hash[view_cell(view, right, bottom)] != hash ||
        view->hash[view_cell(view, x / CELL_SIZE, bottom)] != hash ||
        view->hash[view_cell(view, right, y / CELL_SIZE)] != hash)
        return false;
    if (!self->plain_known || self->plain != hash) {
        self->plain_same = pixels_are_same(self, view, picture, x, y, cx, cy);
        self->plain = hash;
        self->plain_known = true;
    }
    *ret = self->plain_same;
    return true;
}

static bool is_aligned(struct copy_vector v)
{
    return v.dx % CELL_SIZE == 0 && v.dy % CELL_SIZE == 0;
}

static bool cell_is_same(struct copy_search *self, const struct view *view, const struct picture *picture,
                         struct copy_vector v, int cx, int cy)
{
    int x, y, w = view_cell_width(view, cx), h = view_cell_height(view, cy);
    if (!find_source(view, v, cx, cy, &x, &y) || (view->n_lossy > 0 && source_is_mixed(view, x, y, w, h)))
        return false;
    bool same;
    if (is_aligned(v) && is_whole(view, cx, cy))
        return view->hash[view_cell(view, x / CELL_SIZE, y / CELL_SIZE)] == picture->hash[view_cell(view, cx, cy)];
    if (is_same_all_over(self, view, picture, x, y, cx, cy, &same))
        return same;
    return pixels_are_same(self, view, picture, x, y, cx, cy);
}

/* How many of some wanted cells the vector explains, of SAMPLES. */
static unsigned sample(struct copy_search *self, const struct view *view, const struct picture *picture,
                       struct copy_vector v, unsigned n_cells)
{
    unsigned same = 0, n = MIN(n_cells, SAMPLES);
    self->plain_known = false;
    for (unsigned i = 0; i < n; i++) {
        uint32_t cell = self->cells[(size_t)i * n_cells / n];
        same += cell_is_same(self, view, picture, v, (int)(cell % (uint32_t)view->cells_x),
                             (int)(cell / (uint32_t)view->cells_x));
    }
    return n > 0 ? same * SAMPLES / n : 0;
}

static unsigned list_wanted(struct copy_search *self, const struct plan *plan, size_t cells)
{
    unsigned n = 0;
    for (size_t i = 0; i < cells; i++) {
        self->cells[n] = (uint32_t)i;
        n += plan->wanted[i];
    }
    return n;
}

/* Keeps those that explain most first, and none that explains next to nothing. */
static unsigned add_vector(struct copy_search *self, const struct view *view, const struct picture *picture,
                           struct copy_vector v, unsigned n_cells, unsigned *same)
{
    for (unsigned i = 0; i < self->n_vectors; i++)
        if (self->vector[i].dx == v.dx && self->vector[i].dy == v.dy)
            return same[i];
    unsigned s = sample(self, view, picture, v, n_cells), at = self->n_vectors;
    if (s < SAMPLES_MIN)
        return s;
    for (; at > 0 && same[at - 1] < s; at--)
        if (at < COPY_VECTORS) {
            self->vector[at] = self->vector[at - 1];
            same[at] = same[at - 1];
        }
    if (at < COPY_VECTORS) {
        self->vector[at] = v;
        same[at] = s;
        self->n_vectors = MIN(self->n_vectors + 1, (unsigned)COPY_VECTORS);
    }
    return s;
}

/* Video and noise change much and never move: after searches in vain some are left out, until another part of the
 * screen changes. */
static bool is_hopeless(struct copy_search *self, unsigned n_wanted)
{
    unsigned apart = n_wanted > self->fail_wanted ? n_wanted - self->fail_wanted : self->fail_wanted - n_wanted;
    if (apart > self->fail_wanted / 4)
        self->failures = self->skip = 0;
    if (self->skip == 0)
        return false;
    self->skip--;
    return true;
}

static void note_failure(struct copy_search *self, unsigned n_wanted)
{
    self->failures = MIN(self->failures + 1, (unsigned)FAILURES_MAX);
    self->skip = (1u << (self->failures - 1)) - 1;
    self->fail_wanted = n_wanted;
}

int copy_search_vectors(struct copy_search *self, const struct plan *plan, const struct view *view,
                        const struct picture *picture)
{
    self->n_vectors = 0;
    if (plan->n_wanted < CELLS_MIN)
        return 0;
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    int r = make_room(self, cells);
    if (r < 0)
        return r;
    unsigned n = list_wanted(self, plan, cells), best = 0, same[COPY_VECTORS] = {0};
    for (int i = 0; i < COPY_LAST && (self->last[i].dx || self->last[i].dy); i++)
        best = MAX(best, add_vector(self, view, picture, self->last[i], n, same));
    if (best >= SAMPLES * 3 / 4 || (best == 0 && is_hopeless(self, n)))
        return 0;
    struct copy_vector voted[COPY_VECTORS];
    unsigned n_voted = copy_votes_take(self->votes, plan, view, picture, voted, COPY_VECTORS);
    for (unsigned i = 0; i < n_voted; i++)
        add_vector(self, view, picture, voted[i], n, same);
    if (self->n_vectors == 0)
        note_failure(self, n);
    else
        self->failures = 0;
    return 0;
}

enum match {
    MATCH_UNKNOWN,
    MATCH_NO,
    MATCH_EQUAL,
};

/* Compares cells first..end - 1 of a row, the sources of all of which lie on the canvas. */
static void match_span(struct copy_search *self, const struct view *view, const struct picture *picture,
                       struct copy_vector v, int cy, int first, int end)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    uint8_t *match = self->match + view_cell(view, 0, cy);
    int x = first * CELL_SIZE, y = cy * CELL_SIZE, h = view_cell_height(view, cy);
    int w = MIN(end * CELL_SIZE, view->width) - x;
    view->ops->diff_row(view->pixels + (size_t)(y + v.dy) * view->stride + 4 * (size_t)(x + v.dx), view->stride,
                        plane->data + (size_t)y * plane->stride + 4 * (size_t)x, plane->stride, w, h, match + first);
    self->compared += (uint64_t)(w * h);
    for (int cx = first; cx < end; cx++) {
        bool equal = !match[cx];
        if (equal && view->n_lossy > 0)
            equal = !source_is_mixed(view, cx * CELL_SIZE + v.dx, y + v.dy, view_cell_width(view, cx), h);
        match[cx] = equal ? MATCH_EQUAL : MATCH_NO;
    }
}

/* Wanted cells, and the few between them, at once: memory is fastest when it is read in long lines. */
static void match_row(struct copy_search *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, struct copy_vector v, int cy)
{
    int x, y, first = MAX((-v.dx + CELL_SIZE - 1) / CELL_SIZE, 0), end = view->cells_x;
    while (end > first && !find_source(view, v, end - 1, cy, &x, &y))
        end--;
    if (end <= first || !find_source(view, v, first, cy, &x, &y))
        return;
    const uint8_t *wanted = plan->wanted + view_cell(view, 0, cy);
    for (int cx = first; cx < end; cx++) {
        if (!wanted[cx])
            continue;
        if (is_aligned(v)) { /* hashes say it */
            self->match[view_cell(view, cx, cy)] =
                cell_is_same(self, view, picture, v, cx, cy) ? MATCH_EQUAL : MATCH_NO;
            continue;
        }
        int last = cx;
        for (int i = cx + 1; i < end && i - last <= BRIDGE + 1; i++)
            last = wanted[i] ? i : last;
        match_span(self, view, picture, v, cy, cx, last + 1);
        cx = last;
    }
}

static bool cell_matches(struct copy_search *self, const struct plan *plan, const struct view *view,
                         const struct picture *picture, struct copy_vector v, int cx, int cy)
{
    size_t i = view_cell(view, cx, cy);
    if (self->match[i] == MATCH_UNKNOWN)
        self->match[i] = !plan->wanted[i] && cell_is_same(self, view, picture, v, cx, cy) ? MATCH_EQUAL : MATCH_NO;
    return self->match[i] == MATCH_EQUAL;
}

static bool is_start(const struct copy_search *self, const struct plan *plan, size_t cell)
{
    return plan->wanted[cell] && self->match[cell] == MATCH_EQUAL;
}

/* Cells that come later than the rectangle and may take from the rows behind its first one: those beside it on the side
 * that its content does not come from. */
static bool is_taken_from(const struct copy_search *self, const struct plan *plan, const struct view *view,
                          struct copy_vector v, const struct cell_rect *rect)
{
    int reach = (abs(v.dx) + CELL_SIZE - 1) / CELL_SIZE;
    int first = v.dx > 0 ? MAX(rect->x - reach, 0) : rect->x + rect->w;
    int end = v.dx > 0 ? rect->x : MIN(first + reach, view->cells_x);
    int top = v.dy < 0 ? rect->y : rect->y + 1;
    for (int cy = top; cy < top + rect->h - 1 && v.dx != 0; cy++)
        for (int cx = first; cx < end; cx++)
            if (is_start(self, plan, view_cell(view, cx, cy)))
                return true;
    return false;
}

static unsigned count_wanted(const struct plan *plan, const struct view *view, const struct cell_rect *rect)
{
    unsigned n = 0;
    for (int cy = rect->y; cy < rect->y + rect->h; cy++) {
        const uint8_t *wanted = plan->wanted + view_cell(view, rect->x, cy);
        for (int i = 0; i < rect->w; i++)
            n += wanted[i];
    }
    return n;
}

/* Cuts rows and columns off that hold no wanted cell. */
static void trim(const struct plan *plan, const struct view *view, struct cell_rect *rect)
{
    struct cell_rect edge = {.x = rect->x, .y = rect->y, .w = rect->w, .h = 1};
    for (; count_wanted(plan, view, &edge) == 0; edge.y = ++rect->y)
        rect->h--;
    for (edge.y = rect->y + rect->h - 1; count_wanted(plan, view, &edge) == 0; edge.y--)
        rect->h--;
    edge = (struct cell_rect){.x = rect->x, .y = rect->y, .w = 1, .h = rect->h};
    for (; count_wanted(plan, view, &edge) == 0; edge.x = ++rect->x)
        rect->w--;
    for (edge.x = rect->x + rect->w - 1; count_wanted(plan, view, &edge) == 0; edge.x--)
        rect->w--;
}

/* What has been copied is not copied again: the lines it came from may be overwritten by now. And cells that are not
 * wanted, but would have been copied along, may take from what was copied: they are to be compared anew. */
static void leave_out(struct copy_search *self, const struct plan *plan, const struct view *view, struct copy_vector v,
                      const struct cell_rect *rect)
{
    int left = MAX(rect->x * CELL_SIZE - v.dx, 0) / CELL_SIZE, top = MAX(rect->y * CELL_SIZE - v.dy, 0) / CELL_SIZE;
    int right = MIN(((rect->x + rect->w) * CELL_SIZE - 1 - v.dx + CELL_SIZE) / CELL_SIZE, view->cells_x);
    int bottom = MIN(((rect->y + rect->h) * CELL_SIZE - 1 - v.dy + CELL_SIZE) / CELL_SIZE, view->cells_y);
    for (int cy = top; cy < bottom; cy++)
        for (int cx = left; cx < right; cx++)
            if (!plan->wanted[view_cell(view, cx, cy)])
                self->match[view_cell(view, cx, cy)] = MATCH_UNKNOWN;
    for (int cy = rect->y; cy < rect->y + rect->h; cy++)
        memset(self->match + view_cell(view, rect->x, cy), MATCH_NO, (size_t)rect->w);
}

/* Narrows the rectangle to cells that match in this row, too; they lie around column cx. */
static void narrow(struct copy_search *self, const struct plan *plan, const struct view *view,
                   const struct picture *picture, struct copy_vector v, int cx, int cy, struct cell_rect *rect)
{
    int left = cx, right = cx;
    while (left > rect->x && cell_matches(self, plan, view, picture, v, left - 1, cy))
        left--;
    while (right + 1 < rect->x + rect->w && cell_matches(self, plan, view, picture, v, right + 1, cy))
        right++;
    rect->x = left;
    rect->w = right - left + 1;
}

/* From its first wanted cell a rectangle grows both ways over cells that match, and then over the rows behind, which
 * may make it narrower as long as it then holds more wanted cells. */
static struct cell_rect grow(struct copy_search *self, const struct plan *plan, const struct view *view,
                             const struct picture *picture, struct copy_vector v, int cx, int cy)
{
    struct cell_rect best = {.x = 0, .y = cy, .w = view->cells_x, .h = 1};
    narrow(self, plan, view, picture, v, cx, cy, &best);
    unsigned most = count_wanted(plan, view, &best);
    struct cell_rect rect = best;
    int step = v.dy < 0 ? -1 : 1;
    for (int y = cy + step; y >= 0 && y < view->cells_y; y += step) {
        if (!cell_matches(self, plan, view, picture, v, cx, y))
            break;
        int width = rect.w;
        narrow(self, plan, view, picture, v, cx, y, &rect);
        struct cell_rect row = {.x = rect.x, .y = y, .w = rect.w, .h = 1};
        rect.h++;
        rect.y = MIN(rect.y, y);
        unsigned n = rect.w == width ? most + count_wanted(plan, view, &row) : count_wanted(plan, view, &rect);
        if (n < most || is_taken_from(self, plan, view, v, &rect))
            break;
        best = rect;
        most = n;
    }
    trim(plan, view, &best);
    return best;
}

static bool begin_vector(struct copy_search *self, const struct plan *plan, const struct view *view,
                         const struct picture *picture, struct copy_vector v)
{
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    if (plan->n_wanted < LEFT_MIN || sample(self, view, picture, v, list_wanted(self, plan, cells)) < SAMPLES_MIN)
        return false;
    memset(self->match, MATCH_UNKNOWN, cells);
    self->plain_known = false;
    for (int cy = 0; cy < view->cells_y; cy++)
        match_row(self, plan, view, picture, v, cy);
    return true;
}

/* Cells are looked at in the direction of the movement: content from below from the top on, content from the right from
 * the left on. So the source of a single row of cells is never what an earlier one has painted; is_taken_from keeps it
 * so for rectangles of several rows. */
bool copy_search_next(struct copy_search *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, struct copy_vector vector, uint32_t *at, struct cell_rect *ret)
{
    uint32_t columns = (uint32_t)view->cells_x, cells = columns * (uint32_t)view->cells_y;
    if (*at == 0 && !begin_vector(self, plan, view, picture, vector))
        return false;
    for (; *at < cells; ++*at) {
        int cx = (int)(*at % columns), cy = (int)(*at / columns);
        cx = vector.dx < 0 ? view->cells_x - 1 - cx : cx;
        cy = vector.dy < 0 ? view->cells_y - 1 - cy : cy;
        if (!is_start(self, plan, view_cell(view, cx, cy)))
            continue;
        *ret = grow(self, plan, view, picture, vector, cx, cy);
        leave_out(self, plan, view, vector, ret);
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
