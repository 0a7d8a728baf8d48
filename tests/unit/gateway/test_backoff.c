/* How fast something that ends is started again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/supervisor/backoff.h"

static void doubles_up_to_the_longest(void **state)
{
    (void)state;
    struct backoff b = {.first_us = 10, .longest_us = 100, .good_us = 1000};
    static const uint64_t expected[] = {10, 20, 40, 80, 100, 100};
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(backoff_next(&b, 5000, 5001), expected[i]);
}

static void forgets_after_a_good_run(void **state)
{
    (void)state;
    struct backoff b = {.first_us = 10, .longest_us = 100, .good_us = 1000};
    backoff_next(&b, 0, 1);
    backoff_next(&b, 0, 1);
    assert_int_equal(backoff_next(&b, 0, 1000), 10);
    assert_int_equal(backoff_next(&b, 0, 999), 20);
}

static void stays_bounded_for_ever(void **state)
{
    (void)state;
    struct backoff b = {.first_us = 10, .longest_us = 100, .good_us = 1000, .failures = UINT32_MAX - 1};
    assert_int_equal(backoff_next(&b, 0, 1), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_the_longest),
        cmocka_unit_test(forgets_after_a_good_run),
        cmocka_unit_test(stays_bounded_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
