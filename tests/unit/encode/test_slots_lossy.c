/* Slots that were filled lossily: what was sent so returns so and settles, never in the place of what is exact; a video
 * does not fill the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"
#include "lossy_viewer.h"

#define PHOTO_CELLS (20 * 16)

static void photo(struct house *h)
{
    h->scene.seed = 99;
    lossy_photo(&h->scene, 160, 64, 320, 256, 0);
    look(h);
}

/* Steps without time for anything to settle. */
static void hurry(struct house *h, int cohort)
{
    for (int i = 0; i < 4; i++)
        step(h, cohort, 1 << 19);
}

static void cover(struct house *h, int cohort)
{
    h->now_us += 40000;
    repaint(h, 0x123456);
    hurry(h, cohort);
}

static unsigned lossy_cells(const struct house *h, int cohort)
{
    unsigned n = 0;
    for (int cy = 0; cy < h->picture->cells_y; cy++)
        for (int cx = 0; cx < h->picture->cells_x; cx++)
            n += !cohort_cell_is_exact(h->cohorts[cohort], cx, cy);
    return n;
}

static void photo_house(struct house *h)
{
    house_init(h, 640, 400, 9);
    h->jpeg = true;
    repaint(h, 0x123456);
    for (int c = 0; c < COHORTS; c++)
        finish(h, c);
    h->now_us += 40000;
    photo(h);
    h->shown = h->lossy = 0;
}

/* What was sent lossily returns lossy and settles; after that it returns exact. */
static void test_photographs_return(void **state)
{
    (void)state;
    struct house h;
    photo_house(&h);
    hurry(&h, 0);
    assert_int_equal(h.lossy, PHOTO_CELLS);
    cover(&h, 0);
    h.now_us += 40000;
    photo(&h);
    h.shown = h.lossy = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, PHOTO_CELLS);
    assert_int_equal(h.lossy, 0);
    assert_int_equal(lossy_cells(&h, 0), PHOTO_CELLS);
    finish(&h, 0);
    cover(&h, 0);
    h.now_us += 40000;
    photo(&h);
    h.shown = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, PHOTO_CELLS);
    assert_int_equal(lossy_cells(&h, 0), 0);
    house_finish(&h);
}

/* One cohort codes exactly what another one then sends lossily: it stays exact in its slots. */
static void test_exact_wins(void **state)
{
    (void)state;
    struct house h;
    photo_house(&h);
    h.jpeg = false;
    finish(&h, 0);
    h.jpeg = true;
    hurry(&h, 1);
    assert_int_equal(h.lossy, PHOTO_CELLS);
    cover(&h, 0);
    cover(&h, 1);
    photo(&h);
    h.shown = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, PHOTO_CELLS);
    assert_int_equal(lossy_cells(&h, 0), 0);
    hurry(&h, 1);
    assert_int_equal(h.shown, PHOTO_CELLS);
    house_finish(&h);
}

/* When another cohort has made it exact, the lossy version that only we have is not shown any more. */
static void test_old_version_is_not_shown(void **state)
{
    (void)state;
    struct house h;
    photo_house(&h);
    hurry(&h, 0);
    hurry(&h, 1);
    cover(&h, 0);
    photo(&h);
    h.now_us += COHORT_REST_US;
    h.jpeg = false;
    finish(&h, 1);
    h.jpeg = true;
    h.shown = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, 0);
    finish(&h, 0);
    house_finish(&h);
}

/* Viewers that join, and one that comes back, show what they have, lossy as it is. */
static void test_photographs_of_joined_and_returned(void **state)
{
    (void)state;
    struct house h;
    photo_house(&h);
    hurry(&h, 0);
    hurry(&h, 1);
    join(&h, 1, 0);
    cover(&h, 0);
    photo(&h);
    h.shown = h.lossy = 0;
    hurry(&h, 0);
    assert_int_equal(h.shown, PHOTO_CELLS);
    come_back(&h, 0, 1, UINT32_MAX / 2);
    h.shown = 0;
    hurry(&h, 1);
    assert_true(h.shown >= PHOTO_CELLS);
    assert_int_equal(lossy_cells(&h, 1), PHOTO_CELLS);
    finish(&h, 1);
    finish(&h, 0);
    house_finish(&h);
}

static unsigned fill_lossy(struct slot_table *slots, uint64_t from, unsigned n, bool show)
{
    unsigned kept = 0;
    for (uint64_t i = from; i < from + n; i++) {
        uint64_t hash = i * 0x9E3779B97F4A7C15u;
        if (!slot_table_keeps_lossy(slots, hash))
            continue;
        kept++;
        unsigned slot = slot_table_fill(slots, hash, true);
        if (show)
            slot_table_note_show(slots, slot);
    }
    return kept;
}

/* A video fills no more than a few slots; when its like returns after all, it is kept again. */
static void test_what_never_returns_is_kept_out(void **state)
{
    (void)state;
    struct slot_table *slots;
    assert_int_equal(slot_table_create(&slots), 0);
    fill_lossy(slots, 1, 20000, false);
    assert_true(fill_lossy(slots, 20001, 20000, false) < 1000);
    fill_lossy(slots, 40001, 10000, true);
    assert_int_equal(fill_lossy(slots, 50001, 1000, true), 1000);
    slot_table_unref(slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_photographs_return),
        cmocka_unit_test(test_exact_wins),
        cmocka_unit_test(test_old_version_is_not_shown),
        cmocka_unit_test(test_photographs_of_joined_and_returned),
        cmocka_unit_test(test_what_never_returns_is_kept_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
