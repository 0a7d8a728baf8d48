/* What is sent inexactly first, and what never is. */
#include "lossy_viewer.h"

#define WIDTH 640
#define HEIGHT 400

static void set_up(struct lossy_viewer *viewer, struct scene *scene)
{
    lossy_viewer_init(viewer);
    scene_init(scene, WIDTH, HEIGHT, 7);
    scene_start(scene);
    lossy_viewer_show(viewer, scene_frame(scene));
    lossy_viewer_rest(viewer);
    memset(viewer->updates, 0, sizeof viewer->updates);
}

static void finish(struct lossy_viewer *viewer, struct scene *scene)
{
    lossy_viewer_finish(viewer);
    scene_finish(scene);
}

static void show(struct lossy_viewer *viewer, struct scene *scene)
{
    lossy_viewer_show(viewer, scene_frame(scene));
    lossy_viewer_run(viewer, viewer->now_us + FRAME_US);
}

static void test_photograph_is_near_at_once_and_exact_at_rest(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    lossy_photo(&scene, 200, 100, 320, 240, 0);
    show(&viewer, &scene);
    assert_int_equal(viewer.updates[COHORT_PHOTO], 1);
    assert_in_range(lossy_viewer_check(&viewer), 200, 400);
    assert_true(lossy_viewer_error(&viewer, 200, 100, 320, 240) < 30);
    lossy_viewer_rest(&viewer);
    assert_true(viewer.updates[COHORT_SETTLE] > 0);
    finish(&viewer, &scene);
}

static void test_nothing_is_lossy_for_viewers_without_jpeg(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    viewer.ask.jpeg = viewer.ask.video_vp8 = false;
    lossy_photo(&scene, 200, 100, 320, 240, 0);
    show(&viewer, &scene);
    assert_int_equal(lossy_viewer_check(&viewer), 0);
    assert_true(viewer.last.complete);
    finish(&viewer, &scene);
}

static void dither(struct scene *scene, int x0, int y0, int w, int h)
{
    for (int y = y0; y < y0 + h; y++)
        for (int x = x0; x < x0 + w; x++) {
            uint32_t level = (uint32_t)(((x + 2 * y) * 16 + (int)scene_rnd(scene, 16)) / 96);
            scene_put(scene, x, y, (200 - level) << 16 | (100 + level) << 8 | (90 + level / 2));
        }
}

static void icons(struct scene *scene)
{
    for (int i = 0; i < 5; i++) {
        scene_fill(scene, 20 + 120 * i, 300, 48, 48, 0xF0F0F0);
        lossy_photo(scene, 24 + 120 * i, 304, 40, 40, i);
    }
}

static void test_drawn_things_are_exact_at_once(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    scene_fill(&scene, 0, 0, WIDTH, HEIGHT, 0xE8E8F0);
    scene_gradient(&scene, 10, 10, 300, 120);
    dither(&scene, 330, 10, 300, 120);
    scene_text_line(&scene, 20, 40, 30, 0x000000, 0xFFFFFF);
    for (int i = 0; i < 60; i++) /* on the gradients, without paper */
        scene_glyph(&scene, 20 + 10 * i, 90, 3 + (unsigned)i, 0x102030, 0xC8C8C8, 1);
    icons(&scene);
    for (int y = 160; y < 280; y += 16)
        scene_text_line(&scene, 16, y, 70, 0x303030, 0xE8E8F0);
    show(&viewer, &scene);
    assert_int_equal(lossy_viewer_check(&viewer), 0);
    assert_int_equal(viewer.updates[COHORT_PHOTO], 0);
    assert_true(viewer.last.complete);
    finish(&viewer, &scene);
}

/* Glyphs without paper, whose strokes are two pixels wide, on what is there. */
static void write_over(struct scene *scene, int x, int y, const char *text)
{
    for (; *text; text++, x += 16)
        for (int j = 0; j < 14; j++)
            for (int i = 0; i < 12; i++)
                if (((*text * 37 + (j / 4) * 11) >> (i / 3) & 1) || i < 2)
                    scene_put(scene, x + i, y + j, 0xFFFFFF);
}

static void test_text_over_a_photograph_is_exact_at_once(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    lossy_photo(&scene, 0, 0, WIDTH, HEIGHT, 3);
    for (int y = 49; y < 300; y += 64)
        write_over(&scene, 97, y, "Settings Network");
    show(&viewer, &scene);
    assert_true(lossy_viewer_check(&viewer) > 500);
    for (int y = 49; y < 300; y += 64)
        assert_true(lossy_viewer_error(&viewer, 97, y, 16 * 16 - 4, 14) == 0);
    lossy_viewer_rest(&viewer);
    finish(&viewer, &scene);
}

/* The same photograph, shown again and again with something typed beside it, is sent lossily once. */
static void test_classes_do_not_flap(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    set_up(&viewer, &scene);
    lossy_photo(&scene, 200, 96, 320, 240, 0);
    show(&viewer, &scene);
    lossy_viewer_rest(&viewer);
    for (int i = 0; i < 40; i++) {
        scene_glyph(&scene, 8 + 8 * i, 40, 5 + (unsigned)i, 0xFFFFFF, 0x204060, 1);
        show(&viewer, &scene);
        assert_int_equal(lossy_viewer_check(&viewer), 0);
    }
    assert_int_equal(viewer.updates[COHORT_PHOTO], 1);
    finish(&viewer, &scene);
}

static void test_slow_link_gets_a_coarse_first_look(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    lossy_viewer_init(&viewer);
    viewer.ask.rate = 16000;
    viewer.ask.budget = 1024;
    scene_init(&scene, WIDTH, HEIGHT, 7);
    scene_start(&scene);
    lossy_photo(&scene, 200, 100, 420, 290, 0);
    lossy_viewer_show(&viewer, scene_frame(&scene));
    while (viewer.last.kind == COHORT_TEXT && viewer.updates[COHORT_PHOTO] == 0)
        assert_true(lossy_viewer_update(&viewer));
    while (lossy_viewer_update(&viewer) && viewer.last.kind == COHORT_PHOTO)
        ;
    assert_true(viewer.bytes[COHORT_PHOTO] > 8000);
    assert_true(viewer.bytes[COHORT_PHOTO] < 2 * 16000 + 4000);
    assert_true(lossy_viewer_error(&viewer, 0, 0, WIDTH, HEIGHT) < 1500);
    lossy_viewer_rest(&viewer);
    finish(&viewer, &scene);
}

static void release_planes(struct frame *frame)
{
    free(frame->release_data);
    free(frame);
}

/* What a capture card gives of it. */
static struct frame *as_yuyv(const struct scene *scene)
{
    uint8_t *bytes = malloc((size_t)scene->width * (size_t)scene->height * 2), *p = bytes;
    struct frame *frame = calloc(1, sizeof *frame);
    assert_true(bytes && frame);
    for (int i = 0; i < scene->width * scene->height; i += 2, p += 4) {
        uint32_t a = scene->pixels[i], b = scene->pixels[i + 1];
        p[0] = (uint8_t)((a >> 8 & 255) * 3 / 4 + 20);
        p[2] = (uint8_t)((b >> 8 & 255) * 3 / 4 + 20);
        p[1] = (uint8_t)(a / 2 % 128 + 60);
        p[3] = (uint8_t)((a >> 17) % 128 + 60);
    }
    *frame = (struct frame){.width = scene->width,
                            .height = scene->height,
                            .fourcc = FOURCC_YUYV,
                            .colour = 1,
                            .release = release_planes,
                            .release_data = bytes};
    frame->planes[0] = (struct frame_plane){bytes, (size_t)scene->width * 2};
    ref_init(&frame->ref);
    return frame;
}

static void test_yuv_source(void **state)
{
    (void)state;
    struct lossy_viewer viewer;
    struct scene scene;
    lossy_viewer_init(&viewer);
    scene_init(&scene, WIDTH, HEIGHT, 7);
    scene_start(&scene);
    for (int i = 0; i < 30; i++) {
        lossy_photo(&scene, 200, 100, 320, 240, i);
        lossy_viewer_show(&viewer, as_yuyv(&scene));
        lossy_viewer_run(&viewer, viewer.now_us + FRAME_US);
        assert_true(lossy_viewer_error(&viewer, 200, 100, 320, 240) < 100);
    }
    assert_true(viewer.updates[COHORT_PHOTO] > 3);
    assert_true(viewer.updates[COHORT_VIDEO] > 10);
    lossy_viewer_rest(&viewer);
    finish(&viewer, &scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_photograph_is_near_at_once_and_exact_at_rest),
        cmocka_unit_test(test_nothing_is_lossy_for_viewers_without_jpeg),
        cmocka_unit_test(test_drawn_things_are_exact_at_once),
        cmocka_unit_test(test_text_over_a_photograph_is_exact_at_once),
        cmocka_unit_test(test_classes_do_not_flap),
        cmocka_unit_test(test_slow_link_gets_a_coarse_first_look),
        cmocka_unit_test(test_yuv_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
