/* Rectangles: clipping of any input, and sets that always cover what was added. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "video/rect.h"

static void assert_rect(struct rect r, int x, int y, int w, int h)
{
    assert_int_equal(r.x, x);
    assert_int_equal(r.y, y);
    assert_int_equal(r.w, w);
    assert_int_equal(r.h, h);
}

static void test_clip(void **state)
{
    (void)state;
    assert_rect(rect_clip((struct rect){1, 2, 3, 4}, 10, 10), 1, 2, 3, 4);
    assert_rect(rect_clip((struct rect){-5, -5, 8, 30}, 10, 10), 0, 0, 3, 10);
    assert_rect(rect_clip((struct rect){10, 0, 1, 1}, 10, 10), 0, 0, 0, 1);
    assert_int_equal(rect_clip((struct rect){3, 3, -2, 5}, 10, 10).w, 0);
    assert_rect(rect_clip((struct rect){INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX}, 10, 10), 0, 0, 0, 0);
    assert_rect(rect_clip((struct rect){5, 5, INT32_MAX, INT32_MAX}, 10, 10), 5, 5, 5, 5);
}

static void test_union(void **state)
{
    (void)state;
    assert_rect(rect_union((struct rect){0, 0, 2, 2}, (struct rect){5, 1, 1, 4}), 0, 0, 6, 5);
    assert_rect(rect_union((struct rect){0, 0, 0, 2}, (struct rect){5, 1, 1, 4}), 5, 1, 1, 4);
    struct rect wide = rect_union((struct rect){INT32_MIN, 0, 1, 1}, (struct rect){INT32_MAX - 1, 0, 1, 1});
    assert_int_equal(wide.w, INT32_MAX);
}

static bool set_covers(const struct rect_set *set, int x, int y)
{
    for (unsigned i = 0; i < set->count; i++) {
        struct rect r = set->rects[i];
        if (x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h)
            return true;
    }
    return false;
}

static void test_set_covers_all(void **state)
{
    (void)state;
    static uint8_t wanted[200][200];
    struct rect_set set = {.count = 0};
    uint32_t seed = 7;
    for (int i = 0; i < 300; i++) {
        seed = seed * 1664525 + 1013904223;
        struct rect r = {(seed >> 8) % 190, (seed >> 16) % 190, 1 + (seed >> 24) % 9, 1 + (seed >> 28) % 9};
        rect_set_add(&set, r);
        assert_in_range(set.count, 1, RECT_SET_MAX);
        for (int y = r.y; y < r.y + r.h; y++)
            memset(&wanted[y][r.x], 1, (size_t)r.w);
    }
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 200; x++)
            assert_true(!wanted[y][x] || set_covers(&set, x, y));
    rect_set_add(&set, (struct rect){500, 500, 0, 7});
    assert_false(set_covers(&set, 500, 500));
}

static void test_set_merges_without_waste(void **state)
{
    (void)state;
    struct rect_set set = {.count = 0};
    rect_set_add(&set, (struct rect){0, 0, 16, 16});
    rect_set_add(&set, (struct rect){16, 0, 16, 16});
    rect_set_add(&set, (struct rect){4, 4, 2, 2});
    assert_int_equal(set.count, 1);
    assert_rect(set.rects[0], 0, 0, 32, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clip),
        cmocka_unit_test(test_union),
        cmocka_unit_test(test_set_covers_all),
        cmocka_unit_test(test_set_merges_without_waste),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
