/* Counters of tries, with time as a parameter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth/keeper/lockout.h"

#define S 1000000ll
#define KEYS 64

static struct lockout lock;

static int set_up(void **state)
{
    (void)state;
    return lockout_init(&lock, KEYS);
}

static int tear_down(void **state)
{
    (void)state;
    lockout_finish(&lock);
    return 0;
}

static void test_some_tries_are_free_then_the_wait_doubles(void **state)
{
    (void)state;
    int64_t now = 100 * S;
    for (int i = 0; i < LOCKOUT_FREE_TRIES; i++) {
        assert_int_equal(lockout_wait_s(&lock, "u:ann", now), 0);
        lockout_count(&lock, "u:ann", now);
    }
    for (unsigned wait = 1; wait <= 64; wait *= 2) {
        assert_int_equal(lockout_wait_s(&lock, "u:ann", now), wait);
        assert_int_equal(lockout_wait_s(&lock, "u:bob", now), 0);
        now += wait * S;
        assert_int_equal(lockout_wait_s(&lock, "u:ann", now), 0);
        lockout_count(&lock, "u:ann", now);
    }
}

static void test_never_more_than_twenty_an_hour(void **state)
{
    (void)state;
    int64_t now = 0;
    unsigned tries = 0;
    for (; now < 3600 * S; now += S)
        if (lockout_wait_s(&lock, "u:ann", now) == 0) {
            lockout_count(&lock, "u:ann", now);
            tries++;
        }
    assert_true(tries <= LOCKOUT_TRIES);
    assert_true(tries > LOCKOUT_FREE_TRIES);
}

static void test_refused_tries_do_not_lengthen_the_wait(void **state)
{
    (void)state;
    for (int i = 0; i < LOCKOUT_TRIES; i++)
        lockout_count(&lock, "u:ann", 0);
    for (int64_t now = 1; now < 3600 * S; now += 60 * S)
        assert_true(lockout_wait_s(&lock, "u:ann", now) > 0);
    assert_int_equal(lockout_wait_s(&lock, "u:ann", 3600 * S), 0);
}

static void test_success_forgets(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++)
        lockout_count(&lock, "u:ann", 0);
    lockout_clear(&lock, "u:ann");
    assert_int_equal(lockout_wait_s(&lock, "u:ann", 1), 0);
    for (int i = 0; i <= LOCKOUT_FREE_TRIES; i++)
        lockout_count(&lock, "4:1", 0);
    unsigned before = lockout_wait_s(&lock, "4:1", 0);
    lockout_forgive(&lock, "4:1");
    assert_true(lockout_wait_s(&lock, "4:1", 0) < before);
    assert_true(lockout_wait_s(&lock, "4:1", 0) > 0);
}

static void test_a_flood_of_names_does_not_wash_out_a_count(void **state)
{
    (void)state;
    for (int i = 0; i < LOCKOUT_TRIES; i++)
        lockout_count(&lock, "u:admin", 0);
    for (int i = 0; i < 5 * KEYS; i++) {
        char key[LOCKOUT_KEY_MAX];
        snprintf(key, sizeof key, "u:made-up-%d", i);
        lockout_count(&lock, key, 10 * S);
    }
    assert_true(lockout_wait_s(&lock, "u:admin", 20 * S) > 3000);
}

static void test_a_place_is_given_back_when_nothing_is_held_against_it(void **state)
{
    (void)state;
    for (int i = 0; i < 5 * KEYS; i++) {
        char key[LOCKOUT_KEY_MAX];
        snprintf(key, sizeof key, "d:%d", i);
        lockout_count(&lock, key, i);
        lockout_forgive(&lock, key);
    }
    assert_int_equal(lock.n_gone, 0);
    assert_string_equal(lock.entries[0].key, "");
}

static void test_tries_before_the_machine_started_count(void **state)
{
    (void)state;
    for (int i = 0; i < LOCKOUT_TRIES; i++)
        lockout_restore(&lock, "u:1", -1800 * S, 5 * S);
    assert_int_equal(lockout_wait_s(&lock, "u:1", 5 * S), 1795);
    assert_int_equal(lockout_wait_s(&lock, "u:1", 1800 * S), 0);
}

static void same(const char *a, const char *b, bool expected)
{
    char key_a[LOCKOUT_KEY_MAX], key_b[LOCKOUT_KEY_MAX];
    assert_true(lockout_peer_key(a, key_a));
    assert_true(lockout_peer_key(b, key_b));
    assert_int_equal(strcmp(key_a, key_b) == 0, expected);
}

static void test_peers_are_told_apart_by_what_one_owner_has(void **state)
{
    (void)state;
    same("10.0.0.1", "10.0.0.1", true);
    same("10.0.0.1", "10.0.0.2", false);
    same("::ffff:10.0.0.1", "10.0.0.1", true);
    same("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", true);
    same("2001:db8:0:1::1", "2001:db8:0:2::1", false);
    same("nonsense", "other nonsense", false);
    char key[LOCKOUT_KEY_MAX];
    assert_false(lockout_peer_key("local uid 0", key));
    lockout_name_key("Ann", key);
    assert_string_equal(key, "n:ann");
    lockout_account_key(17, key);
    assert_string_equal(key, "u:17");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_some_tries_are_free_then_the_wait_doubles),
        TEST(test_never_more_than_twenty_an_hour),
        TEST(test_refused_tries_do_not_lengthen_the_wait),
        TEST(test_success_forgets),
        TEST(test_a_flood_of_names_does_not_wash_out_a_count),
        TEST(test_a_place_is_given_back_when_nothing_is_held_against_it),
        TEST(test_tries_before_the_machine_started_count),
        TEST(test_peers_are_told_apart_by_what_one_owner_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
