/* Silence of a page that holds keys, judged by a loop that may itself come late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/console/silence.h"

#define LIMIT_US 1500000
#define NOW_US 77000000ull

static void a_loop_in_time_ends_it_at_the_limit(void **state)
{
    struct silence silence;
    (void)state;
    silence_heard(&silence, NOW_US, LIMIT_US);
    assert_int_equal(silence.due_us, NOW_US + LIMIT_US);
    assert_true(silence_over(&silence, silence.due_us));
    silence_heard(&silence, NOW_US, LIMIT_US);
    assert_true(silence_over(&silence, silence.due_us + SILENCE_LATE_US - 1));
}

static void a_late_loop_listens_once_more_and_only_once(void **state)
{
    struct silence silence;
    (void)state;
    for (uint64_t late = SILENCE_LATE_US; late < 100000000; late *= 2) {
        silence_heard(&silence, NOW_US, LIMIT_US);
        uint64_t now = silence.due_us + late;
        assert_false(silence_over(&silence, now));
        assert_int_equal(silence.due_us, now + SILENCE_TURN_US);
        assert_true(silence_over(&silence, silence.due_us + late)); /* late again: no third chance */
    }
}

static void what_is_heard_in_the_turn_counts_as_ever(void **state)
{
    struct silence silence;
    (void)state;
    silence_heard(&silence, NOW_US, LIMIT_US);
    for (int i = 0; i < 10; i++) { /* each stall has its turn */
        uint64_t now = silence.due_us + 3000000;
        assert_false(silence_over(&silence, now));
        silence_heard(&silence, now + 1, LIMIT_US);
        assert_int_equal(silence.due_us, now + 1 + LIMIT_US);
    }
    assert_true(silence_over(&silence, silence.due_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_in_time_ends_it_at_the_limit),
        cmocka_unit_test(a_late_loop_listens_once_more_and_only_once),
        cmocka_unit_test(what_is_heard_in_the_turn_counts_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
