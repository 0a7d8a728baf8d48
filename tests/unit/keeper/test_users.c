/* Users: made, changed, removed; and never without an Administrator. */
#include "book_fixture.h"

static struct reply remove_user(const char *user)
{
    return ask(request_of(KEEPER_USER_DELETE, user, ""));
}

static void test_make_change_remove(void **state)
{
    (void)state;
    assert_int_equal(put("bob", PASSWORD, ROLE_READ_ONLY, true).error, 0);
    assert_int_equal(put("BOB", PASSWORD, ROLE_READ_ONLY, true).error, -EEXIST);
    assert_int_equal(login("bob", PASSWORD).role, ROLE_READ_ONLY);
    assert_int_equal(put("bob", "", ROLE_OPERATOR, false).error, 0);
    assert_int_equal(login("bob", PASSWORD).role, ROLE_OPERATOR);
    assert_int_equal(remove_user("bob").error, 0);
    assert_int_equal(login("bob", PASSWORD).error, -EACCES);
    assert_int_equal(remove_user("bob").error, -ENOENT);
    assert_int_equal(put("bob", "", ROLE_OPERATOR, false).error, -ENOENT);
}

static void test_rules_hold_for_all_passwords(void **state)
{
    (void)state;
    assert_int_equal(put("bob", "short", ROLE_READ_ONLY, true).error, -EINVAL);
    assert_int_equal(put("bob", "", ROLE_READ_ONLY, true).error, -EINVAL);
    assert_int_equal(put("bob", PASSWORD, ROLE_NONE, true).error, -EINVAL);
    assert_int_equal(put("b\nb", PASSWORD, ROLE_READ_ONLY, true).error, -EINVAL);
    assert_int_equal(put("ann", "short", ROLE_NONE, false).error, -EINVAL);
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

static void test_the_last_administrator_stays(void **state)
{
    (void)state;
    struct reply reply = remove_user("ann");
    assert_int_equal(reply.error, -EPERM);
    assert_non_null(strstr(reply.why, "last enabled Administrator"));
    assert_int_equal(put("ann", "", ROLE_OPERATOR, false).error, -EPERM);
    assert_int_equal(enable("ann", false).error, -EPERM);
    assert_int_equal(put("bob", PASSWORD, ROLE_ADMINISTRATOR, true).error, 0);
    assert_int_equal(enable("bob", false).error, 0);
    assert_int_equal(remove_user("ann").error, -EPERM); /* bob is one, but not enabled */
    assert_int_equal(enable("bob", true).error, 0);
    assert_int_equal(remove_user("ann").error, 0);
    assert_int_equal(remove_user("bob").error, -EPERM);
}

static void test_what_a_user_may_no_longer_do_ends_sessions(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);

    struct reply bob = login("bob", PASSWORD);
    struct reply change = put("bob", "another good phrase", ROLE_NONE, false);
    assert_int_equal(change.n_ended, 1);
    assert_int_equal(change.ended[0], bob.id);
    assert_int_equal(session(bob.token).error, -EACCES);
    assert_int_equal(login("bob", PASSWORD).error, -EACCES);

    bob = login("bob", "another good phrase");
    change = put("bob", "", ROLE_READ_ONLY, false);
    assert_int_equal(change.n_ended, 0); /* it goes on, with the new rights */
    assert_int_equal(change.n_changed, 1);
    assert_int_equal(session(bob.token).role, ROLE_READ_ONLY);
    struct grants grants = session(bob.token).grants;
    assert_false(grants_allow(&grants, RIGHT_INPUT, "demo"));
    assert_true(grants_allow(&grants, RIGHT_VIEW, "demo"));
    assert_int_equal(put("bob", "", ROLE_READ_ONLY, false).n_changed, 0); /* nothing changed */
    assert_int_equal(session(bob.token).error, 0);
    assert_int_equal(enable("bob", false).n_ended, 1);
    assert_int_equal(login("bob", "another good phrase").error, -EACCES);
    assert_int_equal(enable("bob", true).error, 0);
    bob = login("bob", "another good phrase");
    assert_int_equal(remove_user("bob").n_ended, 1);
    assert_int_equal(put("bob", "another good phrase", ROLE_OPERATOR, true).error, 0);
    book_reopen();
    assert_int_equal(session(bob.token).error, -EACCES); /* a namesake inherits nothing */
    assert_int_equal(session(ann.token).error, 0);
}

static void test_a_password_changed_while_logging_in_is_the_new_one(void **state)
{
    (void)state;
    struct request *request = request_of(KEEPER_LOGIN, "ann", PASSWORD);
    assert_int_equal(book_begin(book, request, now), BOOK_HASH);
    assert_int_equal(put("ann", "another good phrase", ROLE_NONE, false).error, 0);
    request_hash(request);
    book_finish(book, request, now);
    assert_int_equal(reply_read(request).error, -EACCES);
    keeper_request_destroy(request);
}

static void test_the_list_comes_in_order(void **state)
{
    (void)state;
    static const char *const names[] = {"Zoe", "bob", "Carl"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_int_equal(put(names[i], PASSWORD, ROLE_READ_ONLY, true).error, 0);
    struct request *request = request_of(KEEPER_USERS, "ann", "");
    assert_int_equal(book_begin(book, request, now), BOOK_ANSWER);
    struct wire_reader r = wire_reader_init(request->body, wire_written(&request->answer));
    wire_read_bytes(&r, 10);
    assert_int_equal(wire_read_u8(&r), 0);
    assert_int_equal(wire_read_le16(&r), 3);
    static const char *const expected[] = {"bob", "Carl", "Zoe"};
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        char name[AUTH_USER_MAX];
        assert_true(ipc_read_string(&r, name, sizeof name));
        assert_string_equal(name, expected[i]);
        assert_int_equal(wire_read_u8(&r), ROLE_READ_ONLY);
        assert_int_equal(wire_read_u8(&r), 1);
        assert_int_equal(wire_read_u8(&r), KEEPER_LOCAL);
        assert_int_equal(wire_read_u8(&r), 0);
        assert_true(ipc_read_string(&r, name, sizeof name));
        assert_string_equal(name, "");
        assert_int_equal(wire_read_u8(&r), 0);
    }
    assert_true(wire_read_complete(&r));
    keeper_request_destroy(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(book_with_ann, test_make_change_remove),
        TEST_WITH(book_with_ann, test_rules_hold_for_all_passwords),
        TEST_WITH(book_with_ann, test_the_last_administrator_stays),
        TEST_WITH(book_with_ann, test_what_a_user_may_no_longer_do_ends_sessions),
        TEST_WITH(book_with_ann, test_a_password_changed_while_logging_in_is_the_new_one),
        TEST_WITH(book_with_ann, test_the_list_comes_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
