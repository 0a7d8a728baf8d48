/* Roles, and what a session may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/session.h"
#include "core/clock.h"

static void test_words_name_roles(void **state)
{
    (void)state;
    enum auth_role role = ROLE_NONE;
    assert_true(role_parse("ReadOnly", &role));
    assert_int_equal(role, ROLE_READ_ONLY);
    assert_true(role_parse("Administrator", &role));
    assert_string_equal(role_name(role), "Administrator");
    assert_false(role_parse("administrator", &role));
    assert_false(role_parse("None", &role));
    assert_false(role_parse("", &role));
    assert_string_equal(role_name((enum auth_role)77), "None");
}

static void test_each_role_has_what_the_one_below_has_and_more(void **state)
{
    (void)state;
    assert_int_equal(role_rights(ROLE_NONE), 0);
    assert_int_equal(role_rights(ROLE_READ_ONLY), RIGHT_VIEW);
    assert_false(role_rights(ROLE_OPERATOR) & (RIGHT_USERS | RIGHT_AUDIT | RIGHT_CONFIGURE));
    for (int role = ROLE_READ_ONLY; role < ROLE_ADMINISTRATOR; role++) {
        uint32_t low = role_rights((enum auth_role)role), high = role_rights((enum auth_role)(role + 1));
        assert_int_equal(low & high, low);
        assert_true(high > low);
    }
    assert_int_equal(role_rights((enum auth_role)77), 0);
}

static void test_a_session_may_while_it_lives(void **state)
{
    (void)state;
    struct auth_session *s = NULL;
    assert_int_equal(auth_session_create(1, "ann", ROLE_OPERATOR, &s), 0);
    s->expires_us = clock_boot_us() + 3600 * 1000000ull;
    assert_true(auth_session_may(s, RIGHT_VIEW | RIGHT_INPUT, "demo"));
    assert_false(auth_session_may(s, RIGHT_INPUT | RIGHT_USERS, NULL));
    s->expires_us = clock_boot_us();
    assert_false(auth_session_may(s, RIGHT_VIEW, "demo"));
    s->expires_us = UINT64_MAX;
    assert_true(auth_session_may(s, RIGHT_VIEW, "demo"));
    s->ended = true;
    assert_false(auth_session_may(s, RIGHT_VIEW, "demo"));
    assert_false(auth_session_may(s, 0, NULL));
    auth_session_unref(s);
}

static void test_a_local_session_is_an_administrators_until_ended(void **state)
{
    (void)state;
    struct auth_session *s = NULL;
    assert_int_equal(auth_session_create_local("local uid 0", &s), 0);
    assert_true(auth_session_may(s, RIGHT_USERS | RIGHT_AUDIT, NULL));
    s->ended = true;
    assert_false(auth_session_may(s, RIGHT_VIEW, NULL));
    auth_session_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_name_roles),
        cmocka_unit_test(test_each_role_has_what_the_one_below_has_and_more),
        cmocka_unit_test(test_a_session_may_while_it_lives),
        cmocka_unit_test(test_a_local_session_is_an_administrators_until_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
