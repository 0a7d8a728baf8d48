/* Slots: cohorts that share a screen's table show only what all of their viewers hold, whatever the others fill, and
 * never take for exact what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/slot_table.h"
#include "lossy_viewer.h"
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

static void look(struct house *h)
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

/* The canvas is, cell by cell, what the cohort says, and exact where it says so. */
static void check(struct house *h, int cohort)
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

static bool step(struct house *h, int cohort, size_t budget)
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

static void finish(struct house *h, int cohort)
{
    for (int i = 0; i < 10000; i++, h->now_us += COHORT_REST_US / 8)
        if (step(h, cohort, 20000))
            return;
    fail_msg("a picture at rest never became exact");
}

/* The viewers of `from` come to `to`. */
static void join(struct house *h, int from, int to)
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

/* Another size: all canvases are new, the slots stay. */
static void resize(struct house *h, int width, int height)
{
    uint64_t seed = h->scene.seed;
    scene_finish(&h->scene);
    scene_init(&h->scene, width, height, seed);
    scene_start(&h->scene);
    look(h);
    for (int c = 0; c < COHORTS; c++) {
        set_mode(h, c);
        step(h, c, 5000);
    }
}

/* Something new happens; now and then much of what was there returns, photographs among it. */
static void go_on(struct house *h, int i)
{
    struct scene *scene = &h->scene;
    scene_step(scene);
    if (i % 9 == 0)
        scene_start(scene);
    if (h->jpeg && i % 4 == 0) {
        uint64_t seed = scene->seed;
        scene->seed = 4711 + (uint64_t)(i % 3);
        lossy_photo(scene, 48, 32, scene->width / 2, scene->height / 2, i % 3);
        scene->seed = seed;
    }
    look(h);
    h->now_us += scene_rnd(scene, 5) ? 30000 : COHORT_REST_US;
}

static void live(struct house *h)
{
    int width = h->scene.width, height = h->scene.height;
    for (int i = 0; i < 150; i++) {
        go_on(h, i);
        for (int c = 0; c < COHORTS; c++)
            if (scene_rnd(&h->scene, (uint32_t)(1 + c)) == 0)
                step(h, c, scene_rnd(&h->scene, 4) ? 200 + scene_rnd(&h->scene, 4000) : 1 << 19);
        if (i == 40 || i == 80)
            resize(h, i == 40 ? height : width, i == 40 ? width : height);
        if (i == 60) { /* a late one gets a cohort of its own, which then joins */
            join(h, 2, 1);
            h->at[VIEWERS - 1] = 2;
            set_mode(h, 2);
            step(h, 2, 5000);
        } else if (i == 100)
            join(h, 2, 0);
        else if (i == 120) {
            set_mode(h, 1);
            cohort_reset(h->cohorts[1]);
        }
    }
    for (int c = 0; c < COHORTS; c++)
        finish(h, c);
}

static void test_cohorts_share_a_table(void **state)
{
    (void)state;
    const int sizes[][2] = {{640, 400}, {333, 217}, {320, 200}};
    unsigned shown = 0, lossy = 0;
    for (uint64_t seed = 0; seed < 9; seed++) {
        struct house h;
        house_init(&h, sizes[seed % 3][0], sizes[seed % 3][1], 77 + seed);
        h.jpeg = seed >= 3;
        h.video = seed >= 6;
        live(&h);
        shown += h.shown;
        lossy += h.lossy;
        house_finish(&h);
    }
    assert_true(shown > 1000 && lossy > 1000);
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

#define PHOTO_CELLS (20 * 16)

static void photo(struct house *h)
{
    h->scene.seed = 99;
    lossy_photo(&h->scene, 160, 64, 320, 256, 0);
    look(h);
}

/* Steps without time for anything to settle. */
static void hurry(struct house *h, int cohort)
{
    for (int i = 0; i < 4; i++)
        step(h, cohort, 1 << 19);
}

static void cover(struct house *h, int cohort)
{
    h->now_us += 40000;
    repaint(h, 0x123456);
    hurry(h, cohort);
}

static unsigned lossy_cells(const struct house *h, int cohort)
{
    unsigned n = 0;
    for (int cy = 0; cy < h->picture->cells_y; cy++)
        for (int cx = 0; cx < h->picture->cells_x; cx++)
            n += !cohort_cell_is_exact(h->cohorts[cohort], cx, cy);
    return n;
}

static void photo_house(struct house *h)
{
    house_init(h, 640, 400, 9);
    h->jpeg = true;
    repaint(h, 0x123456);
    for (int c = 0; c < COHORTS; c++)
        finish(h, c);
    h->now_us += 40000;
    photo(h);
    h->shown = h->lossy = 0;
}

/* What was sent lossily returns lossy and settles; after that it returns exact. */
static void test_photographs_return(void **state)
{
    (void)state;
    struct house h;
    photo_house(&h);
    hurry(&h, 0);
    assert_int_equal(h.lossy, PHOTO_CELLS);
    cover(&h, 0);
    h.now_us += 40000;
    photo(&h);
    h.shown = h.lossy = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, PHOTO_CELLS);
    assert_int_equal(h.lossy, 0);
    assert_int_equal(lossy_cells(&h, 0), PHOTO_CELLS);
    finish(&h, 0);
    cover(&h, 0);
    h.now_us += 40000;
    photo(&h);
    h.shown = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, PHOTO_CELLS);
    assert_int_equal(lossy_cells(&h, 0), 0);
    house_finish(&h);
}

/* One cohort codes exactly what another one then sends lossily: it stays exact in its slots. */
static void test_exact_wins(void **state)
{
    (void)state;
    struct house h;
    photo_house(&h);
    h.jpeg = false;
    finish(&h, 0);
    h.jpeg = true;
    hurry(&h, 1);
    assert_int_equal(h.lossy, PHOTO_CELLS);
    cover(&h, 0);
    cover(&h, 1);
    photo(&h);
    h.shown = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, PHOTO_CELLS);
    assert_int_equal(lossy_cells(&h, 0), 0);
    hurry(&h, 1);
    assert_int_equal(h.shown, PHOTO_CELLS);
    house_finish(&h);
}

/* When another cohort has made it exact, the lossy version that only we have is not shown any more. */
static void test_old_version_is_not_shown(void **state)
{
    (void)state;
    struct house h;
    photo_house(&h);
    hurry(&h, 0);
    hurry(&h, 1);
    cover(&h, 0);
    photo(&h);
    h.now_us += COHORT_REST_US;
    h.jpeg = false;
    finish(&h, 1);
    h.jpeg = true;
    h.shown = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, 0);
    finish(&h, 0);
    house_finish(&h);
}

/* Viewers that join, and one that comes back, show what they have, lossy as it is. */
static void test_photographs_of_joined_and_returned(void **state)
{
    (void)state;
    struct house h;
    photo_house(&h);
    hurry(&h, 0);
    hurry(&h, 1);
    join(&h, 1, 0);
    cover(&h, 0);
    photo(&h);
    h.shown = h.lossy = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, PHOTO_CELLS);
    come_back(&h, 0, 1, UINT32_MAX / 2);
    h.shown = 0;
    hurry(&h, 1);
    assert_true(h.shown >= PHOTO_CELLS);
    assert_int_equal(lossy_cells(&h, 1), PHOTO_CELLS);
    finish(&h, 1);
    finish(&h, 0);
    house_finish(&h);
}

static unsigned fill_lossy(struct slot_table *slots, uint64_t from, unsigned n, bool show)
{
    unsigned kept = 0;
    for (uint64_t i = from; i < from + n; i++) {
        uint64_t hash = i * 0x9E3779B97F4A7C15u;
        if (!slot_table_keeps_lossy(slots, hash))
            continue;
        kept++;
        unsigned slot = slot_table_fill(slots, hash, true);
        if (show)
            slot_table_note_show(slots, slot);
    }
    return kept;
}

/* A video fills no more than a few slots; when its like returns after all, it is kept again. */
static void test_what_never_returns_is_kept_out(void **state)
{
    (void)state;
    struct slot_table *slots;
    assert_int_equal(slot_table_create(&slots), 0);
    fill_lossy(slots, 1, 20000, false);
    assert_true(fill_lossy(slots, 20001, 20000, false) < 1000);
    fill_lossy(slots, 40001, 10000, true);
    assert_int_equal(fill_lossy(slots, 50001, 1000, true), 1000);
    slot_table_unref(slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cohorts_share_a_table),
        cmocka_unit_test(test_what_returns_is_shown),
        cmocka_unit_test(test_others_slots_are_not_shown),
        cmocka_unit_test(test_record_holds_what_was_acked),
        cmocka_unit_test(test_table_goes_round),
        cmocka_unit_test(test_photographs_return),
        cmocka_unit_test(test_exact_wins),
        cmocka_unit_test(test_old_version_is_not_shown),
        cmocka_unit_test(test_photographs_of_joined_and_returned),
        cmocka_unit_test(test_what_never_returns_is_kept_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
