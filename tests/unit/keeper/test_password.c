/* Rules for names and passwords, yescrypt, and the set-up secret. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/keeper/password.h"
#include "auth/keeper/secret.h"

static void test_names(void **state)
{
    (void)state;
    assert_null(user_name_fault("ann"));
    assert_null(user_name_fault("Ann.B_c-d@example.org"));
    assert_non_null(user_name_fault(""));
    assert_non_null(user_name_fault("-ann"));
    assert_non_null(user_name_fault("ann b"));
    assert_non_null(user_name_fault("ann\n"));
    assert_non_null(user_name_fault("\xc3\xa4nn"));
    char name[65];
    memset(name, 'a', 64);
    name[64] = 0;
    assert_non_null(user_name_fault(name));
    name[63] = 0;
    assert_null(user_name_fault(name));
}

static void test_passwords(void **state)
{
    (void)state;
    assert_null(password_fault("correct horse", "ann"));
    assert_non_null(strstr(password_fault("short", "ann"), "12"));
    assert_non_null(strstr(password_fault("my-name-is-maria", "Maria"), "user name"));
    assert_non_null(password_fault("aaaaaaaaaaaaaaaa", "ann"));
    assert_non_null(password_fault("abababababababab", "ann"));
    /* twelve characters are counted, not bytes */
    assert_non_null(password_fault("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", "ann"));
    assert_null(password_fault("\xc3\xa4\xc3\xb6\xc3\xbc w\xc3\xb6rter gen\xc3\xbcg", "ann"));
    char longer[300];
    for (size_t i = 0; i < sizeof longer; i++)
        longer[i] = (char)('a' + i % 20);
    longer[257] = 0;
    assert_non_null(password_fault(longer, "ann"));
    longer[256] = 0;
    assert_null(password_fault(longer, "ann"));
}

static void test_hashes_are_yescrypt_with_a_salt_of_their_own(void **state)
{
    (void)state;
    char a[PASSWORD_HASH_SIZE], b[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
    assert_int_equal(password_hash_make("correct horse", a), 0);
    assert_int_equal(password_hash_make("correct horse", b), 0);
    assert_memory_equal(a, "$y$", 3);
    assert_false(password_hash_equal(a, b));
    assert_int_equal(password_hash_again("correct horse", a, again), 0);
    assert_true(password_hash_equal(a, again));
    assert_int_equal(password_hash_again("correct horsf", a, again), 0);
    assert_false(password_hash_equal(a, again));
    assert_true(password_hash_again("correct horse", "not a hash", again) < 0);
    assert_true(password_hash_again("correct horse", "", again) < 0);
}

static void test_a_secret_is_read_as_people_type_it(void **state)
{
    (void)state;
    char secret[SECRET_SIZE], typed[SECRET_SIZE], other[SECRET_SIZE];
    uint8_t a[32], b[32];
    assert_int_equal(secret_make(secret), 0);
    assert_int_equal(secret_make(other), 0);
    assert_string_not_equal(secret, other);
    assert_int_equal(strlen(secret), 29); /* 25 digits of 5 bits: 125 bits */
    assert_true(secret_hash(secret, a));
    size_t n = 0;
    for (const char *c = secret; *c; c++)
        if (*c != '-')
            typed[n++] = *c == '0' ? 'o' : *c == '1' ? 'l' : (char)tolower((unsigned char)*c);
    typed[n] = 0;
    assert_true(secret_hash(typed, b));
    assert_memory_equal(a, b, sizeof a);
    assert_true(secret_hash(other, b));
    assert_memory_not_equal(a, b, sizeof a);
    typed[24] = 0;
    assert_false(secret_hash(typed, b));
    assert_false(secret_hash("", b));
    assert_false(secret_hash("UUUUU-UUUUU-UUUUU-UUUUU-UUUUU", b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_hashes_are_yescrypt_with_a_salt_of_their_own),
        cmocka_unit_test(test_a_secret_is_read_as_people_type_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
