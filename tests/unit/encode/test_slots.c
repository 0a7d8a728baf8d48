/* Slots: cohorts that share a screen's table show only what all of their viewers hold, whatever the others fill, and
 * never take for exact what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"
#include "lossy_viewer.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cohorts_share_a_table),      cmocka_unit_test(test_what_returns_is_shown),
        cmocka_unit_test(test_others_slots_are_not_shown), cmocka_unit_test(test_record_holds_what_was_acked),
        cmocka_unit_test(test_table_goes_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
