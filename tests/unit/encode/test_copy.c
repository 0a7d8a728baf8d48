/* The copy search: what has moved is copied, whichever way it went and however many went at once; what has not is not.
 */
#include "scene.h"
#include "viewer.h"

#define W 640
#define H 400

struct stage {
    struct scene scene;
    struct viewer viewer;
    struct picture_tracker *tracker;
    struct picture *picture;
};

static void look(struct stage *s)
{
    struct picture *next = NULL;
    assert_int_equal(picture_track(s->tracker, scene_frame(&s->scene), &next), 0);
    if (next) {
        picture_unref(s->picture);
        s->picture = next;
    }
}

/* One update without any limit, checked cell by cell; returns it. */
static struct cohort_update update(struct stage *s)
{
    look(s);
    s->viewer.now_us += 30000;
    return viewer_update(&s->viewer, s->picture, 1 << 19);
}

static void stage_init(struct stage *s, int width, int height, uint64_t seed)
{
    *s = (struct stage){.picture = NULL};
    scene_init(&s->scene, width, height, seed);
    viewer_init(&s->viewer);
    assert_int_equal(picture_tracker_create(&s->tracker), 0);
    scene_start(&s->scene);
    assert_true(update(s).complete);
}

static void stage_finish(struct stage *s)
{
    viewer_finish(&s->viewer);
    picture_unref(s->picture);
    picture_tracker_destroy(s->tracker);
    scene_finish(&s->scene);
}

/* Moves a rectangle's content by so many pixels; what it uncovers keeps its old pixels. */
static void move(struct scene *scene, int x, int y, int w, int h, int by_x, int by_y)
{
    size_t line = (size_t)scene->width;
    uint32_t *old = malloc(line * (size_t)scene->height * 4);
    memcpy(old, scene->pixels, line * (size_t)scene->height * 4);
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++) {
            int to_x = i + by_x, to_y = j + by_y;
            if (to_x >= x && to_x < x + w && to_y >= y && to_y < y + h)
                scene->pixels[(size_t)to_y * line + (size_t)to_x] = old[(size_t)j * line + (size_t)i];
        }
    free(old);
}

static const int moves[][2] = {{0, 16}, {0, -16}, {0, 7},   {0, -23},  {16, 0},  {-16, 0}, {5, 0},  {-37, 0},
                               {9, 13}, {-9, 13}, {9, -13}, {-9, -13}, {48, 32}, {-1, 1},  {1, -1}, {100, -3}};

/* Source and destination overlap in all of them. */
static void test_every_direction(void **state)
{
    (void)state;
    const int sizes[][2] = {{W, H}, {617, 391}};
    for (size_t size = 0; size < 2; size++)
        for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
            struct stage s;
            stage_init(&s, sizes[size][0], sizes[size][1], 10 + i);
            move(&s.scene, 0, 0, s.scene.width, s.scene.height, moves[i][0], moves[i][1]);
            struct cohort_update u = update(&s);
            assert_true(u.complete);
            if (u.cells_copied * 10 < u.cells * 7)
                fail_msg("%d,%d: %u of %u cells are copied", moves[i][0], moves[i][1], u.cells_copied, u.cells);
            stage_finish(&s);
        }
}

/* Four windows go four ways in one picture. */
static void test_several_at_once(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, W, H, 40);
    move(&s.scene, 0, 0, 320, 192, 0, 11);
    move(&s.scene, 320, 0, 320, 192, -21, 0);
    move(&s.scene, 0, 208, 320, 192, 6, -14);
    move(&s.scene, 320, 208, 320, 192, 0, -32);
    struct cohort_update u = update(&s);
    assert_true(u.complete);
    if (u.cells_copied * 2 < u.cells)
        fail_msg("%u of %u cells are copied", u.cells_copied, u.cells);
    stage_finish(&s);
}

/* A window that goes on moving over one that does not. */
static void test_moved_window(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, W, H, 50);
    uint32_t *under = malloc(W * H * 4), *window = malloc(200 * 150 * 4);
    memcpy(under, s.scene.pixels, W * H * 4);
    struct scene drawn;
    scene_init(&drawn, 200, 150, 51);
    scene_start(&drawn);
    memcpy(window, drawn.pixels, 200 * 150 * 4);
    for (int i = 0; i < 12; i++) {
        memcpy(s.scene.pixels, under, W * H * 4);
        for (int y = 0; y < 150; y++)
            memcpy(s.scene.pixels + (size_t)(20 + 13 * i + y) * W + (size_t)(30 + 17 * i), window + 200 * y, 200 * 4);
        struct cohort_update u = update(&s);
        assert_true(u.complete);
        if (i > 0 && u.cells_copied < 80)
            fail_msg("step %d: %u of %u cells are copied", i, u.cells_copied, u.cells);
    }
    free(under);
    free(window);
    scene_finish(&drawn);
    stage_finish(&s);
}

/* What has not moved is not found, however much of it there is. */
static void test_new_content_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, W, H, 60);
    for (int i = 0; i < 6; i++) {
        scene_noise(&s.scene, 0, 0, W, H);
        struct cohort_update u;
        do
            u = update(&s);
        while (!u.complete);
        assert_int_equal(u.cells_copied, 0);
    }
    stage_finish(&s);
}

/* A few cells are coded sooner than searched for. */
static void test_small_change_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, W, H, 70);
    move(&s.scene, 160, 160, 40, 40, 0, 8);
    struct cohort_update u = update(&s);
    assert_true(u.complete && u.cells > 0);
    assert_int_equal(u.cells_copied, 0);
    stage_finish(&s);
}

/* Screens smaller than what is searched for, and thinner. */
static void test_tiny_screens(void **state)
{
    (void)state;
    const int sizes[][2] = {{1, 1}, {31, 7}, {1, 400}, {640, 1}, {17, 300}, {500, 15}};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct stage s;
        stage_init(&s, sizes[i][0], sizes[i][1], 80 + i);
        for (int k = 0; k < 5; k++) {
            scene_noise(&s.scene, 0, 0, sizes[i][0], sizes[i][1]);
            update(&s);
            move(&s.scene, 0, 0, sizes[i][0], sizes[i][1], k - 2, 2 * k - 3);
            update(&s);
        }
        stage_finish(&s);
    }
}

/* In updates that are cut short a copy takes only what is still there. */
static void test_cut_short(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, W, H, 90);
    for (int i = 0; i < 60; i++) {
        const int *by = moves[i % (int)ARRAY_SIZE(moves)];
        move(&s.scene, 0, 0, W, H, by[0], by[1]);
        scene_text_line(&s.scene, 8, 16 * (i % 24), 40, 0xFFFFFF, 0x204060);
        look(&s);
        viewer_update(&s.viewer, s.picture, 20 + scene_rnd(&s.scene, 900));
    }
    while (!update(&s).complete)
        ;
    stage_finish(&s);
}

/* Each pixel of the cells becomes what stood 30 to its right. */
static void take_from_right(struct scene *scene, const uint32_t *old, int cx, int cy, int cw, int ch)
{
    for (int y = cy * CELL_SIZE; y < (cy + ch) * CELL_SIZE; y++)
        memcpy(scene->pixels + (size_t)y * W + (size_t)(cx * CELL_SIZE),
               old + (size_t)y * W + (size_t)(cx * CELL_SIZE + 30), (size_t)cw * CELL_SIZE * 4);
}

/* Two cells of a row are right already and would be right when copied along with those to their left, had not an
 * earlier copy overwritten what they would take. */
static void test_gap_behind_a_copy(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, W, H, 91);
    uint32_t *old = malloc(W * H * 4);
    scene_noise(&s.scene, 0, 0, W, H);
    scene_fill(&s.scene, 464, 240, 62, 16, 0x808080);
    memcpy(old, s.scene.pixels, W * H * 4);
    while (!update(&s).complete)
        ;
    take_from_right(&s.scene, old, 31, 6, 4, 10);
    take_from_right(&s.scene, old, 2, 15, 27, 1);
    take_from_right(&s.scene, old, 2, 16, 29, 1);
    struct cohort_update u = update(&s);
    assert_true(u.complete);
    assert_true(u.cells_copied >= 60);
    free(old);
    stage_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_direction),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_moved_window),
        cmocka_unit_test(test_new_content_is_refused),
        cmocka_unit_test(test_small_change_is_refused),
        cmocka_unit_test(test_tiny_screens),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_gap_behind_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
