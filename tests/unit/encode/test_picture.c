/* The tracker: what changed, what the hints let it skip, and which frames it holds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cpu.h"
#include "encode/picture.h"
#include "scene.h"

struct fixture {
    struct scene scene;
    struct picture_tracker *tracker;
};

static int setup(void **state)
{
    struct fixture *self = calloc(1, sizeof *self);
    assert_non_null(self);
    scene_init(&self->scene, 100, 50, 1);
    scene_start(&self->scene);
    assert_int_equal(picture_tracker_create(&self->tracker), 0);
    *state = self;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *self = *state;
    picture_tracker_destroy(self->tracker);
    scene_finish(&self->scene);
    free(self);
    return 0;
}

static struct picture *track(struct fixture *self, struct frame *frame)
{
    struct picture *picture = (struct picture *)1;
    assert_int_equal(picture_track(self->tracker, frame, &picture), 0);
    assert_ptr_not_equal(picture, (struct picture *)1);
    return picture;
}

static void test_first_picture_is_all_new(void **state)
{
    struct fixture *self = *state;
    struct picture *picture = track(self, scene_frame(&self->scene));
    assert_int_equal(picture->cells_x, 7);
    assert_int_equal(picture->cells_y, 4);
    assert_int_equal(picture->cells_changed, 28);
    assert_int_equal(picture->generation, 1);
    picture_unref(picture);
}

static void test_only_changed_cells_get_the_generation(void **state)
{
    struct fixture *self = *state;
    struct picture *first = track(self, scene_frame(&self->scene));
    scene_fill(&self->scene, 99, 49, 1, 1, 0xFFFFFF);
    scene_fill(&self->scene, 15, 0, 2, 1, 0xFFFFFF);
    struct picture *second = track(self, scene_frame(&self->scene));
    assert_int_equal(second->cells_changed, 3);
    assert_int_equal(second->generation, 2);
    for (int i = 0; i < 28; i++) {
        bool changed = i == 0 || i == 1 || i == 27;
        assert_int_equal(second->changed_in[i], changed ? 2 : 1);
        assert_int_equal(second->hash[i] != first->hash[i], changed);
    }
    picture_unref(first);
    picture_unref(second);
}

static void count_release(struct frame *frame)
{
    ++*(int *)frame->release_data;
}

/* A frame that changes nothing goes back at once, others when their pictures have let go: nothing is held back for a
 * comparison where cells are hashed. */
static void give_back(struct fixture *self, bool held)
{
    int released[3] = {0, 0, 0};
    struct frame frames[3];
    for (int i = 0; i < 3; i++) {
        frames[i] = (struct frame){.width = 100, .height = 50, .fourcc = FOURCC_BGRX, .release = count_release};
        frames[i].planes[0] = (struct frame_plane){.data = (const uint8_t *)self->scene.pixels, .stride = 400};
        frames[i].release_data = &released[i];
        ref_init(&frames[i].ref);
    }
    struct picture *picture = track(self, &frames[0]);
    assert_null(track(self, &frames[1]));
    assert_int_equal(released[1], 1);
    picture_unref(picture);
    assert_int_equal(released[0], !held);
    struct scene other;
    scene_init(&other, 100, 50, 9);
    scene_noise(&other, 0, 0, 100, 50);
    frames[2].planes[0].data = (const uint8_t *)other.pixels;
    picture = track(self, &frames[2]);
    assert_int_equal(released[0], 1);
    self->tracker = picture_tracker_destroy(self->tracker);
    assert_int_equal(released[2], 0);
    picture_unref(picture);
    assert_int_equal(released[2], 1);
    scene_finish(&other);
}

static void test_frames_are_given_back(void **state)
{
    if (!(cpu_features() & (CPU_AVX2 | CPU_NEON)))
        skip();
    give_back(*state, false);
}

/* Without vectors pictures are compared: the last one that changed anything stays with the tracker. */
static void test_a_frame_to_compare_with_is_held(void **state)
{
    cpu_set_mask(0);
    give_back(*state, true);
    cpu_set_mask(UINT32_MAX);
}

/* A run of changes begins with the first after a rest. */
static void test_times_of_changes(void **state)
{
    struct fixture *self = *state;
    static const uint64_t at[] = {1000000, 1100000, 1600000, 2090000};
    static const uint64_t began[] = {1000000, 1000000, 1600000, 1600000};
    for (unsigned i = 0; i < 4; i++) {
        scene_fill(&self->scene, 20, 20, 1, 1, i + 1);
        struct frame *frame = scene_frame(&self->scene);
        frame->captured_us = at[i];
        struct picture *picture = track(self, frame);
        assert_int_equal(picture->changed_us[8], at[i]);
        assert_int_equal(picture->began_us[8], began[i]);
        assert_int_equal(picture->changed_us[0], at[0]);
        assert_int_equal(picture->began_us[0], at[0]);
        picture_unref(picture);
    }
}

static void test_too_narrow_planes_are_refused(void **state)
{
    struct fixture *self = *state;
    struct picture *picture = NULL;
    struct frame *frame = scene_frame(&self->scene);
    frame->planes[0].stride = 399;
    assert_int_equal(picture_track(self->tracker, frame, &picture), -EINVAL);
    frame = scene_frame(&self->scene);
    frame->fourcc = FOURCC_NV12; /* and no second plane */
    assert_int_equal(picture_track(self->tracker, frame, &picture), -EINVAL);
    frame = scene_frame(&self->scene);
    frame->fourcc = FOURCC_VYUX; /* nothing captures that */
    assert_int_equal(picture_track(self->tracker, frame, &picture), -EINVAL);
}

static struct frame *hinted(struct fixture *self, struct rect hint)
{
    struct frame *frame = scene_frame(&self->scene);
    frame->hints_valid = true;
    rect_set_add(&frame->hints, hint);
    return frame;
}

static void test_hints_bound_the_search(void **state)
{
    struct fixture *self = *state;
    picture_unref(track(self, scene_frame(&self->scene)));
    scene_fill(&self->scene, 0, 0, 100, 50, 0xABCDEF);
    struct picture *picture = track(self, hinted(self, (struct rect){31, 15, 2, 2}));
    assert_int_equal(picture->cells_changed, 4); /* cells 1 and 2 of rows 0 and 1; what lies outside is not looked at */
    picture_unref(picture);
    scene_fill(&self->scene, 0, 0, 100, 50, 0x123456);
    picture = track(self, hinted(self, (struct rect){-50, 40, 5000, 5000}));
    assert_int_equal(picture->cells_changed, 14);
    picture_unref(picture);
    scene_fill(&self->scene, 0, 0, 100, 50, 0xABCDEF);
    assert_null(track(self, hinted(self, (struct rect){0, 0, 0, 0})));
}

static void test_hints_do_not_count_after_a_lost_frame(void **state)
{
    struct fixture *self = *state;
    picture_unref(track(self, scene_frame(&self->scene)));
    struct frame *strange = scene_frame(&self->scene);
    strange->fourcc = FOURCC('H', '2', '6', '4');
    struct picture *picture = NULL;
    assert_int_equal(picture_track(self->tracker, strange, &picture), -EINVAL);
    scene_fill(&self->scene, 0, 0, 100, 50, 0xABCDEF);
    picture = track(self, hinted(self, (struct rect){0, 0, 1, 1}));
    assert_int_equal(picture->cells_changed, 28);
    picture_unref(picture);
}

static void test_new_size_is_all_new(void **state)
{
    struct fixture *self = *state;
    picture_unref(track(self, scene_frame(&self->scene)));
    struct scene small;
    scene_init(&small, 16, 16, 2);
    struct frame *frame = scene_frame(&small);
    frame->hints_valid = true;
    struct picture *picture = track(self, frame);
    assert_int_equal(picture->cells_changed, 1);
    assert_int_equal(picture->generation, 2);
    picture_unref(picture);
    scene_finish(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_picture_is_all_new, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_changed_cells_get_the_generation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frames_are_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_frame_to_compare_with_is_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_times_of_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_narrow_planes_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hints_bound_the_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hints_do_not_count_after_a_lost_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(test_new_size_is_all_new, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
