/* Regions that keep moving: when they become video, what their frames cost, and how they end. */
#include "lossy_viewer.h"

#define WIDTH 640
#define HEIGHT 400

static void set_up(struct lossy_viewer *viewer, struct scene *scene)
{
    lossy_viewer_init(viewer);
    scene_init(scene, WIDTH, HEIGHT, 9);
    scene_start(scene);
    lossy_viewer_show(viewer, scene_frame(scene));
    lossy_viewer_rest(viewer);
}

static void finish(struct lossy_viewer *viewer, struct scene *scene)
{
    lossy_viewer_finish(viewer);
    scene_finish(scene);
}

static void play(struct lossy_viewer *viewer, struct scene *scene, int x, int y, int frames)
{
    for (int i = 0; i < frames; i++) {
        lossy_photo(scene, x, y, 256, 192, i);
        lossy_viewer_show(viewer, scene_frame(scene));
        lossy_viewer_run(viewer, viewer->now_us + FRAME_US);
    }
}

static void test_moving_region_becomes_video_and_exact_at_rest(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    play(&viewer, &scene, 96, 80, 60);
    assert_in_range(viewer.updates[COHORT_VIDEO], 40, 60);
    assert_int_equal(viewer.n_keys, 1);
    assert_true(lossy_viewer_error(&viewer, 96, 80, 256, 192) < 60);
    assert_true(viewer.bytes[COHORT_VIDEO] / viewer.updates[COHORT_VIDEO] <
                viewer.bytes[COHORT_PHOTO] / viewer.updates[COHORT_PHOTO]);
    uint64_t stopped = viewer.now_us;
    lossy_viewer_run(&viewer, stopped + 250000);
    assert_int_equal(lossy_viewer_check(&viewer), 0);
    lossy_viewer_rest(&viewer);
    finish(&viewer, &scene);
}

static void test_text_beside_a_video_is_exact_at_once_and_over_it_when_it_rests(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    play(&viewer, &scene, 96, 80, 30);
    for (int i = 0; i < 30; i++) {
        lossy_photo(&scene, 96, 80, 256, 192, 30 + i);
        scene_fill(&scene, 144, 208, 128, 32, 0x101010);
        for (int k = 0; k < 12; k++)
            scene_glyph(&scene, 152 + 8 * k, 216, 40 + (unsigned)k, 0xFFFFFF, 0x101010, 1);
        scene_glyph(&scene, 8 + 8 * i, 360, 5 + (unsigned)i, 0xFFFFFF, 0x204060, 1);
        lossy_viewer_show(&viewer, scene_frame(&scene));
        lossy_viewer_run(&viewer, viewer.now_us + FRAME_US);
        assert_true(lossy_viewer_error(&viewer, 0, 352, WIDTH, 48) == 0);
        if (i > 6)
            assert_true(lossy_viewer_error(&viewer, 144, 208, 128, 32) == 0);
    }
    lossy_viewer_rest(&viewer);
    finish(&viewer, &scene);
}

/* Windows with videos that open one after the other, faster than key frames may come. */
static void test_key_frames_are_two_seconds_apart(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    for (int i = 0; i < 8; i++)
        play(&viewer, &scene, i % 2 ? 16 : 352, i % 4 < 2 ? 16 : 192, 25);
    assert_true(viewer.n_keys >= 2);
    for (unsigned i = 1; i < viewer.n_keys; i++)
        assert_true(viewer.keys[i] - viewer.keys[i - 1] >= 2000000);
    lossy_viewer_rest(&viewer);
    finish(&viewer, &scene);
}

static void test_joining_viewer_gets_photographs_until_the_next_key_frame(void **state)
{
    (void)state;
    struct lossy_viewer viewer, other;
    struct scene scene;
    set_up(&viewer, &scene);
    lossy_viewer_init(&other);
    play(&viewer, &scene, 96, 80, 40);
    assert_int_equal(viewer.n_keys, 1);
    unsigned frames = viewer.updates[COHORT_VIDEO];
    cohort_join(viewer.cohort, other.cohort);
    play(&viewer, &scene, 96, 80, 10);
    assert_int_equal(viewer.updates[COHORT_VIDEO], frames);
    play(&viewer, &scene, 96, 80, 60);
    assert_int_equal(viewer.n_keys, 2);
    assert_true(viewer.keys[1] - viewer.keys[0] >= 2000000);
    lossy_viewer_rest(&viewer);
    lossy_viewer_finish(&other);
    finish(&viewer, &scene);
}

static void test_slow_link_holds_the_rate(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    viewer.ask.rate = 60000;
    viewer.ask.budget = 3000;
    play(&viewer, &scene, 96, 80, 60);
    size_t before = viewer.bytes[COHORT_VIDEO];
    play(&viewer, &scene, 96, 80, 60);
    assert_true(viewer.bytes[COHORT_VIDEO] - before < 2 * 60000);
    lossy_viewer_rest(&viewer);
    finish(&viewer, &scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_region_becomes_video_and_exact_at_rest),
        cmocka_unit_test(test_text_beside_a_video_is_exact_at_once_and_over_it_when_it_rests),
        cmocka_unit_test(test_key_frames_are_two_seconds_apart),
        cmocka_unit_test(test_joining_viewer_gets_photographs_until_the_next_key_frame),
        cmocka_unit_test(test_slow_link_holds_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
