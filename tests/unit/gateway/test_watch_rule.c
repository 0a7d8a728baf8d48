/* When a process counts as stuck, and when nobody may say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gateway/supervisor/watch_rule.h"

#define PATIENCE 3000000
#define S 1000000ull

/* Looks in time until `until`; when it was found stuck, or 0. */
static uint64_t look_until(struct watch_rule *rule, uint64_t from, uint64_t until)
{
    for (uint64_t t = from; t <= until; t += WATCH_LOOK_US)
        if (watch_look(rule, t))
            return t;
    return 0;
}

static void a_silent_one_is_found_in_time(void **state)
{
    struct watch_rule rule;
    (void)state;
    watch_begin(&rule, PATIENCE, 100 * S);
    watch_heard(&rule, 100 * S);
    uint64_t found = look_until(&rule, 100 * S, 120 * S);
    assert_in_range(found, 103 * S, 103 * S + WATCH_LOOK_US);
}

static void one_that_speaks_is_left_alone(void **state)
{
    struct watch_rule rule;
    (void)state;
    watch_begin(&rule, PATIENCE, 0);
    for (uint64_t t = 0; t < 100 * S; t += 2 * S) {
        watch_heard(&rule, t);
        assert_int_equal(look_until(&rule, t, t + 2 * S - WATCH_LOOK_US), 0);
    }
}

static void one_that_only_begins_has_time(void **state)
{
    struct watch_rule rule;
    (void)state;
    watch_begin(&rule, PATIENCE, 0);
    assert_int_equal(look_until(&rule, 0, 600 * S), 0);
}

/* The supervisor was not there: stopped, the machine asleep, or so crowded that nobody had a turn. */
static void who_was_away_blames_nobody(void **state)
{
    struct watch_rule rule;
    (void)state;
    watch_begin(&rule, PATIENCE, 0);
    watch_heard(&rule, S);
    assert_int_equal(look_until(&rule, 0, 2 * S), 0);
    assert_false(watch_look(&rule, 3600 * S));
    uint64_t found = look_until(&rule, 3600 * S, 3610 * S);
    assert_in_range(found, 3603 * S, 3603 * S + WATCH_LOOK_US);
}

static void who_is_always_late_blames_nobody(void **state)
{
    struct watch_rule rule;
    (void)state;
    watch_begin(&rule, PATIENCE, 0);
    watch_heard(&rule, 0);
    for (uint64_t t = 0; t < 100 * S; t += WATCH_LATE_US)
        assert_false(watch_look(&rule, t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_one_is_found_in_time),    cmocka_unit_test(one_that_speaks_is_left_alone),
        cmocka_unit_test(one_that_only_begins_has_time),    cmocka_unit_test(who_was_away_blames_nobody),
        cmocka_unit_test(who_is_always_late_blames_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
