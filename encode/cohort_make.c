#include "encode/cohort_inner.h"

#include <string.h>

/* A vector that copied this many cells is tried first the next time. */
#define COPY_USEFUL 8

/* A cell takes the page about 2 us longer to decode as a modelled tile, but has 20 to 40 bytes more as a run tile, and
 * takes us longer. Below so many cells, most of a 1080p screen, the page's time does not matter. */
#define FAST_CELL_BYTES 40
#define FAST_CELLS 6000

/* More cells are coded in another update, so that a keystroke never waits long behind a screen of photographs. */
#define CODED_CELLS_MAX 2048

/* After so many updates in which text was cut short, photographs have a turn. */
#define TEXT_TURNS 3

/* How fast it is learned what a cell takes in a tile. */
#define CELL_BYTES_LEARN 8

static size_t bytes_left(const struct making *m)
{
    size_t size = update_writer_size(&m->cohort->writer);
    return m->ask->budget > size ? m->ask->budget - size : 0;
}

/* Copies and solid rectangles are so short that one more may always follow within this. */
static bool fits_short_op(const struct making *m)
{
    return update_writer_room(&m->cohort->writer) >= UPDATE_SHORT_OP_MAX &&
           (m->update->cells == 0 || bytes_left(m) >= UPDATE_SHORT_OP_MAX);
}

static void take_off(struct making *m, struct cell_rect cells)
{
    unsigned wanted = m->cohort->plan.n_wanted;
    plan_done(&m->cohort->plan, &m->cohort->view, cells);
    m->update->cells += wanted - m->cohort->plan.n_wanted;
}

/* Copies come first: they need what the canvas holds now. They may paint over what needs no painting, but all of them
 * together not much more than one canvas: an applier takes no more than UPDATE_MAX_PAINT. */
static int make_copies(struct making *m)
{
    struct cohort *self = m->cohort;
    unsigned limit = (unsigned)(self->view.cells_x * self->view.cells_y);
    int r = copy_search_vectors(&self->copies, &self->plan, &self->view, m->picture);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < self->copies.n_vectors; i++) {
        struct copy_vector vector = self->copies.vector[i];
        unsigned before = m->update->cells;
        uint32_t at = 0;
        struct cell_rect rect;
        while (fits_short_op(m) && m->cells_painted < limit &&
               copy_search_next(&self->copies, &self->plan, &self->view, m->picture, vector, &at, &rect)) {
            m->cells_painted += (unsigned)(rect.w * rect.h);
            update_write_copy(&self->writer, rect, vector.dx, vector.dy);
            take_off(m, rect);
            view_copy_cells(&self->view, m->picture, rect, vector.dx, vector.dy);
        }
        m->update->cells_copied += m->update->cells - before;
        if (m->update->cells - before >= COPY_USEFUL)
            copy_search_used(&self->copies, vector);
    }
    return 0;
}

/* A slot takes two bytes or so where nothing foretells it. */
static unsigned cells_shown_at_most(const struct making *m)
{
    return (unsigned)MIN(bytes_left(m) / 2 + 1, (size_t)UPDATE_SLOTS);
}

static int make_shows(struct making *m)
{
    struct cohort *self = m->cohort;
    if (!self->slots.table)
        return 0;
    int r = slot_set_look(&self->slots, &self->plan, &self->view, m->picture);
    if (r < 0)
        return r;
    unsigned before = m->update->cells;
    uint32_t at = 0;
    struct cell_rect rect, run;
    bool lossy;
    while (fits_short_op(m) && slot_set_next(&self->slots, &self->view, cells_shown_at_most(m), &at, &rect)) {
        if (update_writer_room(&self->writer) < UPDATE_SLOT_OP_MAX(rect.w * rect.h))
            break;
        size_t first = view_cell(&self->view, rect.x, rect.y);
        update_write_show(&self->writer, rect, self->slots.found + first, (size_t)self->view.cells_x);
        while (slot_set_take_run(&self->slots, &self->view, rect, &run, &lossy)) {
            take_off(m, run);
            view_take_cells(&self->view, m->picture, run, !lossy);
        }
    }
    m->update->cells_shown = m->update->cells - before;
    return 0;
}

static int make_solids(struct making *m)
{
    struct cohort *self = m->cohort;
    int r = solids_mark(&self->solids, &self->plan, &self->view, m->picture);
    if (r < 0)
        return r;
    unsigned before = m->update->cells;
    uint32_t at = 0, colour;
    struct cell_rect rect;
    while (fits_short_op(m) && solids_next(&self->solids, &self->plan, &self->view, &at, &rect, &colour)) {
        update_write_solid(&self->writer, rect, colour);
        take_off(m, rect);
        view_take_cells(&self->view, m->picture, rect, true);
    }
    m->update->cells_solid = m->update->cells - before;
    return 0;
}

/* The largest rectangle of a tile's cells that begins at the first of them, widest first, of at most `most` cells. */
static struct cell_rect next_rect(uint16_t cells, unsigned most)
{
    int first = __builtin_ctz(cells);
    struct cell_rect r = {.x = first % TILE_CELLS, .y = first / TILE_CELLS, .w = 0, .h = 0};
    uint16_t row = 0;
    while (r.x + r.w < TILE_CELLS && (unsigned)r.w < most && cells & 1u << (first + r.w)) {
        row |= (uint16_t)(1u << (first + r.w));
        r.w++;
    }
    while (r.y + r.h < TILE_CELLS && (unsigned)(r.w * (r.h + 1)) <= MAX(most, (unsigned)r.w) &&
           (cells & (uint32_t)row << (r.h * TILE_CELLS)) == (uint32_t)row << (r.h * TILE_CELLS))
        r.h++;
    return r;
}

/* What has been written stays: a tile that turns out larger than thought makes the update larger than its budget. So
 * on a slow link tiles are cut to the size that will probably fit. 0: nothing more. */
static unsigned cells_that_fit(const struct making *m)
{
    size_t left = bytes_left(m);
    if (update_writer_room(&m->cohort->writer) < TILE_BYTES_MAX || (m->update->cells > 0 && left == 0))
        return 0;
    return (unsigned)MAX(left / m->cohort->cell_bytes, (size_t)1);
}

/* These cells may be put into slots. */
static void note_coded(struct cohort *self, struct cell_rect cells)
{
    for (int y = cells.y; y < cells.y + cells.h; y++)
        memset(self->coded + view_cell(&self->view, cells.x, y), 1, (size_t)cells.w);
}

static void make_tile(struct making *m, struct cell_rect cells)
{
    struct cohort *self = m->cohort;
    const struct view *view = &self->view;
    const struct frame_plane *plane = &m->picture->frame->planes[0];
    struct tile_source source = {
        .picture = plane->data,
        .picture_stride = plane->stride,
        .canvas = view->pixels,
        .canvas_stride = view->stride,
        .canvas_exact = view->exact,
        .canvas_width = view->width,
        .canvas_height = view->height,
        .x = cells.x * CELL_SIZE,
        .y = cells.y * CELL_SIZE,
        .colour = view->colour,
    };
    source.width = MIN(cells.w * CELL_SIZE, view->width - source.x);
    source.height = MIN(cells.h * CELL_SIZE, view->height - source.y);
    size_t before = update_writer_size(&self->writer);
    update_write_tile(&self->writer, cells, &source);
    size_t n = (size_t)cells.w * (size_t)cells.h, bytes = update_writer_size(&self->writer) - before;
    self->cell_bytes = (unsigned)((bytes + CELL_BYTES_LEARN * self->cell_bytes) / (n + CELL_BYTES_LEARN)) + 1;
    take_off(m, cells);
    view_take_cells(&self->view, m->picture, cells, true);
    note_coded(self, cells);
}

/* False: the update is as large as it may become. */
static bool make_tile_cells(struct making *m, const struct plan_tile *tile)
{
    for (uint16_t left = tile->cells; left;) {
        unsigned most = cells_that_fit(m);
        if (most == 0)
            return false;
        struct cell_rect r = next_rect(left, most);
        for (int y = r.y; y < r.y + r.h; y++)
            left &= (uint16_t) ~(((1u << r.w) - 1) << (y * TILE_CELLS + r.x));
        r.x += tile->x * TILE_CELLS;
        r.y += tile->y * TILE_CELLS;
        make_tile(m, r);
    }
    return true;
}

void making_tiles(struct making *m)
{
    struct plan *plan = &m->cohort->plan;
    plan_order(plan, &m->cohort->view, m->picture, m->ask->key_us);
    unsigned limit = m->update->cells + CODED_CELLS_MAX;
    for (unsigned i = 0; i < plan->n_tiles && m->update->cells < limit; i++)
        if (!make_tile_cells(m, &plan->tiles[i]))
            break;
}

int making_lossy(struct making *m)
{
    struct cohort *self = m->cohort;
    struct cell_rect rects[LOSSY_RECTS];
    unsigned before = m->update->cells;
    int n = lossy_encode(self->lossy, &self->plan, &self->view, m->picture, m->ask, &self->writer, rects);
    for (int i = 0; i < n; i++) {
        enum plan_kind kind = self->plan.kind[view_cell(&self->view, rects[i].x, rects[i].y)];
        m->update->kind = kind == PLAN_VIDEO ? COHORT_VIDEO : COHORT_PHOTO;
        take_off(m, rects[i]);
        view_take_cells(&self->view, m->picture, rects[i], false);
        if (lossy_is_worth_keeping(self->lossy))
            note_coded(self, rects[i]);
    }
    m->update->cells_lossy += m->update->cells - before;
    return MIN(n, 0);
}

static void fill_slots(struct making *m)
{
    struct cohort *self = m->cohort;
    if (self->slots.table)
        slot_set_fill(&self->slots, &self->view, self->coded, self->number + 1, update_writer_room(&self->writer),
                      &self->writer);
}

void making_begin(struct making *m)
{
    struct cohort *self = m->cohort;
    update_writer_begin(&self->writer, false);
    memset(self->coded, 0, (size_t)self->view.cells_x * (size_t)self->view.cells_y);
}

static unsigned cells_left(const struct cohort *self, enum plan_kind kind)
{
    unsigned n = 0;
    size_t cells = (size_t)self->view.cells_x * (size_t)self->view.cells_y;
    for (size_t i = 0; i < cells && self->plan.n_wanted > 0; i++)
        n += self->plan.wanted[i] && self->plan.kind[i] == kind;
    return n;
}

void making_choose_tiles(struct making *m)
{
    const struct plan *plan = &m->cohort->plan;
    unsigned text = plan->n_wanted >= FAST_CELLS ? cells_left(m->cohort, PLAN_TEXT) : 0;
    update_writer_fast(&m->cohort->writer, text >= FAST_CELLS && m->ask->budget / FAST_CELL_BYTES >= text);
}

/* Text that never ends must not keep photographs away for ever. */
static int make_turn(struct making *m)
{
    struct cohort *self = m->cohort;
    unsigned before = m->update->cells;
    bool their_turn = self->text_turns >= TEXT_TURNS && cells_left(self, PLAN_TEXT) < self->plan.n_wanted;
    int r = 0;
    if (their_turn)
        r = making_lossy(m);
    if (r == 0 && m->update->cells == before)
        making_tiles(m);
    if (r == 0 && m->update->cells == 0)
        r = making_lossy(m);
    self->text_turns = their_turn || cells_left(self, PLAN_TEXT) == 0 ? 0 : self->text_turns + 1;
    return r;
}

int making_changes(struct making *m)
{
    struct cohort *self = m->cohort;
    making_begin(m);
    m->update->kind = COHORT_TEXT;
    int r = make_copies(m);
    r = r ? r : make_shows(m);
    r = r ? r : make_solids(m);
    if (r < 0)
        return r;
    lossy_classify(self->lossy, &self->plan, &self->view, m->picture, m->ask);
    making_choose_tiles(m);
    r = make_turn(m);
    fill_slots(m);
    return r;
}

int making_settling(struct making *m)
{
    struct cohort *self = m->cohort;
    making_begin(m);
    m->update->kind = COHORT_SETTLE;
    lossy_classify_rest(self->lossy, &self->plan, &self->view, m->picture, m->ask);
    making_tiles(m);
    int r = m->update->cells == 0 ? making_lossy(m) : 0;
    fill_slots(m);
    return r;
}
