/* A viewer for tests: a cohort and the canvas that its updates are applied to, checked against each other. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cpu.h"
#include "encode/cohort.h"
#include "replica/replica.h"
#include "video/damage.h"

struct viewer {
    struct cohort *cohort;
    struct replica *replica;
    const struct update_canvas *canvas;
    uint64_t now_us;
    size_t bytes;
    unsigned updates;
};

static inline void viewer_init(struct viewer *self)
{
    *self = (struct viewer){.bytes = 0};
    assert_int_equal(cohort_create(NULL, &self->cohort), 0);
    assert_int_equal(replica_create(&self->replica), 0);
    self->canvas = replica_canvas(self->replica);
    self->now_us = 1000000000;
}

static inline void viewer_finish(struct viewer *self)
{
    cohort_destroy(self->cohort);
    replica_destroy(self->replica);
}

/* What MODE does on the page. */
static inline void viewer_mode(struct viewer *self, int width, int height)
{
    if (self->canvas->pixels && self->canvas->width == width && self->canvas->height == height)
        return;
    assert_int_equal(replica_mode(self->replica, width, height, 0), 0);
}

static inline uint32_t viewer_word(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, 4);
    return word;
}

/* The canvas's RGBA pixel as BGRX with X = 0. */
static inline uint32_t viewer_pixel(const struct viewer *self, int x, int y)
{
    return replica_pixel(self->canvas, x, y);
}

static inline bool viewer_cell_equals(const struct viewer *self, const struct frame *frame, int cx, int cy)
{
    for (int y = cy * CELL_SIZE; y < (cy + 1) * CELL_SIZE && y < frame->height; y++) {
        const uint8_t *line = frame->planes[0].data + (size_t)y * frame->planes[0].stride;
        for (int x = cx * CELL_SIZE; x < (cx + 1) * CELL_SIZE && x < frame->width; x++)
            if (viewer_pixel(self, x, y) != (viewer_word(line + 4 * (size_t)x) & 0xFFFFFF))
                return false;
    }
    return true;
}

/* The hash of what the canvas really shows in a cell, and whether the cohort claims that very hash. */
static inline bool viewer_claim_holds(const struct viewer *self, int cx, int cy)
{
    uint32_t cell[CELL_PIXELS] = {0};
    int w = MIN(CELL_SIZE, self->canvas->width - cx * CELL_SIZE);
    int h = MIN(CELL_SIZE, self->canvas->height - cy * CELL_SIZE);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            cell[y * CELL_SIZE + x] = viewer_pixel(self, cx * CELL_SIZE + x, cy * CELL_SIZE + y);
    return cohort_cell_hash(self->cohort, cx, cy) ==
           damage_ops_find(FOURCC_BGRX, cpu_features())
               ->hash(cell_hash_key(), (const uint8_t *)cell, CELL_SIZE * 4, w, h);
}

/* Encodes one update, joins its pieces, applies them, and checks all that is promised. */
static inline struct cohort_update viewer_update(struct viewer *self, const struct picture *picture, size_t budget)
{
    viewer_mode(self, picture->frame->width, picture->frame->height);
    struct cohort_update update;
    bool wanted = cohort_due(self->cohort, picture, self->now_us) == 0;
    struct cohort_ask ask = {.budget = budget, .now_us = self->now_us};
    assert_int_equal(cohort_encode(self->cohort, picture, &ask, &update), 0);
    assert_true(wanted || update.n_pieces == 0);
    assert_true(update.n_pieces <= PACKET_MAX_PIECES);
    size_t size = 0;
    for (unsigned i = 0; i < update.n_pieces; i++) {
        assert_true(update.pieces[i]->size <= PACKET_MAX && update.pieces[i]->size > 0);
        size += update.pieces[i]->size;
    }
    assert_int_equal(size, update.bytes);
    if (size > 0) {
        assert_true(replica_check_packets(self->replica, update.pieces, update.n_pieces, update.check));
        assert_true(replica_apply_packets(self->replica, update.pieces, update.n_pieces));
    }
    for (int cy = 0; cy < picture->cells_y; cy++)
        for (int cx = 0; cx < picture->cells_x; cx++) {
            if (!viewer_claim_holds(self, cx, cy))
                fail_msg("cell %d,%d is not what the cohort says", cx, cy);
            if (update.complete && !viewer_cell_equals(self, picture->frame, cx, cy))
                fail_msg("cell %d,%d is not exact", cx, cy);
        }
    assert_int_equal(update.complete, cohort_due(self->cohort, picture, self->now_us) == UINT64_MAX);
    self->bytes += size;
    self->updates += size > 0;
    return update;
}
