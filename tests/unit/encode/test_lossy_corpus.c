/* Recordings for a viewer that takes photographs and video: what the cohort calls exact is, at every frame, and at rest
 * all is. Text recordings have nothing lossy at all. */
#include "lossy_viewer.h"

#include "corpus.h"

#define COUNT 16

struct watch {
    struct lossy_viewer viewer;
    unsigned most; /* lossy cells */
};

static void show(void *data, struct scene *scene)
{
    struct watch *watch = data;
    lossy_viewer_show(&watch->viewer, scene_frame(scene));
    lossy_viewer_run(&watch->viewer, watch->viewer.now_us + FRAME_US);
    watch->most = MAX(watch->most, lossy_viewer_check(&watch->viewer));
}

static void run_recording(const char *name)
{
    struct watch watch = {.most = 0};
    struct scene scene;
    const size_t *bytes = watch.viewer.bytes;
    lossy_viewer_init(&watch.viewer);
    corpus_scene_init(&scene, name, 1);
    corpus_play(&scene, name, COUNT, show, &watch);
    if (strchr("abcf", name[0]))
        assert_int_equal(watch.most, 0);
    lossy_viewer_rest(&watch.viewer);
    print_message("%s: text %zu, photo %zu, video %zu, settling %zu bytes; at most %u cells lossy\n", name,
                  bytes[COHORT_TEXT], bytes[COHORT_PHOTO], bytes[COHORT_VIDEO], bytes[COHORT_SETTLE], watch.most);
    lossy_viewer_finish(&watch.viewer);
    scene_finish(&scene);
}

static void test_every_recording(void **state)
{
    (void)state;
    corpus_each(run_recording);
}

int main(void)
{
    return corpus_main(test_every_recording, "test_lossy");
}
