/* Exactness: viewers that take random pictures with random budgets hold at each step what their cohort claims, and at
 * rest the source, bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"
#include "viewer.h"

static struct picture *track(struct picture_tracker *tracker, struct scene *scene)
{
    struct picture *picture = NULL;
    assert_int_equal(picture_track(tracker, scene_frame(scene), &picture), 0);
    return picture;
}

static void settle(struct viewer *viewer, const struct picture *picture, size_t budget)
{
    for (int i = 0; i < 100000; i++)
        if (viewer_update(viewer, picture, budget).complete)
            return;
    fail_msg("a picture at rest never became exact");
}

static void run_scene(int width, int height, uint64_t seed, int steps)
{
    struct scene scene;
    struct picture_tracker *tracker;
    struct viewer viewers[3];
    scene_init(&scene, width, height, seed);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    for (int i = 0; i < 3; i++)
        viewer_init(&viewers[i]);
    scene_start(&scene);
    struct picture *newest = track(tracker, &scene);
    for (int step = 0; step < steps; step++) {
        scene_step(&scene);
        struct picture *next = track(tracker, &scene);
        if (next) {
            picture_unref(newest);
            newest = next;
        }
        for (int i = 0; i < 3; i++)
            if (scene_rnd(&scene, (uint32_t)(1 + 3 * i)) == 0)
                viewer_update(&viewers[i], newest, scene_rnd(&scene, 4) ? 1 + scene_rnd(&scene, 3000) : 1 << 19);
    }
    settle(&viewers[0], newest, 1 << 19);
    settle(&viewers[1], newest, 700);
    settle(&viewers[2], newest, 20000);
    for (int i = 0; i < 3; i++)
        viewer_finish(&viewers[i]);
    picture_unref(newest);
    picture_tracker_destroy(tracker);
    scene_finish(&scene);
}

static void test_random_viewers_end_exact(void **state)
{
    (void)state;
    const int sizes[][2] = {{640, 400}, {320, 200}, {333, 217}, {65, 63}, {16, 16},
                            {1, 1},     {720, 400}, {15, 300},  {300, 17}};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        run_scene(sizes[i][0], sizes[i][1], 1000 + i, 60);
}

static void test_mode_change_begins_black(void **state)
{
    (void)state;
    struct picture_tracker *tracker;
    struct viewer viewer;
    assert_int_equal(picture_tracker_create(&tracker), 0);
    viewer_init(&viewer);
    const int sizes[][2] = {{320, 200}, {200, 320}, {320, 200}, {64, 48}};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct scene scene;
        scene_init(&scene, sizes[i][0], sizes[i][1], i);
        scene_start(&scene);
        struct picture *picture = track(tracker, &scene);
        assert_non_null(picture);
        viewer_update(&viewer, picture, 300);
        settle(&viewer, picture, 5000);
        picture_unref(picture);
        scene_finish(&scene);
    }
    viewer_finish(&viewer);
    picture_tracker_destroy(tracker);
}

static void test_black_picture_needs_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct picture_tracker *tracker;
    struct viewer viewer;
    scene_init(&scene, 100, 50, 1);
    viewer_init(&viewer);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    struct picture *picture = track(tracker, &scene);
    struct cohort_update update = viewer_update(&viewer, picture, 1000);
    assert_int_equal(update.n_pieces, 0);
    assert_true(update.complete);
    scene_fill(&scene, 99, 49, 1, 1, 0x010101);
    struct picture *next = track(tracker, &scene);
    assert_int_equal(next->cells_changed, 1);
    update = viewer_update(&viewer, next, 1000);
    assert_int_equal(update.cells, 1);
    assert_true(update.complete);
    picture_unref(picture);
    picture_unref(next);
    viewer_finish(&viewer);
    picture_tracker_destroy(tracker);
    scene_finish(&scene);
}

static void test_budget_is_kept(void **state)
{
    (void)state;
    struct scene scene;
    struct picture_tracker *tracker;
    scene_init(&scene, 640, 480, 5);
    scene_noise(&scene, 0, 0, 640, 480);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    struct picture *picture = track(tracker, &scene);
    for (size_t budget = 1; budget < 600000; budget = budget * 3 + 1) {
        struct viewer viewer;
        viewer_init(&viewer);
        struct cohort_update update = viewer_update(&viewer, picture, budget);
        assert_true(update.cells >= 1);
        assert_true(update.bytes <= budget + TILE_BYTES_MAX);
        viewer_finish(&viewer);
    }
    picture_unref(picture);
    picture_tracker_destroy(tracker);
    scene_finish(&scene);
}

/* A keystroke must not wait behind a screen full of new pixels. */
static void test_keystroke_goes_ahead(void **state)
{
    (void)state;
    struct scene scene;
    struct picture_tracker *tracker;
    struct viewer viewer;
    scene_init(&scene, 640, 480, 9);
    scene_start(&scene);
    viewer_init(&viewer);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    struct picture *picture = track(tracker, &scene);
    settle(&viewer, picture, 1 << 19);
    picture_unref(picture);
    scene_noise(&scene, 0, 0, 640, 384);
    scene_glyph(&scene, 320, 448, 65, 0xFFFFFF, 0, 0);
    picture = track(tracker, &scene);
    struct cohort_update update = viewer_update(&viewer, picture, 400);
    assert_false(update.complete);
    assert_true(viewer_cell_equals(&viewer, picture->frame, 20, 28));
    picture_unref(picture);
    viewer_finish(&viewer);
    picture_tracker_destroy(tracker);
    scene_finish(&scene);
}

static void test_reset_repaints_all(void **state)
{
    (void)state;
    struct scene scene;
    struct picture_tracker *tracker;
    struct viewer viewer;
    scene_init(&scene, 200, 100, 3);
    scene_start(&scene);
    viewer_init(&viewer);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    struct picture *picture = track(tracker, &scene);
    settle(&viewer, picture, 1 << 19);
    assert_int_equal(cohort_due(viewer.cohort, picture, viewer.now_us), UINT64_MAX);
    cohort_reset(viewer.cohort);
    assert_int_equal(cohort_due(viewer.cohort, picture, viewer.now_us), 0);
    assert_int_equal(replica_mode(viewer.replica, 200, 100, 0), 0);
    settle(&viewer, picture, 500);
    picture_unref(picture);
    viewer_finish(&viewer);
    picture_tracker_destroy(tracker);
    scene_finish(&scene);
}

/* Text that scrolls, by any number of lines and either way, is copied; only what comes in is coded. */
static void test_scroll_is_copied(void **state)
{
    (void)state;
    const int steps[] = {16, -16, 1, -1, 37, -37, 200, -200, 16, 16, 16};
    struct scene scene;
    struct picture_tracker *tracker;
    struct viewer viewer;
    scene_init(&scene, 640, 480, 21);
    scene_start(&scene);
    viewer_init(&viewer);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    struct picture *picture = track(tracker, &scene);
    settle(&viewer, picture, 1 << 19);
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        picture_unref(picture);
        scene_scroll(&scene, 0, 0, 640, 480, steps[i]);
        picture = track(tracker, &scene);
        struct cohort_update update = viewer_update(&viewer, picture, 1 << 19);
        assert_true(update.complete);
        unsigned rest = (unsigned)(abs(steps[i]) + 31) / 16 * 40; /* cells that the exposed stripe touches */
        assert_true(update.cells - update.cells_copied <= rest);
        assert_true(update.cells_copied >= update.cells / 2);
    }
    picture_unref(picture);
    viewer_finish(&viewer);
    picture_tracker_destroy(tracker);
    scene_finish(&scene);
}

/* A viewer that missed frames is helped by what its own canvas shows, not by the frame before. */
static void test_scroll_over_missed_frames(void **state)
{
    (void)state;
    struct scene scene;
    struct picture_tracker *tracker;
    struct viewer viewer;
    scene_init(&scene, 640, 480, 22);
    scene_start(&scene);
    viewer_init(&viewer);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    struct picture *picture = track(tracker, &scene);
    settle(&viewer, picture, 1 << 19);
    for (int i = 0; i < 5; i++) {
        picture_unref(picture);
        scene_scroll(&scene, 0, 0, 640, 480, 16);
        scene_text_line(&scene, 8, 464, 70, 0xC0C0C0, 0x204060);
        picture = track(tracker, &scene);
    }
    struct cohort_update update = viewer_update(&viewer, picture, 1 << 19);
    assert_true(update.complete);
    assert_true(update.cells - update.cells_copied <= 6 * 40);
    picture_unref(picture);
    viewer_finish(&viewer);
    picture_tracker_destroy(tracker);
    scene_finish(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_viewers_end_exact),
        cmocka_unit_test(test_mode_change_begins_black),
        cmocka_unit_test(test_black_picture_needs_nothing),
        cmocka_unit_test(test_budget_is_kept),
        cmocka_unit_test(test_keystroke_goes_ahead),
        cmocka_unit_test(test_reset_repaints_all),
        cmocka_unit_test(test_scroll_is_copied),
        cmocka_unit_test(test_scroll_over_missed_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
