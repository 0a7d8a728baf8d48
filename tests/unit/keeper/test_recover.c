/* The owner's notes: a way in when nobody has one, and a store that came from a backup. */
#include "book_fixture.h"

#include <fcntl.h>

#include "auth/keeper/owner_notes.h"

static char secret[SECRET_SIZE];

static void note(const char *name, const void *bytes, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

static void leave_recovery(void)
{
    uint8_t hash[32];
    assert_int_equal(secret_make(secret), 0);
    assert_true(secret_hash(secret, hash));
    note(RECOVER_FILE, hash, sizeof hash);
}

static unsigned tick(void)
{
    struct request *request = request_create();
    book_tick(book, request, now);
    unsigned ended = request->n_ended;
    keeper_request_destroy(request);
    return ended;
}

static int64_t lines_of(const char *what)
{
    _cleanup_statement_ *statement = NULL;
    assert_int_equal(book_save(book, now), 0);
    assert_int_equal(store_query(&book->store, &statement, "SELECT count(*) FROM audit WHERE what = ?", "t", what), 0);
    assert_int_equal(store_row(&book->store, statement), 1);
    return sqlite3_column_int64(statement, 0);
}

static int tear_down(void **state)
{
    unlink(RECOVER_FILE);
    unlink(RESTORED_FILE);
    return book_tear_down(state);
}

static void test_a_way_in_while_it_runs(void **state)
{
    (void)state;
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    struct reply ann = login("ann", PASSWORD);
    leave_recovery();
    assert_true(tick() >= 1);
    assert_int_equal(access(RECOVER_FILE, F_OK), -1);
    assert_int_equal(session(ann.token).error, -EACCES);
    assert_true(book_needs_setup(book));
    assert_int_equal(lines_of("recover"), 1);
    assert_int_equal(setup("00000-00000-00000-00000-00000", "ann", "another long phrase").error, -EACCES);
    /* it cannot be made anew by whoever asks the keeper, and none is announced */
    char other[SECRET_SIZE];
    assert_int_equal(book_new_secret(book, now, other), -EALREADY);
    assert_int_equal(setup(secret, "ann", "another long phrase").error, 0);
    assert_false(book_needs_setup(book));
    assert_int_equal(setup(secret, "eve", "another long phrase").error, -EALREADY); /* once */
    assert_int_equal(login("ann", PASSWORD).error, -EACCES);
    assert_int_equal(login("ann", "another long phrase").error, 0);
    assert_int_equal(login("bob", PASSWORD).error, 0); /* users stay */
    book_reopen();
    assert_false(book_needs_setup(book));
    assert_false(book_audit_broken(book));
}

static void test_a_way_in_after_it_was_stopped(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    assert_int_equal(book_save(book, now), 0);
    book = book_close(book);
    leave_recovery();
    book_reopen();
    assert_int_equal(session(ann.token).error, -EACCES);
    assert_true(book_recovers(book));
    book_reopen(); /* and it is still the same secret */
    assert_int_equal(access(RECOVER_FILE, F_OK), -1);
    assert_true(book_recovers(book));
    struct reply eve = setup(secret, "eve", "another long phrase"); /* who was nobody */
    assert_int_equal(eve.error, 0);
    assert_int_equal(session(eve.token).error, 0);
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

static void test_a_switched_off_user_and_a_lost_phone(void **state)
{
    (void)state;
    assert_int_equal(put("bob", PASSWORD, ROLE_READ_ONLY, true).error, 0);
    assert_int_equal(enable("bob", false).error, 0);
    assert_int_equal(store_run(&book->store, "UPDATE users SET totp = x'00' WHERE name = 'bob'", ""), 0);
    leave_recovery();
    tick();
    assert_int_equal(setup(secret, "bob", "another long phrase").error, 0);
    struct reply bob = login("bob", "another long phrase");
    assert_int_equal(bob.error, 0);
    assert_int_equal(bob.role, ROLE_ADMINISTRATOR);
}

static void test_it_ends_by_itself(void **state)
{
    (void)state;
    leave_recovery();
    tick();
    pass((RECOVERY_S - 1) * SECOND);
    tick();
    assert_true(book_needs_setup(book));
    pass(SECOND);
    tick();
    assert_false(book_needs_setup(book));
    assert_int_equal(setup(secret, "ann", "another long phrase").error, -EALREADY);
    assert_int_equal(login("ann", PASSWORD).error, 0);
    assert_int_equal(lines_of("recover-expired"), 1);
    book_reopen();
    assert_false(book_needs_setup(book));
}

static void test_what_is_no_note_does_nothing(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    note(RECOVER_FILE, "give me a way in", 16);
    tick();
    assert_false(book_needs_setup(book));
    assert_int_equal(access(RECOVER_FILE, F_OK), -1);
    assert_int_equal(symlink(STORE, RECOVER_FILE), 0);
    tick();
    assert_false(book_needs_setup(book));
    assert_int_equal(session(ann.token).error, 0);
}

static void test_a_backup_brings_users_and_no_sessions(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    assert_int_equal(book_save(book, now), 0);
    book = book_close(book);
    note(RESTORED_FILE, "", 0);
    book_reopen();
    assert_int_equal(session(ann.token).error, -EACCES);
    assert_int_equal(access(RESTORED_FILE, F_OK), -1);
    assert_int_equal(login("ann", PASSWORD).error, 0);
    assert_int_equal(lines_of("restored"), 1);
    book_reopen();
    assert_int_equal(session(ann.token).error, -EACCES);
    assert_int_equal(lines_of("restored"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, book_with_ann, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_way_in_while_it_runs),
        TEST(test_a_way_in_after_it_was_stopped),
        TEST(test_a_switched_off_user_and_a_lost_phone),
        TEST(test_it_ends_by_itself),
        TEST(test_what_is_no_note_does_nothing),
        TEST(test_a_backup_brings_users_and_no_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
