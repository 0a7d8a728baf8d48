#include "encode/cohort.h"

#include <errno.h>
#include <string.h>

#include "encode/body_check.h"
#include "encode/copy_search.h"
#include "encode/lossy.h"
#include "encode/plan.h"
#include "encode/solids.h"
#include "encode/update_write.h"
#include "encode/view.h"

static_assert(UPDATE_BODY_MAX == PACKET_MAX * PACKET_MAX_PIECES, "a body is what an update's pieces hold");

/* A vector that copied this many cells is tried first the next time. */
#define COPY_USEFUL 8

/* A cell takes the page about 2 us longer to decode as a modelled tile, but has 20 to 40 bytes more as a run tile, and
 * takes us longer. Below so many cells, most of a 1080p screen, the page's time does not matter. */
#define FAST_CELL_BYTES 40
#define FAST_CELLS 6000

/* More cells are coded in another update, so that a keystroke never waits long behind a screen of photographs. */
#define CODED_CELLS_MAX 2048

/* After so many updates in which text (any change) was cut short, photographs (what is to become exact) have a turn. */
#define TEXT_TURNS 3
#define CHANGE_TURNS 6

/* What a cell takes in a tile, before any was seen, and how fast that is learned. */
#define CELL_BYTES_FIRST 64
#define CELL_BYTES_LEARN 8

struct cohort {
    struct view view;
    struct plan plan;
    struct copy_search copies;
    struct slot_set slots;
    struct solids solids;
    struct lossy *lossy;
    struct update_writer writer;
    uint32_t number; /* of the last update */
    unsigned cell_bytes;
    unsigned text_turns, change_turns; /* updates in a row that could not take all text, all changes */
    uint8_t *coded;                    /* bool per cell: by a tile or photograph of this update */
    uint64_t *never;                   /* per cell 0: the times of a view that is taken for a picture */
    size_t cells_room;
};

static int make_room(struct cohort *self)
{
    size_t cells = (size_t)self->view.cells_x * (size_t)self->view.cells_y;
    if (cells <= self->cells_room)
        return 0;
    free(self->coded);
    free(self->never);
    self->coded = malloc(cells);
    self->never = calloc(cells, sizeof self->never[0]);
    self->cells_room = self->coded && self->never ? cells : 0;
    return self->cells_room ? 0 : -ENOMEM;
}

int cohort_create(struct slot_table *slots, struct cohort **ret)
{
    struct cohort *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->cell_bytes = CELL_BYTES_FIRST;
    view_init(&self->view);
    plan_init(&self->plan);
    copy_search_init(&self->copies);
    solids_init(&self->solids);
    int r = update_writer_init(&self->writer);
    r = r ? r : lossy_create(&self->lossy);
    r = r || !slots ? r : slot_set_init(&self->slots, slots);
    if (r < 0) {
        cohort_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct cohort *cohort_destroy(struct cohort *self)
{
    if (self) {
        view_finish(&self->view);
        plan_finish(&self->plan);
        copy_search_finish(&self->copies);
        slot_set_finish(&self->slots);
        solids_finish(&self->solids);
        lossy_destroy(self->lossy);
        update_writer_finish(&self->writer);
        free(self->coded);
        free(self->never);
        free(self);
    }
    return NULL;
}

void cohort_reset(struct cohort *self)
{
    view_finish(&self->view);
    copy_search_reset(&self->copies);
    lossy_reset(self->lossy);
    update_writer_reset(&self->writer);
}

/* Lossy cells that are to be made exact, and the first moment at which one of them may be. */
static uint64_t settling_due(const struct cohort *self, const struct picture *picture)
{
    uint64_t first = UINT64_MAX;
    size_t cells = (size_t)picture->cells_x * (size_t)picture->cells_y;
    for (size_t i = 0; i < cells; i++)
        if (!self->view.exact[i])
            first = MIN(first, picture->changed_us[i] + COHORT_REST_US);
    return first;
}

uint64_t cohort_due(const struct cohort *self, const struct picture *picture, uint64_t now_us)
{
    size_t cells = (size_t)picture->cells_x * (size_t)picture->cells_y;
    if (!view_fits(&self->view, picture) ||
        memcmp(self->view.hash, picture->hash, cells * sizeof self->view.hash[0]) != 0)
        return 0;
    if (self->view.n_lossy == 0)
        return UINT64_MAX;
    uint64_t due = settling_due(self, picture);
    return due <= now_us ? 0 : due;
}

static struct slot_table *table_of(const struct cohort *self)
{
    return self->slots.table;
}

int cohort_split(const struct cohort *from, struct cohort **ret)
{
    attr_cleanup(cohort_destroyp) struct cohort *self = NULL;
    int r = cohort_create(table_of(from), &self);
    r = r ? r : view_clone(&self->view, &from->view);
    r = r ? r : from->view.width ? make_room(self) : 0;
    if (r < 0)
        return r;
    if (table_of(from))
        slot_set_copy(&self->slots, &from->slots);
    lossy_reset(self->lossy);
    update_writer_reset(&self->writer);
    self->number = from->number;
    self->cell_bytes = from->cell_bytes;
    *ret = take(self);
    return 0;
}

struct slot_set *cohort_slots(struct cohort *self)
{
    return &self->slots;
}

uint64_t cohort_cell_hash(const struct cohort *self, int cx, int cy)
{
    return self->view.hash[view_cell(&self->view, cx, cy)];
}

bool cohort_cell_is_exact(const struct cohort *self, int cx, int cy)
{
    return self->view.exact[view_cell(&self->view, cx, cy)];
}

/* What one update is made of. */
struct making {
    struct cohort *cohort;
    const struct picture *picture;
    const struct cohort_ask *ask;
    struct cohort_update *update;
    unsigned cells_painted; /* by copies */
};

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

static void make_tiles(struct making *m, enum plan_kind kind)
{
    struct plan *plan = &m->cohort->plan;
    plan_order(plan, &m->cohort->view, m->picture, kind, m->ask->key_us);
    unsigned limit = m->update->cells + CODED_CELLS_MAX;
    for (unsigned i = 0; i < plan->n_tiles && m->update->cells < limit; i++)
        if (!make_tile_cells(m, &plan->tiles[i]))
            break;
}

/* Photographs and moving regions travel in updates of their own, behind the text. */
static int make_lossy(struct making *m)
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

static void begin_body(struct making *m)
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

/* So much to code over a link that takes all of it at once as run tiles, too. */
static bool bytes_are_cheap(const struct making *m)
{
    unsigned text = cells_left(m->cohort, PLAN_TEXT);
    return text >= FAST_CELLS && m->ask->budget / FAST_CELL_BYTES >= text;
}

/* Text that never ends must not keep photographs away for ever. */
static int make_turn(struct making *m)
{
    struct cohort *self = m->cohort;
    unsigned before = m->update->cells;
    bool their_turn = self->text_turns >= TEXT_TURNS && cells_left(self, PLAN_TEXT) < self->plan.n_wanted;
    int r = 0;
    if (their_turn)
        r = make_lossy(m);
    if (r == 0 && m->update->cells == before)
        make_tiles(m, PLAN_TEXT);
    if (r == 0 && m->update->cells == 0)
        r = make_lossy(m);
    self->text_turns = their_turn || cells_left(self, PLAN_TEXT) == 0 ? 0 : self->text_turns + 1;
    return r;
}

static int make_changes(struct making *m)
{
    struct cohort *self = m->cohort;
    begin_body(m);
    m->update->kind = COHORT_TEXT;
    int r = make_copies(m);
    r = r ? r : make_shows(m);
    r = r ? r : make_solids(m);
    if (r < 0)
        return r;
    lossy_classify(self->lossy, &self->plan, &self->view, m->picture, m->ask);
    update_writer_fast(&self->writer, bytes_are_cheap(m));
    r = make_turn(m);
    fill_slots(m);
    return r;
}

static int make_settling(struct making *m)
{
    struct cohort *self = m->cohort;
    begin_body(m);
    m->update->kind = COHORT_SETTLE;
    lossy_classify_rest(self->lossy, &self->plan, &self->view, m->picture, m->ask);
    make_tiles(m, PLAN_TEXT);
    int r = m->update->cells == 0 ? make_lossy(m) : 0;
    fill_slots(m);
    return r;
}

static int pack(struct cohort *self, struct cohort_update *update)
{
    size_t size = 0;
    const uint8_t *body = update_writer_end(&self->writer, &size);
    if (!body)
        return -ENOMEM;
    for (size_t at = 0; at < size;) {
        size_t piece = MIN(size - at, PACKET_MAX);
        struct packet **packet = &update->pieces[update->n_pieces];
        if (packet_create(piece, packet) < 0) {
            while (update->n_pieces > 0)
                packet_unref(update->pieces[--update->n_pieces]);
            return -ENOMEM;
        }
        memcpy((*packet)->data, body + at, piece);
        (*packet)->size = piece;
        update->n_pieces++;
        at += piece;
    }
    update->bytes = size;
    update->check = body_check(body, size);
    update->number = ++self->number;
    return 0;
}

static int fit_view(struct cohort *self, const struct picture *picture)
{
    if (view_fits(&self->view, picture))
        return 0;
    cohort_reset(self);
    int r = view_reset(&self->view, picture);
    return r ? r : make_room(self);
}

static int settle(struct making *m)
{
    struct cohort *self = m->cohort;
    if (self->view.n_lossy == 0 || m->ask->now_us < COHORT_REST_US)
        return 0;
    int r = plan_want_settling(&self->plan, &self->view, m->picture, m->ask->now_us - COHORT_REST_US);
    if (r == 0 && self->plan.n_wanted > 0)
        r = make_settling(m);
    return r;
}

static int change(struct making *m)
{
    struct cohort *self = m->cohort;
    int r = plan_want_changes(&self->plan, &self->view, m->picture);
    if (r == 0)
        plan_want_echo(&self->plan, &self->view, m->picture, m->ask->key_us);
    if (r == 0 && self->plan.n_wanted > 0)
        r = make_changes(m);
    self->change_turns = self->plan.n_wanted > 0 ? self->change_turns + 1 : 0;
    return r;
}

/* What rests is refined when nothing changes, and now and then when changes never end. */
static int encode(struct making *m)
{
    struct cohort *self = m->cohort;
    int r = fit_view(self, m->picture);
    bool settle_first = self->change_turns >= CHANGE_TURNS;
    if (r == 0 && settle_first) {
        self->change_turns = 0;
        r = settle(m);
    }
    if (r == 0 && m->update->cells == 0)
        r = change(m);
    if (r == 0 && m->update->cells == 0 && !settle_first)
        r = settle(m);
    if (r == 0 && m->update->cells > 0)
        r = pack(self, m->update);
    if (r == 0)
        m->update->complete = view_equals(&self->view, m->picture);
    return r;
}

int cohort_encode(struct cohort *self, const struct picture *picture, const struct cohort_ask *ask,
                  struct cohort_update *ret)
{
    struct cohort_update update = {.captured_us = picture->frame->captured_us};
    struct making m = {.cohort = self, .picture = picture, .ask = ask, .update = &update};
    int r = encode(&m);
    if (r < 0) {
        cohort_reset(self); /* what was written of it reaches nobody, what it filled neither */
        if (self->slots.table)
            slot_set_clear(&self->slots);
        return -ENOMEM;
    }
    *ret = update;
    return 0;
}

/* The cells that self's viewers see exactly and other's do not must count as lossy for both. */
static void make_marks(struct making *m, const struct view *other)
{
    struct view *view = &m->cohort->view;
    for (int cy = 0; cy < view->cells_y; cy++)
        for (int cx = 0; cx < view->cells_x; cx++) {
            struct cell_rect run = {.x = cx, .y = cy, .w = 0, .h = 1};
            size_t i = view_cell(view, cx, cy);
            for (; cx < view->cells_x && view->exact[i] && !other->exact[i] && view->hash[i] == other->hash[i];
                 cx++, i++)
                run.w++;
            if (run.w == 0 || update_writer_room(&m->cohort->writer) < UPDATE_SHORT_OP_MAX)
                continue;
            update_write_mark(&m->cohort->writer, run);
            view_mark_cells(view, run);
            m->update->cells += (unsigned)run.w;
        }
}

static int chase(struct making *m, const struct view *other)
{
    struct cohort *self = m->cohort;
    int r = plan_want_view(&self->plan, &self->view, other);
    if (r < 0)
        return r;
    if (!m->ask->jpeg)
        memset(self->plan.kind, PLAN_TEXT, (size_t)other->cells_x * (size_t)other->cells_y);
    begin_body(m);
    update_writer_fast(&self->writer, bytes_are_cheap(m));
    make_tiles(m, PLAN_TEXT);
    if (m->update->cells == 0 && self->plan.n_wanted > 0)
        r = make_lossy(m);
    if (r == 0 && m->update->cells == 0)
        make_marks(m, other);
    return r;
}

int cohort_chase(struct cohort *self, const struct cohort *other, const struct cohort_ask *ask,
                 struct cohort_update *ret)
{
    const struct view *to = &other->view;
    struct frame frame = {.width = to->width,
                          .height = to->height,
                          .fourcc = to->fourcc,
                          .colour = to->colour,
                          .planes = {{.data = to->pixels, .stride = to->stride}}};
    struct picture picture = {.frame = &frame, .cells_x = to->cells_x, .cells_y = to->cells_y, .hash = to->hash};
    if (to->width == 0 || (self->view.width > 0 && !view_fits(&self->view, &picture)))
        return -EINVAL;
    struct cohort_update update = {.kind = COHORT_TEXT};
    struct making m = {.cohort = self, .picture = &picture, .ask = ask, .update = &update};
    int r = fit_view(self, &picture);
    picture.changed_us = picture.began_us = self->never;
    picture.changed_in = (uint32_t *)self->never;
    r = r ? r : chase(&m, to);
    if (r == 0 && update.cells > 0)
        r = pack(self, &update);
    if (r < 0) {
        cohort_reset(self);
        return -ENOMEM;
    }
    *ret = update;
    return 0;
}

bool cohort_is_like(const struct cohort *self, const struct cohort *other)
{
    const struct view *a = &self->view, *b = &other->view;
    size_t cells = (size_t)a->cells_x * (size_t)a->cells_y;
    return a->width > 0 && a->width == b->width && a->height == b->height && a->fourcc == b->fourcc &&
           a->colour == b->colour && memcmp(a->hash, b->hash, cells * sizeof a->hash[0]) == 0 &&
           memcmp(a->exact, b->exact, cells) == 0;
}

void cohort_join(struct cohort *other, const struct cohort *self)
{
    update_writer_reset(&other->writer);
    lossy_need_key(other->lossy);
    if (other->slots.table && self->slots.table)
        slot_set_intersect(&other->slots, &self->slots);
}
