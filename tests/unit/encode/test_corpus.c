/* Exactness on the recordings of CORPUS (default ../shared/corpus beside the tree): viewers that take random frames
 * with random budgets hold at each step what their cohort claims, and the last frame bit for bit. A slice of each
 * recording, read through its decode.sh. Without recordings test_cohort's generated screens have to do, and this says
 * so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scene.h"
#include "viewer.h"

#define FIRST 60
#define COUNT 6
#define VIEWERS 2

static const char *corpus(void)
{
    const char *folder = getenv("CORPUS");
    return folder && *folder ? folder : TEST_DATA "/../../shared/corpus";
}

static FILE *decode(const char *name, const char *arguments)
{
    char command[4096];
    snprintf(command, sizeof command, "sh '%s/decode.sh' %s %s 2>/dev/null", corpus(), name, arguments);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    return f;
}

static bool ask_size(const char *name, int *width, int *height)
{
    FILE *f = decode(name, "info");
    int n = fscanf(f, "%d %d", width, height);
    pclose(f);
    return n == 2;
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
    struct scene scene;
    int width, height;
    assert_true(ask_size(name, &width, &height));
    scene_init(&scene, width, height, 42);
    struct viewer viewers[VIEWERS];
    struct picture_tracker *tracker;
    struct picture *newest = NULL;
    assert_int_equal(picture_tracker_create(&tracker), 0);
    for (int i = 0; i < VIEWERS; i++)
        viewer_init(&viewers[i]);
    char arguments[64];
    snprintf(arguments, sizeof arguments, "%d %d", FIRST, COUNT);
    FILE *f = decode(name, arguments);
    unsigned frames = 0;
    while (fread(scene.pixels, 4, (size_t)width * (size_t)height, f) == (size_t)width * (size_t)height) {
        struct picture *next;
        assert_int_equal(picture_track(tracker, scene_frame(&scene), &next), 0);
        frames++;
        if (!next)
            continue;
        picture_unref(newest);
        newest = next;
        viewer_update(&viewers[0], newest, 1 << 19);
        if (scene_rnd(&scene, 3) == 0)
            viewer_update(&viewers[1], newest, 1 + scene_rnd(&scene, 60000));
    }
    pclose(f);
    assert_int_equal(frames, COUNT);
    for (int i = 0; i < VIEWERS; i++)
        finish_viewer(&viewers[i], newest, i ? 150000 : 1 << 19);
    print_message("%s: %u frames of %dx%d exact, %zu and %zu bytes\n", name, frames, width, height, viewers[0].bytes,
                  viewers[1].bytes);
    for (int i = 0; i < VIEWERS; i++)
        viewer_finish(&viewers[i]);
    picture_unref(newest);
    picture_tracker_destroy(tracker);
    scene_finish(&scene);
}

static void test_every_recording(void **state)
{
    (void)state;
    char path[4096], line[512];
    snprintf(path, sizeof path, "%s/corpus.tsv", corpus());
    FILE *list = fopen(path, "r");
    if (!list) {
        print_message("%s is not there: only generated screens are tested (test_cohort)\n", path);
        skip();
    }
    while (fgets(line, sizeof line, list)) {
        char name[32];
        if (sscanf(line, "%31[a-z0-9]", name) == 1)
            run_recording(name);
    }
    fclose(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_recording)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
