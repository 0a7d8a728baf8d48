/* Cohorts that share a screen's table of slots, their viewers, and a check of each canvas after every step. */
#pragma once

#include "encode/slot_table.h"
#include "scene.h"
#include "viewer.h"

#define COHORTS 3
#define VIEWERS 4 /* the last one comes to the first cohort later */

struct house {
    struct slot_table *slots;
    struct cohort *cohorts[COHORTS];
    struct replica *replicas[VIEWERS];
    int at[VIEWERS]; /* the cohort that a replica is with, or -1 */
    struct picture_tracker *tracker;
    struct picture *picture;
    struct scene scene;
    unsigned shown, lossy;
    bool jpeg, video;
    uint64_t now_us;
};

static inline void look(struct house *h)
{
    struct picture *next = NULL;
    struct frame *frame = scene_frame(&h->scene);
    frame->captured_us = h->now_us;
    assert_int_equal(picture_track(h->tracker, frame, &next), 0);
    if (next) {
        picture_unref(h->picture);
        h->picture = next;
    }
}

static inline void set_mode(struct house *h, int cohort)
{
    for (int i = 0; i < VIEWERS; i++)
        if (h->at[i] == cohort)
            assert_int_equal(replica_mode(h->replicas[i], h->scene.width, h->scene.height, 0), 0);
}

static inline void house_init(struct house *h, int width, int height, uint64_t seed)
{
    *h = (struct house){.now_us = 1000000};
    scene_init(&h->scene, width, height, seed);
    scene_start(&h->scene);
    assert_int_equal(slot_table_create(&h->slots), 0);
    assert_int_equal(picture_tracker_create(&h->tracker), 0);
    for (int i = 0; i < COHORTS; i++)
        assert_int_equal(cohort_create(h->slots, &h->cohorts[i]), 0);
    for (int i = 0; i < VIEWERS; i++) {
        assert_int_equal(replica_create(&h->replicas[i]), 0);
        h->at[i] = i < COHORTS ? i : -1;
    }
    for (int i = 0; i < COHORTS; i++)
        set_mode(h, i);
    look(h);
}

static inline void house_finish(struct house *h)
{
    for (int i = 0; i < COHORTS; i++)
        cohort_destroy(h->cohorts[i]);
    for (int i = 0; i < VIEWERS; i++)
        replica_destroy(h->replicas[i]);
    slot_table_unref(h->slots);
    picture_unref(h->picture);
    picture_tracker_destroy(h->tracker);
    scene_finish(&h->scene);
}

/* Every viewer of the cohort gets its own references. */
static inline void deliver(struct house *h, int cohort, struct cohort_update *update)
{
    for (int i = 0; i < VIEWERS; i++) {
        if (h->at[i] != cohort)
            continue;
        for (unsigned k = 0; k < update->n_pieces; k++)
            packet_ref(update->pieces[k]);
        if (update->n_pieces > 0)
            assert_true(replica_apply_packets(h->replicas[i], update->pieces, update->n_pieces));
    }
    for (unsigned k = 0; k < update->n_pieces; k++)
        packet_unref(update->pieces[k]);
}

/* The canvas is, cell by cell, what the cohort says, and exact where it says so. */
static inline void check(struct house *h, int cohort)
{
    for (int i = 0; i < VIEWERS; i++) {
        if (h->at[i] != cohort)
            continue;
        struct viewer v = {
            .cohort = h->cohorts[cohort], .replica = h->replicas[i], .canvas = replica_canvas(h->replicas[i])};
        for (int cy = 0; cy < h->picture->cells_y; cy++)
            for (int cx = 0; cx < h->picture->cells_x; cx++) {
                bool exact = cohort_cell_is_exact(v.cohort, cx, cy);
                if (v.canvas->lossy[cy * h->picture->cells_x + cx] != !exact)
                    fail_msg("viewer %d: cell %d,%d is%s exact", i, cx, cy, exact ? " not" : "");
                if (exact && !viewer_claim_holds(&v, cx, cy))
                    fail_msg("viewer %d: cell %d,%d is not what the cohort says", i, cx, cy);
            }
    }
}

static inline bool step(struct house *h, int cohort, size_t budget)
{
    struct cohort_update update;
    struct cohort_ask ask = {.budget = budget, .now_us = h->now_us, .jpeg = h->jpeg, .video_vp8 = h->video};
    assert_int_equal(cohort_encode(h->cohorts[cohort], h->picture, &ask, &update), 0);
    h->shown += update.cells_shown;
    h->lossy += update.cells_lossy;
    deliver(h, cohort, &update);
    check(h, cohort);
    return update.complete;
}

static inline void finish(struct house *h, int cohort)
{
    for (int i = 0; i < 10000; i++, h->now_us += COHORT_REST_US / 8)
        if (step(h, cohort, 20000))
            return;
    fail_msg("a picture at rest never became exact");
}

/* The viewers of `from` come to `to`. */
static inline void join(struct house *h, int from, int to)
{
    struct cohort_ask ask = {.budget = 5000, .now_us = h->now_us, .jpeg = h->jpeg};
    for (int i = 0;; i++) {
        struct cohort_update update;
        assert_true(i < 10000);
        assert_int_equal(cohort_chase(h->cohorts[from], h->cohorts[to], &ask, &update), 0);
        if (update.n_pieces == 0)
            break;
        deliver(h, from, &update);
        check(h, from);
    }
    assert_true(cohort_is_like(h->cohorts[from], h->cohorts[to]));
    cohort_join(h->cohorts[to], h->cohorts[from]);
    for (int i = 0; i < VIEWERS; i++)
        h->at[i] = h->at[i] == from ? to : h->at[i];
    check(h, to);
    cohort_destroy(h->cohorts[from]);
    assert_int_equal(cohort_create(h->slots, &h->cohorts[from]), 0);
}

/* A viewer leaves and comes back to a cohort of its own with what it certainly holds. */
static inline void come_back(struct house *h, int viewer, int to, uint32_t acked)
{
    struct slot_record *record;
    assert_int_equal(slot_set_record(cohort_slots(h->cohorts[h->at[viewer]]), acked, &record), 0);
    h->at[viewer] = to;
    cohort_reset(h->cohorts[to]);
    slot_set_restore(cohort_slots(h->cohorts[to]), record);
    slot_record_destroy(record);
    set_mode(h, to);
}

static inline void repaint(struct house *h, uint32_t colour)
{
    scene_fill(&h->scene, 0, 0, h->scene.width, h->scene.height, colour);
    look(h);
}
