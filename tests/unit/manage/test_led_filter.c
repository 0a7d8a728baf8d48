/* When a light counts as on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "manage/led_filter.h"

#define MS 1000ull

static void test_noise_is_no_light(void **state)
{
    struct led_filter f;
    (void)state;
    led_filter_init(&f, 50 * MS, 2500 * MS, false, 0);
    assert_int_equal(led_filter_due(&f), UINT64_MAX);
    assert_false(led_filter_look(&f, true, true, 10 * MS));
    assert_int_equal(led_filter_due(&f), 60 * MS);
    assert_false(led_filter_look(&f, true, true, 40 * MS)); /* went out in between */
    assert_false(led_filter_look(&f, true, false, 60 * MS));
    assert_true(led_filter_look(&f, true, false, 90 * MS));
    assert_true(f.on);
    assert_int_equal(led_filter_due(&f), UINT64_MAX);
}

static void test_a_sleeping_target_has_power(void **state)
{
    struct led_filter f;
    (void)state;
    led_filter_init(&f, 50 * MS, 2500 * MS, true, 0);
    for (uint64_t t = 1000; t < 20000; t += 1000)
        assert_false(led_filter_look(&f, (t / 1000) % 2 == 0, true, t * MS));
    assert_false(led_filter_look(&f, false, false, led_filter_due(&f) - 1));
    assert_true(led_filter_look(&f, false, false, led_filter_due(&f)));
    assert_false(f.on);
}

static void test_a_flash_between_two_looks_is_shown(void **state)
{
    struct led_filter f;
    (void)state;
    led_filter_init(&f, 0, 250 * MS, false, 0);
    assert_true(led_filter_look(&f, false, true, 10 * MS));
    assert_int_equal(led_filter_due(&f), 260 * MS);
    assert_false(led_filter_look(&f, false, true, 200 * MS)); /* another one draws it out */
    assert_false(led_filter_look(&f, false, false, 449 * MS));
    assert_true(led_filter_look(&f, false, false, 450 * MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_is_no_light),
        cmocka_unit_test(test_a_sleeping_target_has_power),
        cmocka_unit_test(test_a_flash_between_two_looks_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
