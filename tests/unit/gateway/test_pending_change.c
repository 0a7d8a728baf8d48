/* Changes that could shut their maker out: undone in time, confirmed only from outside and afterwards. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "gateway/config/pending_change.h"

#define SECOND UINT64_C(1000000)
#define NOW (1000 * SECOND)

static struct pending_change change;

static int begin(void **state)
{
    (void)state;
    pending_end(&change);
    assert_int_equal(pending_begin(&change, PENDING_CERTIFICATE, "ann", NOW), 0);
    return 0;
}

static void lasts_five_minutes(void **state)
{
    (void)state;
    assert_false(pending_over(&change, NOW));
    assert_false(pending_over(&change, NOW + 300 * SECOND - 1));
    assert_true(pending_over(&change, NOW + 300 * SECOND));
    assert_true(pending_left(&change, NOW + 100 * SECOND) == 200 * SECOND);
    assert_true(pending_left(&change, NOW + 400 * SECOND) == 0);
}

static void is_confirmed_over_a_newer_connection_alone(void **state)
{
    (void)state;
    uint64_t later = NOW + 10 * SECOND;
    assert_int_equal(pending_confirmable(&change, 0, later), -ENOTCONN);
    assert_int_equal(pending_confirmable(&change, NOW - SECOND, later), -EISCONN);
    assert_int_equal(pending_confirmable(&change, NOW, later), -EISCONN);
    assert_int_equal(pending_confirmable(&change, NOW + 1, later), 0);
    assert_int_equal(pending_confirmable(&change, NOW + 1, NOW + 300 * SECOND), -ETIME);
    pending_end(&change);
    assert_int_equal(pending_confirmable(&change, NOW + 1, later), -ENOENT);
    assert_false(pending_over(&change, NOW + 400 * SECOND));
}

static void one_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(pending_begin(&change, PENDING_LISTENERS, "eve", NOW + 1), -EBUSY);
    assert_string_equal(change.who, "ann");
}

static void outlives_a_restart_but_not_the_machine(void **state)
{
    char note[PENDING_TEXT];
    struct pending_change read;
    (void)state;
    assert_true(pending_write(&change, note) > 0);
    assert_true(pending_read(&read, note));
    assert_int_equal(read.kind, PENDING_CERTIFICATE);
    assert_string_equal(read.who, "ann");
    assert_false(pending_over(&read, NOW + 299 * SECOND));
    assert_true(pending_over(&read, NOW + 300 * SECOND));
    assert_true(pending_over(&read, 5 * SECOND)); /* the clock began anew */
}

static void believes_no_odd_note(void **state)
{
    static const char *const odd[] = {"",
                                      "certificate",
                                      "certificate 1 2",
                                      "certificate 5 4 x\n",
                                      "certificate 1 999999999999 x\n",
                                      "nothing 1 2 x\n",
                                      " 1 2 x\n",
                                      "certificate -1 2 x\n",
                                      "certificate x y z\n"};
    struct pending_change read;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
        if (pending_read(&read, odd[i]) && i != 2)
            fail_msg("believed '%s'", odd[i]);
        if (i != 2)
            assert_int_equal(read.kind, PENDING_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lasts_five_minutes, begin),
        cmocka_unit_test_setup(is_confirmed_over_a_newer_connection_alone, begin),
        cmocka_unit_test_setup(one_at_a_time, begin),
        cmocka_unit_test_setup(outlives_a_restart_but_not_the_machine, begin),
        cmocka_unit_test_setup(believes_no_odd_note, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
