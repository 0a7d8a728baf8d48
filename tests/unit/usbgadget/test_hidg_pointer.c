/* The queue of pointer changes: motion adds up, buttons never do, and a press stays where it was made. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "usbgadget/hidg_pointer.h"

static int move_to(struct hidg_pointer *p, uint8_t buttons, uint16_t x, uint16_t y, int wheel)
{
    return hidg_pointer_push(p, &(struct hidg_pointer_state){buttons, x, y, {0, 0, wheel, 0}});
}

static int move_by(struct hidg_pointer *p, uint8_t buttons, int dx, int dy)
{
    return hidg_pointer_push(p, &(struct hidg_pointer_state){.buttons = buttons, .motion = {dx, dy, 0, 0}});
}

static void assert_at(struct hidg_pointer *p, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel)
{
    uint8_t wanted[POINTER_ABSOLUTE_SIZE], report[POINTER_ABSOLUTE_SIZE];
    pointer_absolute_report(buttons, x, y, wheel, 0, wanted);
    assert_true(hidg_pointer_next(p, report));
    assert_memory_equal(report, wanted, sizeof report);
    hidg_pointer_sent(p);
}

static void assert_by(struct hidg_pointer *p, uint8_t buttons, int8_t dx, int8_t dy)
{
    const uint8_t wanted[POINTER_RELATIVE_SIZE] = {buttons, (uint8_t)dx, (uint8_t)dy};
    uint8_t report[POINTER_RELATIVE_SIZE];
    assert_true(hidg_pointer_next(p, report));
    assert_memory_equal(report, wanted, sizeof report);
    hidg_pointer_sent(p);
}

static void assert_nothing(const struct hidg_pointer *p)
{
    uint8_t report[POINTER_ABSOLUTE_SIZE];
    assert_false(hidg_pointer_next(p, report));
}

static void test_motion_adds_up_between_button_changes(void **state)
{
    (void)state;
    struct hidg_pointer p;
    hidg_pointer_init(&p, true);
    move_to(&p, 0, 1, 1, 1);
    move_to(&p, 0, 10, 10, 1);
    move_to(&p, 1, 10, 10, 0); /* the press stays here */
    move_to(&p, 1, 20, 20, 0);
    move_to(&p, 1, 50, 50, -3);
    move_to(&p, 0, 50, 50, 0);
    assert_at(&p, 0, 10, 10, 2);
    assert_at(&p, 1, 10, 10, 0);
    assert_at(&p, 1, 50, 50, -3);
    assert_at(&p, 0, 50, 50, 0);
    assert_nothing(&p);
}

static void test_far_motion_takes_several_reports(void **state)
{
    (void)state;
    struct hidg_pointer p;
    hidg_pointer_init(&p, false);
    move_by(&p, 0, 300, -10);
    move_by(&p, 4, 0, 0);
    assert_by(&p, 0, 127, -10);
    move_by(&p, 4, 5, 0);
    assert_by(&p, 0, 127, 0);
    assert_by(&p, 0, 46, 0);
    assert_by(&p, 4, 0, 0);
    assert_by(&p, 4, 5, 0);
    assert_nothing(&p);

    hidg_pointer_init(&p, true);
    for (int i = 0; i < 3; i++)
        move_to(&p, 0, 7, 7, 100);
    assert_at(&p, 0, 7, 7, 127);
    assert_at(&p, 0, 7, 7, 127);
    assert_at(&p, 0, 7, 7, 46);
    assert_nothing(&p);
}

static void test_full_refuses_presses_and_takes_releases_and_motion(void **state)
{
    (void)state;
    struct hidg_pointer p;
    unsigned clicks = 0;
    int dx = 0, r;
    hidg_pointer_init(&p, false);
    while ((r = move_by(&p, 1, 1, 0)) == 0) {
        clicks++;
        dx++;
        assert_int_equal(move_by(&p, 0, 1, 0), 0);
        dx++;
        assert_int_equal(move_by(&p, 0, 1, 0), 0);
        dx++;
    }
    assert_int_equal(r, -EAGAIN);
    for (unsigned i = 0; i < 1000; i++, dx++)
        assert_int_equal(move_by(&p, 0, 1, 0), 0);
    assert_true(p.n < HIDG_POINTER_MAX);

    uint8_t report[POINTER_RELATIVE_SIZE], before = 0;
    unsigned seen = 0;
    int moved = 0;
    while (hidg_pointer_next(&p, report)) {
        seen += report[0] && !before;
        before = report[0];
        moved += (int8_t)report[1];
        hidg_pointer_sent(&p);
    }
    assert_int_equal(seen, clicks);
    assert_int_equal(moved, dx);
    assert_int_equal(before, 0);
}

static void test_release_all(void **state)
{
    (void)state;
    struct hidg_pointer p;
    hidg_pointer_init(&p, true);
    move_to(&p, 1, 5, 5, 0);
    move_to(&p, 3, 5, 5, 0);
    assert_at(&p, 1, 5, 5, 0);
    assert_at(&p, 3, 5, 5, 0);
    move_to(&p, 3, 6, 6, 1);
    move_to(&p, 2, 6, 6, 0);
    move_to(&p, 6, 9, 9, 0);
    hidg_pointer_release_all(&p);
    hidg_pointer_release_all(&p);
    assert_at(&p, 2, 6, 6, 0);
    assert_at(&p, 0, 9, 9, 0);
    assert_nothing(&p);
}

static void test_restart_says_buttons_again_but_no_motion(void **state)
{
    (void)state;
    struct hidg_pointer p;
    hidg_pointer_init(&p, false);
    move_by(&p, 1, 3, 3);
    assert_by(&p, 1, 3, 3);
    move_by(&p, 1, 4, 0);
    hidg_pointer_restart(&p);
    assert_by(&p, 0, 0, 0);
    assert_by(&p, 1, 0, 0);
    assert_by(&p, 1, 4, 0);
    move_by(&p, 0, 0, 0);
    hidg_pointer_restart(&p);
    hidg_pointer_collapse(&p);
    assert_by(&p, 0, 0, 0);
    assert_nothing(&p);

    hidg_pointer_init(&p, true);
    hidg_pointer_restart(&p);
    assert_at(&p, 0, 16384, 16384, 0);
    assert_nothing(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_motion_adds_up_between_button_changes),
        cmocka_unit_test(test_far_motion_takes_several_reports),
        cmocka_unit_test(test_full_refuses_presses_and_takes_releases_and_motion),
        cmocka_unit_test(test_release_all),
        cmocka_unit_test(test_restart_says_buttons_again_but_no_motion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
