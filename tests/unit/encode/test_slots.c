/* Slots: cohorts that share a screen's table show only what all of their viewers hold, whatever the others fill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    unsigned shown;
    uint64_t now_us;
};

static void look(struct house *h)
{
    struct picture *next = NULL;
    assert_int_equal(picture_track(h->tracker, scene_frame(&h->scene), &next), 0);
    if (next) {
        picture_unref(h->picture);
        h->picture = next;
    }
}

static void set_mode(struct house *h, int cohort)
{
    for (int i = 0; i < VIEWERS; i++)
        if (h->at[i] == cohort)
            assert_int_equal(replica_mode(h->replicas[i], h->scene.width, h->scene.height, 0), 0);
}

static void house_init(struct house *h, int width, int height, uint64_t seed)
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

static void house_finish(struct house *h)
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
static void deliver(struct house *h, int cohort, struct cohort_update *update)
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

/* The canvas is, cell by cell, what the cohort says. */
static void check(struct house *h, int cohort)
{
    for (int i = 0; i < VIEWERS; i++) {
        if (h->at[i] != cohort)
            continue;
        struct viewer v = {
            .cohort = h->cohorts[cohort], .replica = h->replicas[i], .canvas = replica_canvas(h->replicas[i])};
        for (int cy = 0; cy < h->picture->cells_y; cy++)
            for (int cx = 0; cx < h->picture->cells_x; cx++)
                if (!viewer_claim_holds(&v, cx, cy))
                    fail_msg("viewer %d: cell %d,%d is not what the cohort says", i, cx, cy);
    }
}

static bool step(struct house *h, int cohort, size_t budget)
{
    struct cohort_update update;
    struct cohort_ask ask = {.budget = budget, .now_us = h->now_us};
    assert_int_equal(cohort_encode(h->cohorts[cohort], h->picture, &ask, &update), 0);
    h->shown += update.cells_shown;
    deliver(h, cohort, &update);
    check(h, cohort);
    return update.complete;
}

static void finish(struct house *h, int cohort)
{
    for (int i = 0; i < 10000; i++)
        if (step(h, cohort, 20000))
            return;
    fail_msg("a picture at rest never became exact");
}

/* The viewers of `from` come to `to`. */
static void join(struct house *h, int from, int to)
{
    struct cohort_ask ask = {.budget = 5000, .now_us = h->now_us};
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
static void come_back(struct house *h, int viewer, int to, uint32_t acked)
{
    struct slot_record *record;
    assert_int_equal(slot_set_record(cohort_slots(h->cohorts[h->at[viewer]]), acked, &record), 0);
    h->at[viewer] = to;
    cohort_reset(h->cohorts[to]);
    slot_set_restore(cohort_slots(h->cohorts[to]), record);
    slot_record_destroy(record);
    set_mode(h, to);
}

static void test_cohorts_share_a_table(void **state)
{
    (void)state;
    const int sizes[][2] = {{640, 400}, {333, 217}, {320, 200}};
    unsigned shown = 0;
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct house h;
        house_init(&h, sizes[seed % 3][0], sizes[seed % 3][1], 77 + seed);
        for (int i = 0; i < 150; i++) {
            scene_step(&h.scene);
            if (i % 9 == 0)
                scene_start(&h.scene); /* much returns */
            look(&h);
            h.now_us += 30000;
            for (int c = 0; c < COHORTS; c++)
                if (scene_rnd(&h.scene, (uint32_t)(1 + c)) == 0)
                    step(&h, c, scene_rnd(&h.scene, 4) ? 200 + scene_rnd(&h.scene, 4000) : 1 << 19);
            if (i == 60) { /* a late one gets a cohort of its own, which then joins */
                join(&h, 2, 1);
                h.at[VIEWERS - 1] = 2;
                set_mode(&h, 2);
            } else if (i == 100)
                join(&h, 2, 0);
            else if (i == 120) {
                set_mode(&h, 1);
                cohort_reset(h.cohorts[1]);
            }
        }
        for (int c = 0; c < COHORTS; c++)
            finish(&h, c);
        shown += h.shown;
        house_finish(&h);
    }
    assert_true(shown > 1000);
}

static unsigned show_again(struct house *h, int cohort)
{
    unsigned before = h->shown;
    finish(h, cohort);
    return h->shown - before;
}

static void repaint(struct house *h, uint32_t colour)
{
    scene_fill(&h->scene, 0, 0, h->scene.width, h->scene.height, colour);
    look(h);
}

/* What is coded once is shown when it comes back. */
static void test_what_returns_is_shown(void **state)
{
    (void)state;
    struct house h;
    house_init(&h, 640, 400, 5);
    uint32_t *kept = malloc(640 * 400 * 4);
    memcpy(kept, h.scene.pixels, 640 * 400 * 4);
    assert_int_equal(show_again(&h, 0), 0);
    repaint(&h, 0x123456);
    finish(&h, 0);
    memcpy(h.scene.pixels, kept, 640 * 400 * 4);
    look(&h);
    assert_true(show_again(&h, 0) > 800);
    free(kept);
    house_finish(&h);
}

/* What only another cohort has filled is not shown. */
static void test_others_slots_are_not_shown(void **state)
{
    (void)state;
    struct house h;
    house_init(&h, 640, 400, 6);
    finish(&h, 0);
    assert_int_equal(show_again(&h, 1), 0);
    house_finish(&h);
}

/* The record has what the viewer has applied, and nothing that was on its way. */
static void test_record_holds_what_was_acked(void **state)
{
    (void)state;
    for (uint32_t acked = 0; acked < 2; acked++) {
        struct house h;
        house_init(&h, 640, 400, 7);
        assert_true(step(&h, 0, 1 << 19));
        come_back(&h, 0, 1, acked);
        h.at[1] = -1;
        unsigned shown = show_again(&h, 1);
        assert_true(acked ? shown > 800 : shown == 0);
        house_finish(&h);
    }
}

/* Screens of content that never returns go through the table many times over. */
static void test_table_goes_round(void **state)
{
    (void)state;
    struct house h;
    house_init(&h, 640, 400, 8);
    for (int i = 0; i < 60; i++) {
        scene_noise(&h.scene, 0, 0, 640, 400);
        look(&h);
        for (int c = 0; c < 2; c++)
            if ((i + c) % 3)
                finish(&h, c);
    }
    house_finish(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cohorts_share_a_table),      cmocka_unit_test(test_what_returns_is_shown),
        cmocka_unit_test(test_others_slots_are_not_shown), cmocka_unit_test(test_record_holds_what_was_acked),
        cmocka_unit_test(test_table_goes_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
