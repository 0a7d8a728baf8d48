/* Who may do what where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/grants.h"
#include "core/attrs.h"

static struct grants made(enum auth_role role)
{
    struct grants g;
    grants_of_role(&g, role);
    return g;
}

static void test_a_role_holds_everywhere(attr_unused void **state)
{
    struct grants g = made(ROLE_OPERATOR);
    assert_true(grants_allow(&g, RIGHT_VIEW | RIGHT_INPUT | RIGHT_MEDIA, "any"));
    assert_true(grants_allow(&g, RIGHT_MEDIA | RIGHT_LIBRARY, "any"));
    assert_true(grants_allow(&g, RIGHT_LIBRARY, NULL));
    assert_false(grants_allow(&g, RIGHT_USERS, NULL));
    assert_false(grants_allow(&g, RIGHT_CONFIGURE, "any"));
    g = made(ROLE_CUSTOM);
    assert_int_equal(g.n, 0);
    assert_false(grants_see(&g, "any"));
    assert_false(grants_allow(&g, RIGHT_VIEW, NULL));
}

static void test_a_target_without_a_right_does_not_exist(attr_unused void **state)
{
    struct grants g = {0};
    assert_true(grants_add(&g, "lab", RIGHT_VIEW | RIGHT_INPUT));
    assert_true(grants_see(&g, "lab"));
    assert_false(grants_see(&g, "vault"));
    assert_false(grants_see(&g, "la"));
    assert_true(grants_allow(&g, RIGHT_INPUT, "lab"));
    assert_false(grants_allow(&g, RIGHT_INPUT, "vault"));
    assert_true(grants_allow(&g, RIGHT_VIEW, NULL));
    assert_false(grants_allow(&g, RIGHT_POWER, NULL));
}

static void test_an_auditor_reads_without_seeing_a_screen(attr_unused void **state)
{
    struct grants g = {0};
    assert_true(grants_add(&g, GRANT_GATEWAY, RIGHT_AUDIT));
    assert_true(grants_allow(&g, RIGHT_AUDIT, NULL));
    assert_false(grants_allow(&g, RIGHT_VIEW, NULL));
    assert_false(grants_allow(&g, RIGHT_VIEW, "lab"));
    assert_false(grants_allow(&g, RIGHT_AUDIT, "lab"));
    assert_false(grants_see(&g, "lab"));
}

static void test_rights_stay_where_they_can_be(attr_unused void **state)
{
    struct grants g = {0};
    assert_true(grants_add(&g, GRANT_GATEWAY, RIGHT_VIEW));
    assert_true(grants_add(&g, "lab", RIGHT_USERS | RIGHT_LIBRARY));
    assert_int_equal(g.n, 0);
    assert_true(grants_add(&g, "lab", RIGHT_CONFIGURE));
    assert_true(grants_allow(&g, RIGHT_CONFIGURE, "lab"));
    assert_false(grants_allow(&g, RIGHT_CONFIGURE, NULL));
    assert_false(grants_allow(&g, RIGHT_CONFIGURE, "vault"));
}

static void test_a_scope_cuts_both_ways(attr_unused void **state)
{
    struct grants scope = {0}, g = made(ROLE_ADMINISTRATOR);
    grants_add(&scope, "lab", RIGHT_VIEW | RIGHT_POWER);
    grants_cut(&g, &scope);
    assert_true(grants_allow(&g, RIGHT_POWER, "lab"));
    assert_false(grants_allow(&g, RIGHT_INPUT, "lab"));
    assert_false(grants_see(&g, "vault"));
    assert_false(grants_allow(&g, RIGHT_USERS, NULL));

    struct grants one = {0}, all = {0};
    grants_add(&one, "lab", RIGHT_VIEW);
    grants_add(&all, GRANT_ALL_TARGETS, RIGHT_VIEW | RIGHT_POWER);
    grants_cut(&one, &all);
    assert_true(grants_allow(&one, RIGHT_VIEW, "lab"));
    assert_false(grants_allow(&one, RIGHT_POWER, "lab"));
    assert_false(grants_see(&one, "vault"));
}

static void test_equal_is_what_they_allow(attr_unused void **state)
{
    struct grants a = {0}, b = {0};
    grants_add(&a, GRANT_ALL_TARGETS, RIGHT_VIEW);
    grants_add(&b, "lab", RIGHT_VIEW);
    assert_false(grants_equal(&a, &b));
    grants_add(&b, GRANT_ALL_TARGETS, RIGHT_VIEW);
    assert_true(grants_equal(&a, &b));
}

static void test_there_is_an_end_of_room(attr_unused void **state)
{
    struct grants g = {0};
    char name[GRANT_TARGET_MAX + 1];
    for (unsigned i = 0; i < GRANTS_MAX; i++) {
        name[0] = (char)('A' + i / 26), name[1] = (char)('A' + i % 26), name[2] = 0;
        assert_true(grants_add(&g, name, RIGHT_VIEW));
    }
    assert_false(grants_add(&g, "one more", RIGHT_VIEW));
    assert_true(grants_add(&g, "AA", RIGHT_INPUT));
    memset(name, 'x', GRANT_TARGET_MAX);
    name[GRANT_TARGET_MAX] = 0;
    g.n = 0;
    assert_false(grants_add(&g, name, RIGHT_VIEW));
}

static void test_rights_have_names(attr_unused void **state)
{
    for (uint32_t right = 1; right <= RIGHT_AUDIT; right <<= 1) {
        uint32_t parsed = 0;
        assert_non_null(right_name(right));
        assert_true(right_parse(right_name(right), &parsed));
        assert_int_equal(parsed, right);
    }
    uint32_t none = 7;
    assert_false(right_parse("root", &none));
    assert_int_equal(none, 7);
    assert_null(right_name(RIGHT_VIEW | RIGHT_INPUT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_role_holds_everywhere),
        cmocka_unit_test(test_a_target_without_a_right_does_not_exist),
        cmocka_unit_test(test_an_auditor_reads_without_seeing_a_screen),
        cmocka_unit_test(test_rights_stay_where_they_can_be),
        cmocka_unit_test(test_a_scope_cuts_both_ways),
        cmocka_unit_test(test_equal_is_what_they_allow),
        cmocka_unit_test(test_there_is_an_end_of_room),
        cmocka_unit_test(test_rights_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
