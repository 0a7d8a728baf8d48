#include "encode/cohort.h"

#include <errno.h>
#include <string.h>

#include "encode/copy_search.h"
#include "encode/plan.h"
#include "encode/solids.h"
#include "encode/update_write.h"
#include "encode/view.h"

static_assert(UPDATE_BODY_MAX == PACKET_MAX * PACKET_MAX_PIECES, "a body is what an update's pieces hold");

/* A vector that copied this many cells is tried first the next time. */
#define COPY_USEFUL 8

/* From this many cells on decoding may take longer than transport. */
#define FAST_CELLS 512

/* More cells are coded in another update, so that a keystroke never waits long behind a screen of photographs. */
#define CODED_CELLS_MAX 2048

struct cohort {
    struct view view;
    struct plan plan;
    struct copy_search copies;
    struct solids solids;
    struct update_writer writer;
};

int cohort_create(struct cohort **ret)
{
    struct cohort *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    view_init(&self->view);
    plan_init(&self->plan);
    copy_search_init(&self->copies);
    solids_init(&self->solids);
    int r = update_writer_init(&self->writer);
    if (r < 0) {
        free(self);
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
        solids_finish(&self->solids);
        update_writer_finish(&self->writer);
        free(self);
    }
    return NULL;
}

void cohort_reset(struct cohort *self)
{
    view_finish(&self->view);
    copy_search_reset(&self->copies);
}

bool cohort_wants(const struct cohort *self, const struct picture *picture)
{
    return !view_equals(&self->view, picture);
}

uint64_t cohort_cell_hash(const struct cohort *self, int cx, int cy)
{
    return self->view.hash[view_cell(&self->view, cx, cy)];
}

static void finish_cells(struct cohort *self, const struct picture *picture, struct cell_rect cells,
                         struct cohort_update *update)
{
    unsigned wanted = self->plan.n_wanted;
    plan_done(&self->plan, &self->view, cells);
    update->cells += wanted - self->plan.n_wanted;
    view_take_cells(&self->view, picture, cells.x, cells.y, cells.w, cells.h);
}

/* Copies and solid rectangles are so short that one more may always follow within this. */
static bool fits_short_op(const struct cohort *self, size_t budget, const struct cohort_update *update)
{
    return update->cells == 0 ||
           update_writer_size(&self->writer) + UPDATE_SHORT_OP_MAX <= MIN(budget, (size_t)UPDATE_BODY_MAX);
}

/* Copies come first: they need what the canvas holds now. */
static int encode_copies(struct cohort *self, const struct picture *picture, size_t budget,
                         struct cohort_update *update)
{
    int r = copy_search_vectors(&self->copies, &self->plan, &self->view, picture);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < self->copies.n_vectors; i++) {
        int dy = self->copies.vector[i];
        unsigned before = update->cells;
        uint32_t at = 0;
        struct cell_rect rect;
        while (fits_short_op(self, budget, update) &&
               copy_search_next(&self->copies, &self->plan, &self->view, picture, dy, &at, &rect)) {
            update_write_copy(&self->writer, rect, 0, dy);
            finish_cells(self, picture, rect, update);
        }
        update->cells_copied += update->cells - before;
        if (update->cells - before >= COPY_USEFUL)
            copy_search_used(&self->copies, dy);
    }
    return 0;
}

static int encode_solids(struct cohort *self, const struct picture *picture, size_t budget,
                         struct cohort_update *update)
{
    int r = solids_mark(&self->solids, &self->plan, &self->view, picture);
    if (r < 0)
        return r;
    unsigned before = update->cells;
    uint32_t at = 0, colour;
    struct cell_rect rect;
    while (fits_short_op(self, budget, update) &&
           solids_next(&self->solids, &self->plan, &self->view, &at, &rect, &colour)) {
        update_write_solid(&self->writer, rect, colour);
        finish_cells(self, picture, rect, update);
    }
    update->cells_solid = update->cells - before;
    return 0;
}

/* The largest rectangle of a tile's cells that begins at the first of them, widest first. */
static struct cell_rect next_rect(uint16_t cells)
{
    int first = __builtin_ctz(cells);
    struct cell_rect r = {.x = first % TILE_CELLS, .y = first / TILE_CELLS, .w = 0, .h = 0};
    uint16_t row = 0;
    while (r.x + r.w < TILE_CELLS && cells & 1u << (first + r.w)) {
        row |= (uint16_t)(1u << (first + r.w));
        r.w++;
    }
    while (r.y + r.h < TILE_CELLS && (cells & (uint32_t)row << (r.h * TILE_CELLS)) == (uint32_t)row
                                                                                          << (r.h * TILE_CELLS))
        r.h++;
    return r;
}

/* False: it did not fit the budget and was taken back; the body ends here. The first tile of a body always fits. */
static bool encode_rect(struct cohort *self, const struct picture *picture, struct cell_rect cells, size_t budget,
                        struct cohort_update *update)
{
    const struct view *view = &self->view;
    const struct frame_plane *plane = &picture->frame->planes[0];
    struct tile_source source = {
        .picture = plane->data,
        .picture_stride = plane->stride,
        .canvas = view->pixels,
        .canvas_stride = view->stride,
        .canvas_width = view->width,
        .canvas_height = view->height,
        .x = cells.x * CELL_SIZE,
        .y = cells.y * CELL_SIZE,
    };
    source.width = MIN(cells.w * CELL_SIZE, view->width - source.x);
    source.height = MIN(cells.h * CELL_SIZE, view->height - source.y);
    struct update_mark before = update_writer_mark(&self->writer);
    update_write_tile(&self->writer, cells, &source);
    if (update_writer_overflowed(&self->writer) || (update->cells > 0 && update_writer_size(&self->writer) > budget)) {
        update_writer_back(&self->writer, before);
        return false;
    }
    finish_cells(self, picture, cells, update);
    return true;
}

static bool encode_tile(struct cohort *self, const struct picture *picture, const struct plan_tile *tile, size_t budget,
                        struct cohort_update *update)
{
    for (uint16_t left = tile->cells; left;) {
        struct cell_rect r = next_rect(left);
        for (int y = r.y; y < r.y + r.h; y++)
            left &= (uint16_t) ~(((1u << r.w) - 1) << (y * TILE_CELLS + r.x));
        r.x += tile->x * TILE_CELLS;
        r.y += tile->y * TILE_CELLS;
        if (!encode_rect(self, picture, r, budget, update))
            return false;
    }
    return true;
}

static void encode_tiles(struct cohort *self, const struct picture *picture, size_t budget,
                         struct cohort_update *update)
{
    plan_order(&self->plan, &self->view, picture);
    unsigned limit = update->cells + CODED_CELLS_MAX;
    for (unsigned i = 0; i < self->plan.n_tiles && update->cells < limit; i++)
        if (!encode_tile(self, picture, &self->plan.tiles[i], budget, update))
            break;
}

static int pack(struct update_writer *writer, struct cohort_update *update)
{
    size_t size;
    const uint8_t *body = update_writer_end(writer, &size);
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
    return 0;
}

/* A large change over a link that takes it in one go whatever its form: then what the page needs for decoding decides.
 */
static bool bytes_are_cheap(const struct plan *plan, size_t budget)
{
    return plan->n_wanted >= FAST_CELLS && budget / CELL_PIXELS >= plan->n_wanted;
}

static int encode(struct cohort *self, const struct picture *picture, size_t budget, struct cohort_update *update)
{
    if (!view_fits(&self->view, picture)) {
        int r = view_reset(&self->view, picture);
        if (r < 0)
            return r;
    }
    int r = plan_want(&self->plan, &self->view, picture);
    if (r < 0)
        return r;
    if (self->plan.n_wanted > 0) {
        update_writer_begin(&self->writer, bytes_are_cheap(&self->plan, budget));
        r = encode_copies(self, picture, budget, update);
        if (r < 0)
            return r;
        r = encode_solids(self, picture, budget, update);
        if (r < 0)
            return r;
        encode_tiles(self, picture, budget, update);
        r = pack(&self->writer, update);
        if (r < 0)
            return r;
    }
    update->complete = view_equals(&self->view, picture);
    return 0;
}

int cohort_encode(struct cohort *self, const struct picture *picture, size_t budget, struct cohort_update *ret)
{
    struct cohort_update update = {.captured_us = picture->frame->captured_us};
    int r = encode(self, picture, budget, &update);
    if (r < 0) {
        cohort_reset(self); /* what was written of it reaches nobody */
        return -ENOMEM;
    }
    *ret = update;
    return 0;
}
