/* The store on a full disk, and stores that cannot be used. */
#include "book_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char why[KEEPER_MAX_REASON];

/* No file of ours may grow beyond this: what the kernel then says is taken for a full disk. */
static void disk_limit(rlim_t size)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static bool sound(void)
{
    _cleanup_statement_ *statement = NULL;
    return store_query(&book->store, &statement, "PRAGMA integrity_check", "") == 0 &&
           store_row(&book->store, statement) == 1 &&
           strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
}

static rlim_t size_of(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 ? (rlim_t)st.st_size : 0;
}

static void test_a_full_disk_costs_the_change_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    assert_int_equal(book_save(book, now), 0);
    book_reopen();
    /* every size from nothing to enough, so that each write of a transaction is the first that fails once */
    unsigned refused = 0;
    bool made = false;
    for (rlim_t room = 0; !made && room < 1000000; room += 1500) {
        disk_limit(room);
        struct reply reply = put("carl", PASSWORD, ROLE_OPERATOR, true);
        struct reply change = put("bob", "", ROLE_READ_ONLY, false);
        disk_limit(RLIM_INFINITY);
        made = reply.error == 0;
        if (!made) {
            assert_int_equal(reply.error, -ENOSPC);
            assert_non_null(strstr(reply.why, "make room"));
            refused++;
        }
        assert_true(change.error == 0 || change.error == -ENOSPC);
        assert_true(sound());
        struct user user;
        assert_int_equal(user_find(&book->store, "carl", &user), made);
        assert_int_equal(user_find(&book->store, "bob", &user), 1);
        assert_int_equal(user.role, change.error ? ROLE_OPERATOR : ROLE_READ_ONLY);
        if (!change.error)
            assert_int_equal(put("bob", "", ROLE_OPERATOR, false).error, 0);
        book_reopen();
        assert_false(book_audit_broken(book));
    }
    assert_true(made);
    assert_true(refused > 3);
}

static void test_on_a_full_disk_one_can_log_in_and_out(void **state)
{
    (void)state;
    disk_limit(1);
    struct reply reply = login("ann", PASSWORD);
    struct reply out = login("ann", PASSWORD);
    assert_int_equal(reply.error, 0);
    struct session *s = sessions_find(&book->sessions, out.token);
    struct request *request = request_of(KEEPER_LOGOUT, "", "");
    request->id = out.id;
    memcpy(request->token_hash, s->token_hash, sizeof request->token_hash);
    assert_int_equal(ask(request).error, 0);
    assert_int_equal(session(out.token).error, -EACCES);
    disk_limit(RLIM_INFINITY);
    assert_int_equal(book_save(book, now), 0); /* what waited is written once there is room */
    book_reopen();
    assert_int_equal(session(reply.token).error, 0);
    assert_int_equal(session(out.token).error, -EACCES);
    assert_false(book_audit_broken(book));
}

static void test_no_room_for_a_new_store_is_said(void **state)
{
    (void)state;
    disk_limit(5000);
    assert_int_equal(book_open(&book, STORE, now, why, sizeof why), -ENOSPC);
    assert_non_null(strstr(why, "keeper.db"));
    disk_limit(RLIM_INFINITY);
    book_reopen(); /* and the attempt left nothing bad behind */
    assert_true(sound());
}

static void write_at(const char *name, off_t offset, const void *bytes, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(pwrite(fd, bytes, size, offset), (ssize_t)size);
    close(fd);
}

static void test_a_damaged_store_is_named_and_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++)
        audit_add(&book->audit, now.wall_s, "ann", "power", "demo", "a line that takes some room in the file");
    assert_int_equal(book_save(book, now), 0);
    book = book_close(book);
    uint8_t trash[4096];
    memset(trash, 0x5a, sizeof trash);
    rlim_t size = size_of(STORE);
    assert_true(size > 6 * 4096);
    write_at(STORE, 2 * 4096, trash, sizeof trash);
    write_at(STORE, 4 * 4096, trash, sizeof trash);
    assert_true(book_open(&book, STORE, now, why, sizeof why) < 0);
    assert_non_null(strstr(why, "keeper.db"));
    assert_non_null(strstr(why, "put back a saved copy"));
    assert_int_equal(size_of(STORE), size);
}

static void test_what_is_no_store_is_named(void **state)
{
    (void)state;
    write_at(STORE, 0, "this is not a database, but it is long enough to look at", 56);
    assert_true(book_open(&book, STORE, now, why, sizeof why) < 0);
    assert_non_null(strstr(why, "keeper.db"));
}

static void test_a_newer_store_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(store_run(&book->store, "PRAGMA user_version = 99", ""), 0);
    book = book_close(book);
    assert_true(book_open(&book, STORE, now, why, sizeof why) < 0);
    assert_non_null(strstr(why, "newer"));
}

static void test_a_folder_that_cannot_be_written_is_said(void **state)
{
    (void)state;
    if (geteuid() == 0) /* nothing is forbidden to root: a file in the place of the store's then */
        assert_int_equal(mkdir(STORE, 0700), 0);
    else
        assert_int_equal(chmod(".", 0500), 0);
    assert_true(book_open(&book, STORE, now, why, sizeof why) < 0);
    assert_non_null(strstr(why, "keeper.db: cannot be opened"));
    chmod(".", 0700);
    rmdir(STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(book_with_ann, test_a_full_disk_costs_the_change_and_nothing_else),
        TEST_WITH(book_with_ann, test_on_a_full_disk_one_can_log_in_and_out),
        TEST_WITH(folder_set_up, test_no_room_for_a_new_store_is_said),
        TEST_WITH(book_with_ann, test_a_damaged_store_is_named_and_kept),
        TEST_WITH(folder_set_up, test_what_is_no_store_is_named),
        TEST_WITH(book_set_up, test_a_newer_store_is_left_alone),
        TEST_WITH(folder_set_up, test_a_folder_that_cannot_be_written_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
