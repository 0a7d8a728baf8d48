/* The words of power, as API and command line take them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "manage/power.h"

static void test_words_round_trip(void **state)
{
    (void)state;
    for (int i = POWER_ACT_ON; i <= POWER_ACT_NMI; i++) {
        enum power_action a;
        assert_true(power_action_parse(power_action_name((enum power_action)i), &a));
        assert_int_equal(a, i);
    }
    for (int i = POWER_BOOT_DEFAULT; i <= POWER_BOOT_SETUP; i++) {
        enum power_boot b;
        assert_true(power_boot_parse(power_boot_name((enum power_boot)i), &b));
        assert_int_equal(b, i);
    }
    enum power_action a;
    assert_false(power_action_parse("off", &a));
    assert_false(power_action_parse("", &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words_round_trip)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
