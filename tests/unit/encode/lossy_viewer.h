/* A viewer for tests that takes photographs and video: a cohort, the canvas its updates are applied to, and a clock. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/cohort.h"
#include "replica/replica.h"
#include "scene.h"

#define FRAME_US 33333

struct lossy_viewer {
    struct picture_tracker *tracker;
    struct picture *picture;
    struct cohort *cohort;
    struct replica *replica;
    struct cohort_ask ask;
    uint64_t now_us;
    unsigned updates[4];       /* by kind */
    size_t bytes[4];           /* by kind */
    struct cohort_update last; /* its pieces are gone */
    uint64_t keys[32];         /* when key frames came */
    unsigned n_keys;
};

static inline void lossy_viewer_init(struct lossy_viewer *self)
{
    *self = (struct lossy_viewer){.now_us = 1000000000};
    self->ask = (struct cohort_ask){.budget = 200000, .rate = 4000000, .jpeg = true, .video_vp8 = true};
    assert_int_equal(picture_tracker_create(&self->tracker), 0);
    assert_int_equal(cohort_create(NULL, &self->cohort), 0);
    assert_int_equal(replica_create(&self->replica), 0);
}

static inline void lossy_viewer_finish(struct lossy_viewer *self)
{
    picture_unref(self->picture);
    picture_tracker_destroy(self->tracker);
    cohort_destroy(self->cohort);
    replica_destroy(self->replica);
}

/* The frame becomes the newest picture. Takes it. */
static inline void lossy_viewer_show(struct lossy_viewer *self, struct frame *frame)
{
    const struct update_canvas *canvas = replica_canvas(self->replica);
    struct picture *next;
    frame->captured_us = self->now_us;
    assert_int_equal(picture_track(self->tracker, frame, &next), 0);
    if (!next)
        return;
    picture_unref(self->picture);
    self->picture = next;
    if (canvas->width != next->frame->width || canvas->height != next->frame->height ||
        canvas->colour != next->frame->colour)
        assert_int_equal(replica_mode(self->replica, next->frame->width, next->frame->height, next->frame->colour), 0);
}

static inline void lossy_viewer_note_keys(struct lossy_viewer *self, const struct cohort_update *update)
{
    uint8_t *body = malloc(update->bytes), *at = body;
    struct update_payload payloads[UPDATE_MAX_PAYLOADS];
    for (unsigned i = 0; i < update->n_pieces; at += update->pieces[i]->size, i++)
        memcpy(at, update->pieces[i]->data, update->pieces[i]->size);
    int n = update_scan(body, update->bytes, payloads);
    for (int i = 0; i < n; i++)
        if (payloads[i].kind != UPDATE_JPEG && payloads[i].key && self->n_keys < 32)
            self->keys[self->n_keys++] = self->now_us;
    free(body);
}

/* One update, if there is one to be made now. */
static inline bool lossy_viewer_update(struct lossy_viewer *self)
{
    self->ask.now_us = self->now_us;
    assert_int_equal(cohort_encode(self->cohort, self->picture, &self->ask, &self->last), 0);
    if (self->last.n_pieces == 0)
        return false;
    self->updates[self->last.kind]++;
    self->bytes[self->last.kind] += self->last.bytes;
    lossy_viewer_note_keys(self, &self->last);
    assert_true(replica_check_packets(self->replica, self->last.pieces, self->last.n_pieces, self->last.check));
    assert_true(replica_apply_packets(self->replica, self->last.pieces, self->last.n_pieces));
    return true;
}

/* All updates that are due until then; the link takes each at once. */
static inline void lossy_viewer_run(struct lossy_viewer *self, uint64_t until_us)
{
    for (int i = 0; i < 5000; i++) {
        uint64_t due = cohort_due(self->cohort, self->picture, self->now_us);
        if (due >= until_us || (due <= self->now_us && !lossy_viewer_update(self)))
            break;
        self->now_us = due > self->now_us ? due : self->now_us;
    }
    self->now_us = until_us;
}

static inline uint32_t lossy_viewer_word(const struct frame *frame, int x, int y)
{
    uint32_t word;
    memcpy(&word, frame->planes[0].data + (size_t)y * frame->planes[0].stride + 4 * (size_t)x, 4);
    return word & 0xFFFFFF;
}

/* The squared error of a rectangle of pixels, in mean over the channels. */
static inline double lossy_viewer_error(const struct lossy_viewer *self, int x0, int y0, int w, int h)
{
    double sum = 0;
    for (int y = y0; y < y0 + h; y++)
        for (int x = x0; x < x0 + w; x++) {
            uint32_t a = replica_pixel(replica_canvas(self->replica), x, y);
            uint32_t b = lossy_viewer_word(self->picture->frame, x, y);
            for (int shift = 0; shift < 24; shift += 8) {
                int d = (int)(a >> shift & 255) - (int)(b >> shift & 255);
                sum += d * d;
            }
        }
    return sum / (3.0 * w * h);
}

/* Cells that the cohort calls exact are; returns how many it calls lossy. */
static inline unsigned lossy_viewer_check(const struct lossy_viewer *self)
{
    unsigned lossy = 0;
    const struct picture *p = self->picture;
    for (int cy = 0; cy < p->cells_y; cy++)
        for (int cx = 0; cx < p->cells_x; cx++) {
            size_t i = (size_t)cy * (size_t)p->cells_x + (size_t)cx;
            if (!cohort_cell_is_exact(self->cohort, cx, cy)) {
                lossy++;
                continue;
            }
            int x = cx * CELL_SIZE, y = cy * CELL_SIZE;
            if (cohort_cell_hash(self->cohort, cx, cy) == p->hash[i] &&
                lossy_viewer_error(self, x, y, MIN(CELL_SIZE, p->frame->width - x),
                                   MIN(CELL_SIZE, p->frame->height - y)) > 0)
                fail_msg("cell %d,%d is not exact", cx, cy);
        }
    return lossy;
}

static inline void lossy_viewer_rest(struct lossy_viewer *self)
{
    lossy_viewer_run(self, self->now_us + 20000000);
    assert_int_equal(lossy_viewer_check(self), 0);
    assert_true(lossy_viewer_error(self, 0, 0, self->picture->frame->width, self->picture->frame->height) == 0);
}

/* Something like a photograph: soft shapes with the grain of a sensor. It moves with `time`. */
static inline void lossy_photo(struct scene *scene, int x0, int y0, int w, int h, int time)
{
    for (int y = y0; y < y0 + h; y++)
        for (int x = x0; x < x0 + w; x++) {
            int u = x - x0 + 5 * time, v = y - y0 + 2 * time, colour = 0;
            for (int c = 0; c < 3; c++) {
                int wave = abs((u * (3 + c) + v * 2) % 400 - 200) / 3 + abs((v * (2 + c) - u) % 300 - 150) / 3;
                colour = colour << 8 | (60 + wave + (int)scene_rnd(scene, 6));
            }
            scene_put(scene, x, y, (uint32_t)colour);
        }
}
