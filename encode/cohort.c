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
    int r = update_writer_init(&self->writer, UPDATE_BODY_MAX);
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

static const uint8_t *cell_pixels(const struct picture *picture, int cx, int cy)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    return plane->data + (size_t)cy * CELL_SIZE * plane->stride + (size_t)cx * CELL_SIZE * 4;
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
    return update->cells == 0 || update_writer_size(&self->writer) + UPDATE_SHORT_OP_MAX <= budget;
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
    if (!update_writer_has_room(&self->writer))
        return false;
    size_t before = update_writer_size(&self->writer);
    int width = MIN((cells.x + cells.w) * CELL_SIZE, self->view.width) - cells.x * CELL_SIZE;
    int height = MIN((cells.y + cells.h) * CELL_SIZE, self->view.height) - cells.y * CELL_SIZE;
    update_write_tile(&self->writer, cells, cell_pixels(picture, cells.x, cells.y), picture->frame->planes[0].stride,
                      width, height);
    if (update->cells > 0 && update_writer_size(&self->writer) > budget) {
        update_writer_cut(&self->writer, before);
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
    for (unsigned i = 0; i < self->plan.n_tiles; i++)
        if (!encode_tile(self, picture, &self->plan.tiles[i], budget, update))
            break;
}

static int pack(const struct update_writer *writer, struct cohort_update *update)
{
    size_t size = update_writer_size(writer);
    for (size_t at = 0; at < size;) {
        size_t piece = MIN(size - at, PACKET_MAX);
        struct packet **packet = &update->pieces[update->n_pieces];
        if (packet_create(piece, packet) < 0) {
            while (update->n_pieces > 0)
                packet_unref(update->pieces[--update->n_pieces]);
            return -ENOMEM;
        }
        memcpy((*packet)->data, writer->bytes + at, piece);
        (*packet)->size = piece;
        update->n_pieces++;
        at += piece;
    }
    update->bytes = size;
    return 0;
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
        update_writer_begin(&self->writer);
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
