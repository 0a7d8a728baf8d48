/* Exactness on recordings: viewers that take random frames with random budgets hold at each step what their cohort
 * claims, and the last frame bit for bit. A slice of each recording. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "corpus.h"
#include "viewer.h"

#define COUNT 6
#define VIEWERS 2

struct watch {
    struct viewer viewers[VIEWERS];
    struct picture_tracker *tracker;
    struct picture *newest;
};

static void show(void *data, struct scene *scene)
{
    struct watch *watch = data;
    struct picture *next;
    assert_int_equal(picture_track(watch->tracker, scene_frame(scene), &next), 0);
    if (!next)
        return;
    picture_unref(watch->newest);
    watch->newest = next;
    viewer_update(&watch->viewers[0], next, 1 << 19);
    if (scene_rnd(scene, 3) == 0)
        viewer_update(&watch->viewers[1], next, 1 + scene_rnd(scene, 60000));
}

static void finish_viewer(struct viewer *viewer, const struct picture *picture, size_t budget)
{
    for (int i = 0; i < 10000; i++)
        if (viewer_update(viewer, picture, budget).complete)
            return;
    fail_msg("a picture at rest never became exact");
}

static void run_recording(const char *name)
{
    struct watch watch = {.newest = NULL};
    struct scene scene;
    corpus_scene_init(&scene, name, 42);
    assert_int_equal(picture_tracker_create(&watch.tracker), 0);
    for (int i = 0; i < VIEWERS; i++)
        viewer_init(&watch.viewers[i]);
    corpus_play(&scene, name, COUNT, show, &watch);
    for (int i = 0; i < VIEWERS; i++)
        finish_viewer(&watch.viewers[i], watch.newest, i ? 150000 : 1 << 19);
    print_message("%s: %d frames of %dx%d exact, %zu and %zu bytes\n", name, COUNT, scene.width, scene.height,
                  watch.viewers[0].bytes, watch.viewers[1].bytes);
    for (int i = 0; i < VIEWERS; i++)
        viewer_finish(&watch.viewers[i]);
    picture_unref(watch.newest);
    picture_tracker_destroy(watch.tracker);
    scene_finish(&scene);
}

static void test_every_recording(void **state)
{
    (void)state;
    corpus_each(run_recording);
}

int main(void)
{
    return corpus_main(test_every_recording, "test_cohort");
}
