/* Who may type, and the words of power. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "manage/power.h"
#include "manage/seat.h"

static void test_one_holder_at_a_time(void **state)
{
    struct seat s = {0};
    (void)state;
    assert_true(seat_take(&s, 1, "ann", true));
    assert_true(seat_holds(&s, 1));
    assert_false(seat_take(&s, 1, "ann", true)); /* no change */
    assert_true(seat_take(&s, 2, "bob", true));
    assert_false(seat_holds(&s, 1));
    assert_string_equal(s.name, "bob");
    assert_false(seat_release(&s, 1));
    assert_true(seat_release(&s, 2));
    assert_int_equal(s.holder, 0);
    assert_string_equal(s.name, "");
}

static void test_without_the_right_nobody_sits(void **state)
{
    struct seat s = {0};
    (void)state;
    assert_false(seat_take(&s, 1, "ann", false));
    assert_false(seat_holds(&s, 1));
    assert_false(seat_holds(&s, 0)); /* a free seat is held by nobody */
    assert_false(seat_take(&s, 0, "nobody", true));
}

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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_holder_at_a_time),
        cmocka_unit_test(test_without_the_right_nobody_sits),
        cmocka_unit_test(test_words_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
