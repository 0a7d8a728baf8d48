/* The keyboard's set and its boot report; the pointer's reports. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "usbgadget/keyboard.h"
#include "usbgadget/pointer.h"

static void expect_report(const struct keyboard *k, const uint8_t expected[KEYBOARD_REPORT_SIZE])
{
    uint8_t report[KEYBOARD_REPORT_SIZE];
    keyboard_report(k, report);
    assert_memory_equal(report, expected, sizeof report);
}

static void test_report_follows_keys(void **state)
{
    struct keyboard k = {0};
    (void)state;
    assert_int_equal(keyboard_key(&k, 0xE0, true), 1);
    assert_int_equal(keyboard_key(&k, 0x04, true), 1);
    assert_int_equal(keyboard_key(&k, 0x05, true), 1);
    assert_int_equal(keyboard_key(&k, 0x05, true), 0);
    expect_report(&k, (uint8_t[]){0x01, 0, 0x04, 0x05, 0, 0, 0, 0});
    assert_int_equal(keyboard_key(&k, 0x04, false), 1);
    assert_int_equal(keyboard_key(&k, 0x04, false), 0);
    expect_report(&k, (uint8_t[]){0x01, 0, 0x05, 0, 0, 0, 0, 0});
    keyboard_clear(&k);
    expect_report(&k, (uint8_t[8]){0});
}

static void test_usages_outside_the_page_are_refused(void **state)
{
    struct keyboard k = {0};
    const uint16_t bad[] = {0, 1, 3, 0xDE, 0xDF, 0xE8, 0xFF, 0x100, 0xFFFF};
    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(keyboard_key(&k, bad[i], true), -EINVAL);
    expect_report(&k, (uint8_t[8]){0});
}

static void test_seven_keys_roll_over_and_recover(void **state)
{
    struct keyboard k = {0};
    (void)state;
    for (uint16_t u = 0x04; u < 0x04 + 7; u++)
        keyboard_key(&k, u, true);
    expect_report(&k, (uint8_t[]){0, 0, 1, 1, 1, 1, 1, 1});
    keyboard_key(&k, 0x04, false);
    expect_report(&k, (uint8_t[]){0, 0, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A});
}

static void test_walk_over_all_that_is_down(void **state)
{
    struct keyboard k = {0};
    unsigned seen = 0;
    (void)state;
    keyboard_key(&k, 0x04, true);
    keyboard_key(&k, 0x65, true);
    keyboard_key(&k, 0xE7, true);
    for (uint16_t u = 0; (u = keyboard_next_down(&k, u));)
        seen++;
    assert_int_equal(seen, 3);
}

static void test_long_motion_takes_several_reports(void **state)
{
    struct pointer_motion m = {0};
    uint8_t r[POINTER_RELATIVE_SIZE];
    int x = 0, y = 0, reports = 0;
    bool more;
    (void)state;
    pointer_motion_add(&m, 300, -129, 1, 0);
    do {
        more = pointer_relative_report(&m, 1, r);
        x += (int8_t)r[1];
        y += (int8_t)r[2];
        reports++;
    } while (more);
    assert_int_equal(x, 300);
    assert_int_equal(y, -129);
    assert_int_equal(reports, 3);
}

static void test_motion_never_overflows(void **state)
{
    struct pointer_motion m = {0};
    (void)state;
    for (int i = 0; i < 1000000; i++)
        pointer_motion_add(&m, INT16_MAX, INT16_MIN, 127, -128);
    assert_true(m.dx > 0 && m.dy < 0);
}

static void test_absolute_is_cut_to_its_range(void **state)
{
    uint8_t r[POINTER_ABSOLUTE_SIZE];
    (void)state;
    pointer_absolute_report(0xFF, 0xFFFF, 0x1234, -1, 2, r);
    assert_memory_equal(r, ((uint8_t[]){0x1F, 0xFF, 0x7F, 0x34, 0x12, 0xFF, 2}), sizeof r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_follows_keys),
        cmocka_unit_test(test_usages_outside_the_page_are_refused),
        cmocka_unit_test(test_seven_keys_roll_over_and_recover),
        cmocka_unit_test(test_walk_over_all_that_is_down),
        cmocka_unit_test(test_long_motion_takes_several_reports),
        cmocka_unit_test(test_motion_never_overflows),
        cmocka_unit_test(test_absolute_is_cut_to_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
