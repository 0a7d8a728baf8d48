/* The first user: made once, with the newest secret, and in no other way. */
#include "book_fixture.h"
#include "core/text.h"

static char secret[SECRET_SIZE];

static int set_up(void **state)
{
    return book_set_up(state) || book_new_secret(book, now, secret);
}

static void test_the_secret_makes_an_administrator(void **state)
{
    (void)state;
    assert_true(book_needs_setup(book));
    struct reply reply = setup(secret, "ann", PASSWORD);
    assert_int_equal(reply.error, 0);
    assert_int_equal(reply.role, ROLE_ADMINISTRATOR);
    assert_string_equal(reply.user, "ann");
    assert_int_equal(strlen(reply.token), AUTH_TOKEN_HEX);
    assert_false(book_needs_setup(book));
    assert_int_equal(session(reply.token).error, 0);
    assert_int_equal(setup(secret, "bob", PASSWORD).error, -EALREADY);
    assert_int_equal(book_new_secret(book, now, secret), -EALREADY);
    book_reopen();
    assert_false(book_needs_setup(book));
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

static void test_a_wrong_secret_is_refused(void **state)
{
    (void)state;
    assert_int_equal(setup("00000-00000-00000-00000-00000", "ann", PASSWORD).error, -EACCES);
    assert_int_equal(setup("", "ann", PASSWORD).error, -EACCES);
    assert_true(book_needs_setup(book));
}

static void test_guessing_is_slowed_down(void **state)
{
    (void)state;
    struct reply reply = {0};
    for (int i = 0; i < 10 && reply.error != -EAGAIN; i++)
        reply = setup("00000-00000-00000-00000-00000", "ann", PASSWORD);
    assert_int_equal(reply.error, -EAGAIN);
    assert_true(reply.retry_s >= 1);
    assert_int_equal(setup(secret, "ann", PASSWORD).error, -EAGAIN); /* nobody learns that it was right */
    pass(reply.retry_s * SECOND);
    assert_int_equal(setup(secret, "ann", PASSWORD).error, 0);
}

static void test_a_new_secret_voids_the_old(void **state)
{
    (void)state;
    char old[SECRET_SIZE];
    text_copy(old, sizeof old, secret);
    assert_int_equal(book_new_secret(book, now, secret), 0);
    assert_int_equal(setup(old, "ann", PASSWORD).error, -EACCES);
    assert_int_equal(setup(secret, "ann", PASSWORD).error, 0);
}

static void test_name_and_password_must_meet_the_rules(void **state)
{
    (void)state;
    struct reply reply = setup(secret, "ann", "short");
    assert_int_equal(reply.error, -EINVAL);
    assert_non_null(strstr(reply.why, "at least 12 characters"));
    assert_int_equal(setup(secret, "a b", PASSWORD).error, -EINVAL);
    assert_int_equal(setup(secret, "annabel", "my annabel is good").error, -EINVAL);
    assert_true(book_needs_setup(book));
}

static void test_of_two_at_once_exactly_one_wins(void **state)
{
    (void)state;
    struct request *first = request_of(KEEPER_SETUP, "ann", PASSWORD);
    struct request *second = request_of(KEEPER_SETUP, "bob", PASSWORD);
    snprintf(first->secret, sizeof first->secret, "%s", secret);
    snprintf(second->secret, sizeof second->secret, "%s", secret);
    assert_int_equal(book_begin(book, first, now), BOOK_HASH);
    assert_int_equal(book_begin(book, second, now), BOOK_HASH);
    request_hash(second);
    request_hash(first);
    book_finish(book, second, now);
    book_finish(book, first, now);
    assert_int_equal(reply_read(second).error, 0);
    assert_int_equal(reply_read(first).error, -EALREADY);
    keeper_request_destroy(first);
    keeper_request_destroy(second);
    assert_int_equal(login("ann", PASSWORD).error, -EACCES);
    assert_int_equal(login("bob", PASSWORD).error, 0);
}

static void test_a_secret_voided_while_hashing_does_not_count(void **state)
{
    (void)state;
    struct request *request = request_of(KEEPER_SETUP, "ann", PASSWORD);
    snprintf(request->secret, sizeof request->secret, "%s", secret);
    assert_int_equal(book_begin(book, request, now), BOOK_HASH);
    assert_int_equal(book_new_secret(book, now, secret), 0);
    request_hash(request);
    book_finish(book, request, now);
    assert_int_equal(reply_read(request).error, -EACCES);
    keeper_request_destroy(request);
    assert_true(book_needs_setup(book));
}

static void test_no_user_is_made_before_set_up(void **state)
{
    (void)state;
    assert_int_equal(put("eve", PASSWORD, ROLE_ADMINISTRATOR, true).error, -EPERM);
    assert_int_equal(login("eve", PASSWORD).error, -EACCES);
    assert_true(book_needs_setup(book));
}

static void test_the_store_does_not_hold_the_secret_or_the_password(void **state)
{
    (void)state;
    assert_int_equal(setup(secret, "ann", PASSWORD).error, 0);
    struct reply reply = login("ann", PASSWORD);
    book_reopen();
    static char bytes[1 << 20];
    size_t size = 0;
    const char *const files[] = {STORE, STORE "-wal"};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        FILE *f = fopen(files[i], "rb");
        if (f) {
            size += fread(bytes + size, 1, sizeof bytes - size, f);
            fclose(f);
        }
    }
    assert_true(size > 4096);
    assert_non_null(memmem(bytes, size, "$y$", 3));
    assert_null(memmem(bytes, size, PASSWORD, strlen(PASSWORD)));
    assert_null(memmem(bytes, size, secret, strlen(secret)));
    assert_null(memmem(bytes, size, reply.token, AUTH_TOKEN_HEX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(set_up, test_the_secret_makes_an_administrator),
        TEST_WITH(set_up, test_a_wrong_secret_is_refused),
        TEST_WITH(set_up, test_guessing_is_slowed_down),
        TEST_WITH(set_up, test_a_new_secret_voids_the_old),
        TEST_WITH(set_up, test_name_and_password_must_meet_the_rules),
        TEST_WITH(set_up, test_of_two_at_once_exactly_one_wins),
        TEST_WITH(set_up, test_a_secret_voided_while_hashing_does_not_count),
        TEST_WITH(set_up, test_no_user_is_made_before_set_up),
        TEST_WITH(set_up, test_the_store_does_not_hold_the_secret_or_the_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
