/* The first Administrator from the owner's file: without a set-up secret ever being good. */
#include "book_fixture.h"
#include "core/text.h"

static char hash[PASSWORD_HASH_SIZE];

static int set_up(void **state)
{
    return book_set_up(state) || password_hash_make(PASSWORD, hash);
}

static void test_the_file_makes_an_administrator(void **state)
{
    const char *why;
    char secret[SECRET_SIZE];
    (void)state;
    assert_int_equal(book_first_user(book, now, "ann", hash, &why), 0);
    assert_false(book_needs_setup(book));
    struct reply reply = login("ann", PASSWORD);
    assert_int_equal(reply.error, 0);
    assert_int_equal(reply.role, ROLE_ADMINISTRATOR);
    assert_int_equal(book_new_secret(book, now, secret), -EALREADY);
    book_reopen();
    assert_false(book_needs_setup(book));
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

static void test_it_works_once(void **state)
{
    const char *why;
    (void)state;
    assert_int_equal(book_first_user(book, now, "ann", hash, &why), 0);
    assert_int_equal(book_first_user(book, now, "bob", hash, &why), -EALREADY);
    assert_int_equal(login("bob", PASSWORD).error, -EACCES);
}

static void test_a_secret_given_out_before_is_void(void **state)
{
    const char *why;
    char secret[SECRET_SIZE];
    (void)state;
    assert_int_equal(book_new_secret(book, now, secret), 0);
    assert_int_equal(book_first_user(book, now, "ann", hash, &why), 0);
    assert_int_equal(setup(secret, "eve", PASSWORD).error, -EALREADY);
}

static void test_only_whole_yescrypt_hashes_are_taken(void **state)
{
    char cut[PASSWORD_HASH_SIZE], bad[PASSWORD_HASH_SIZE];
    text_copy(cut, sizeof cut, hash);
    cut[strlen(cut) - 1] = '\0';
    text_copy(bad, sizeof bad, hash);
    bad[strlen(bad) - 3] = ':';
    const char *const wrong[] = {
        "",
        "x",
        PASSWORD,
        cut,
        bad,
        "$y$",
        "$y$j9T$",
        "$6$saltsalt$0123456789012345678901234567890123456789012",
        "$y$!!!$salt$0123456789012345678901234567890123456789012",
        "$y$j9T$salt$01234567890123456789012345678901234567890123",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        const char *why = NULL;
        assert_int_equal(book_first_user(book, now, "ann", wrong[i], &why), -EINVAL);
        assert_non_null(strstr(why, "hash"));
    }
    const char *why = NULL;
    assert_int_equal(book_first_user(book, now, "a:b", hash, &why), -EINVAL);
    assert_true(book_needs_setup(book));
}

static void test_it_stands_in_the_audit_log(void **state)
{
    const char *why;
    struct audit_line line;
    _cleanup_statement_ *statement = NULL;
    (void)state;
    assert_int_equal(book_first_user(book, now, "ann", hash, &why), 0);
    assert_int_equal(audit_before(&book->store, 0, &statement), 0);
    assert_int_equal(audit_row(&book->store, statement, &line), 1);
    assert_string_equal(line.text.what, "setup");
    assert_string_equal(line.text.detail, "unattended");
    assert_null(strstr(line.text.detail, hash));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, book_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_file_makes_an_administrator),   TEST(test_it_works_once),
        TEST(test_a_secret_given_out_before_is_void), TEST(test_only_whole_yescrypt_hashes_are_taken),
        TEST(test_it_stands_in_the_audit_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
