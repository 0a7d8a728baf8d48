/* The recordings of CORPUS (default ../shared/corpus beside the tree) for a viewer that takes photographs and video:
 * what the cohort calls exact is, at every frame, and at rest all is. Text recordings have nothing lossy at all. */
#include <stdio.h>

#include "lossy_viewer.h"

#define FIRST 60
#define COUNT 16

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

static void run_recording(const char *name, bool text)
{
    struct lossy_viewer viewer;
    struct scene scene;
    int width, height;
    FILE *f = decode(name, "info");
    assert_int_equal(fscanf(f, "%d %d", &width, &height), 2);
    pclose(f);
    lossy_viewer_init(&viewer);
    scene_init(&scene, width, height, 1);
    char arguments[64];
    snprintf(arguments, sizeof arguments, "%d %d", FIRST, COUNT);
    f = decode(name, arguments);
    unsigned most = 0, frames = 0;
    while (fread(scene.pixels, 4, (size_t)width * (size_t)height, f) == (size_t)width * (size_t)height) {
        lossy_viewer_show(&viewer, scene_frame(&scene));
        lossy_viewer_run(&viewer, viewer.now_us + FRAME_US);
        most = MAX(most, lossy_viewer_check(&viewer));
        frames++;
    }
    pclose(f);
    assert_int_equal(frames, COUNT);
    if (text)
        assert_int_equal(most, 0);
    lossy_viewer_rest(&viewer);
    print_message("%s: text %zu, photo %zu, video %zu, settling %zu bytes; at most %u cells lossy\n", name,
                  viewer.bytes[COHORT_TEXT], viewer.bytes[COHORT_PHOTO], viewer.bytes[COHORT_VIDEO],
                  viewer.bytes[COHORT_SETTLE], most);
    lossy_viewer_finish(&viewer);
    scene_finish(&scene);
}

static void test_every_recording(void **state)
{
    (void)state;
    char path[4096], line[512];
    snprintf(path, sizeof path, "%s/corpus.tsv", corpus());
    FILE *list = fopen(path, "r");
    if (!list) {
        print_message("%s is not there: only generated screens are tested (test_lossy)\n", path);
        skip();
    }
    while (fgets(line, sizeof line, list)) {
        char name[32];
        if (sscanf(line, "%31[a-z0-9]", name) == 1)
            run_recording(name, strchr("abcf", name[0]) != NULL);
    }
    fclose(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_recording)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
