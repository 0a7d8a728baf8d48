/* What one address and one session may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "transport/limits.h"

#define S 1000000ull
#define T0 (1000 * S)

static int set_up(void **state)
{
    return limits_create((struct limits **)state);
}

static int tear_down(void **state)
{
    limits_destroy(*state);
    return 0;
}

static void addresses_are_told_apart_by_what_one_owner_has(void **state)
{
    (void)state;
    struct limits_key a = limits_peer("2001:db8:1:2::1"), b = limits_peer("2001:db8:1:2:ffff::9"),
                      c = limits_peer("2001:db8:1:3::1"), d = limits_peer("192.0.2.1"), e = limits_peer("192.0.2.2"),
                      f = limits_peer("unknown"), g = limits_session(1), h = limits_session(2);
    assert_true(limits_same(&a, &b));
    assert_false(limits_same(&a, &c));
    assert_false(limits_same(&d, &e));
    assert_false(limits_same(&d, &f));
    assert_false(limits_same(&g, &h));
}

static void so_many_may_be_under_way(void **state)
{
    struct limits_key key = limits_session(7), other = limits_session(8);
    for (unsigned i = 0; i < LIMITS_SESSION_AT_ONCE; i++)
        assert_int_equal(limits_begin(*state, &key, false, T0), 0);
    assert_int_equal(limits_begin(*state, &key, false, T0), 1);
    assert_int_equal(limits_begin(*state, &other, false, T0), 0);
    limits_end(*state, &key, false);
    assert_int_equal(limits_begin(*state, &key, false, T0), 0);
    /* the server goes before them */
    struct limits *self = *state;
    *state = limits_destroy(self);
    limits_end(self, &other, false);
    for (unsigned i = 0; i < LIMITS_SESSION_AT_ONCE; i++)
        limits_end(self, &key, false);
}

static void few_of_them_may_be_uploads(void **state)
{
    struct limits_key key = limits_session(7);
    for (unsigned i = 0; i < LIMITS_SESSION_STREAMS; i++)
        assert_int_equal(limits_begin(*state, &key, true, T0), 0);
    assert_int_equal(limits_begin(*state, &key, true, T0), 1);
    assert_int_equal(limits_begin(*state, &key, false, T0), 0);
    limits_end(*state, &key, true);
    assert_int_equal(limits_begin(*state, &key, true, T0), 0);
    limits_end(*state, &key, false);
    for (unsigned i = 0; i < LIMITS_SESSION_STREAMS; i++)
        limits_end(*state, &key, true);
}

static unsigned begun(struct limits *self, struct limits_key *key, uint64_t now, unsigned tries)
{
    unsigned n = 0;
    for (unsigned i = 0; i < tries; i++)
        if (limits_begin(self, key, false, now) == 0) {
            limits_end(self, key, false);
            n++;
        }
    return n;
}

static void so_many_begin_in_a_second(void **state)
{
    struct limits_key key = limits_peer("192.0.2.1");
    assert_int_equal(begun(*state, &key, T0, 5000), LIMITS_PEER_BURST);
    assert_int_equal(begun(*state, &key, T0 + S, 5000), LIMITS_PEER_RATE);
    assert_int_equal(begun(*state, &key, T0 + S + S / 10, 5000), LIMITS_PEER_RATE / 10);
    assert_int_equal(begun(*state, &key, T0 + 3600 * S, 5000), LIMITS_PEER_BURST);
}

/* More addresses than are remembered: the rest share, and nobody gets more by coming from many. */
static void a_crowd_is_bounded(void **state)
{
    static struct limits_key began[20 * LIMITS_ENTRIES];
    char text[64];
    unsigned n = 0;
    for (unsigned i = 0; i < 20 * LIMITS_ENTRIES; i++) {
        snprintf(text, sizeof text, "2001:db8:%x:%x::1", i >> 8, i & 255);
        began[i] = limits_peer(text);
        if (limits_begin(*state, &began[i], false, T0) == 0)
            n++;
        else
            began[i].kind = 0;
    }
    assert_in_range(n, LIMITS_ENTRIES / 2, LIMITS_ENTRIES + LIMITS_PEER_AT_ONCE);
    for (unsigned i = 0; i < 20 * LIMITS_ENTRIES; i++) {
        if (began[i].kind)
            limits_end(*state, &began[i], false);
    }
    struct limits_key late = limits_peer("198.51.100.1");
    assert_int_equal(begun(*state, &late, T0 + 60 * S, 5000), LIMITS_PEER_BURST);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(addresses_are_told_apart_by_what_one_owner_has),
                                       TEST(so_many_may_be_under_way), TEST(few_of_them_may_be_uploads),
                                       TEST(so_many_begin_in_a_second), TEST(a_crowd_is_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
