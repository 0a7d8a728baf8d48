/* A store of the last release: copied, brought to this version, and all in it still works. One of the next release:
 * refused. */
#include "book_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "auth/keeper/store_migrate.h"
#include "auth/keeper/store_schema.h"
#include "store_v1.h"

static char why[KEEPER_MAX_REASON];

static void store_put(const char *name, const char *sql)
{
    sqlite3 *db;
    char *error = NULL;
    assert_int_equal(sqlite3_open(name, &db), SQLITE_OK);
    sqlite3_exec(db, sql, NULL, NULL, &error);
    if (error)
        print_error("%s\n", error);
    assert_null(error);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One number that the store answers with, read by SQLite as it comes. */
static int64_t store_ask(const char *name, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static int v1_set_up(void **state)
{
    if (folder_set_up(state) < 0)
        return -1;
    now = (struct instant){.us = STORE_V1_US, .wall_s = STORE_V1_WALL_S, .boot = STORE_V1_BOOT};
    store_put(STORE, store_v1);
    return 0;
}

static int tear_down(void **state)
{
    for (int i = 0; i < 9; i++) {
        char name[32];
        snprintf(name, sizeof name, STORE ".v%d", i);
        unlink(name);
    }
    return book_tear_down(state);
}

static void test_one_of_the_last_release_goes_on(void **state)
{
    (void)state;
    struct stat st;
    book_reopen();
    assert_false(book_needs_setup(book));
    assert_false(book_audit_broken(book));
    assert_int_equal(session(STORE_V1_BOBS_TOKEN).error, 0);
    assert_string_equal(session(STORE_V1_BOBS_TOKEN).user, "bob");
    struct reply ann = login("ann", STORE_V1_ANN);
    assert_int_equal(ann.error, 0);
    assert_int_equal(ann.role, ROLE_ADMINISTRATOR);
    struct reply bob = login("bob", STORE_V1_BOB);
    assert_int_equal(bob.error, 0);
    assert_int_equal(bob.role, ROLE_OPERATOR);
    assert_int_equal(login("carl", STORE_V1_CARL).error, -EACCES);
    assert_int_equal(login("ann", STORE_V1_BOB).error, -EACCES);
    assert_int_equal(book_save(book, now), 0);
    book_reopen();
    assert_false(book_audit_broken(book));
    assert_int_equal(session(ann.token).error, 0);
    book = book_close(book);
    assert_int_equal(store_ask(STORE, "SELECT count(*) FROM audit WHERE number <= 7"), 7);
    assert_int_equal(store_ask(STORE, "PRAGMA user_version"), STORE_VERSION);
    /* and as it was before */
    assert_int_equal(stat(STORE ".v1", &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    assert_int_equal(store_ask(STORE ".v1", "PRAGMA user_version"), 1);
    assert_int_equal(store_ask(STORE ".v1", "SELECT count(*) FROM audit"), 7);
    assert_int_equal(store_ask(STORE ".v1", "SELECT count(*) FROM users"), 3);
    assert_int_equal(access(STORE ".v1.new", F_OK), -1);
}

/* At every size at which the disk may be full: it is as it was, or as it will be. */
static void test_a_full_disk_leaves_it_as_it_was(void **state)
{
    (void)state;
    struct rlimit before, small;
    unsigned refused = 0;
    bool opened = false;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (rlim_t room = 0; !opened && room < 1000000; room += 4000) {
        small = (struct rlimit){room, before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int r = book_open(&book, STORE, now, why, sizeof why);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        opened = r == 0;
        if (opened)
            break;
        refused++;
        assert_non_null(strstr(why, "cannot"));
        int64_t version = store_ask(STORE, "PRAGMA user_version");
        assert_true(version == 1 || version == STORE_VERSION);
        assert_int_equal(store_ask(STORE, "SELECT count(*) FROM audit"), 7);
        if (version != 1)
            assert_int_equal(store_ask(STORE ".v1", "SELECT count(*) FROM users"), 3);
    }
    assert_true(opened);
    assert_true(refused > 5);
    assert_false(book_audit_broken(book));
    assert_int_equal(login("ann", STORE_V1_ANN).error, 0);
}

static void test_a_damaged_one_is_not_touched(void **state)
{
    (void)state;
    uint8_t trash[4096], before[65536], after[65536];
    memset(trash, 0x5a, sizeof trash);
    int fd = open(STORE, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, trash, sizeof trash, 3 * 4096), sizeof trash);
    ssize_t n = pread(fd, before, sizeof before, 0);
    assert_true(book_open(&book, STORE, now, why, sizeof why) < 0);
    assert_non_null(strstr(why, "damaged"));
    assert_int_equal(pread(fd, after, sizeof after, 0), n);
    assert_memory_equal(before, after, (size_t)n);
    assert_int_equal(access(STORE ".v1", F_OK), -1);
    close(fd);
}

static void test_the_newest_copies_are_kept(void **state)
{
    (void)state;
    book_reopen();
    assert_int_equal(store_copy(&book->store, STORE ".v2"), 0);
    assert_int_equal(store_ask(STORE ".v2", "PRAGMA user_version"), STORE_VERSION);
    assert_int_equal(store_copy(&book->store, STORE ".v2"), 0); /* one that is there is replaced */
    book_reopen();
    assert_int_equal(access(STORE ".v1", F_OK), 0);
    assert_int_equal(access(STORE ".v2", F_OK), 0);
}

static void test_one_of_the_next_release_is_refused_as_it_is(void **state)
{
    (void)state;
    static uint8_t before[1 << 20], after[1 << 20];
    book_reopen();
    book = book_close(book);
    char sql[200];
    snprintf(sql, sizeof sql,
             "CREATE TABLE doors (name TEXT PRIMARY KEY); ALTER TABLE users ADD COLUMN badge TEXT;"
             "PRAGMA user_version = %d",
             STORE_VERSION + 1);
    store_put(STORE, sql);
    int fd = open(STORE, O_RDONLY | O_CLOEXEC);
    ssize_t n = pread(fd, before, sizeof before, 0);
    assert_int_equal(book_open(&book, STORE, now, why, sizeof why), -EPROTO);
    assert_non_null(strstr(why, "newer"));
    assert_int_equal(pread(fd, after, sizeof after, 0), n);
    assert_memory_equal(before, after, (size_t)n);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, v1_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_of_the_last_release_goes_on),
        TEST(test_a_full_disk_leaves_it_as_it_was),
        TEST(test_a_damaged_one_is_not_touched),
        TEST(test_the_newest_copies_are_kept),
        TEST(test_one_of_the_next_release_is_refused_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
