/* The audit log: chained, append-only, bounded. */
#include "book_fixture.h"

static void add(int n, const char *detail)
{
    for (int i = 0; i < n; i++) {
        audit_add(&book->audit, now.wall_s, "ann", "power", "demo", detail);
        if (book->audit.n == AUDIT_WAITING)
            assert_int_equal(book_save(book, now), 0);
    }
    assert_int_equal(book_save(book, now), 0);
}

/* Somebody with the file and an SQLite of his own, triggers out of the way. */
static void tamper(const char *sql)
{
    sqlite3 *db;
    char *why = NULL;
    book = book_close(book);
    assert_int_equal(sqlite3_open(STORE, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays;"
                                  "DROP TRIGGER audit_heads_keep; DROP TRIGGER audit_heads_stay",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    int code = sqlite3_exec(db, sql, NULL, NULL, &why);
    if (why)
        print_error("%s\n", why);
    sqlite3_free(why);
    assert_int_equal(code, SQLITE_OK);
    assert_int_equal(sqlite3_changes(db), 1);
    sqlite3_close(db);
    book_reopen();
}

static uint64_t newest(struct audit_line *ret)
{
    _cleanup_statement_ *statement = NULL;
    assert_int_equal(audit_before(&book->store, 0, &statement), 0);
    assert_int_equal(audit_row(&book->store, statement, ret), 1);
    return ret->number;
}

/* As `lightsout audit verify` does it, without a key from outside. */
static void check_all(enum audit_verdict expected)
{
    static struct audit_check check;
    struct audit_keys_held held;
    check = (struct audit_check){0};
    assert_int_equal(audit_rows_check(book->store.db, &check, NULL), 0);
    assert_int_equal(audit_keys_held(&book->audit.keys, &held), 0);
    audit_check_end(&check, &held);
    if (check.verdict != expected)
        print_error("line %llu: %s\n", (unsigned long long)check.line, check.why);
    assert_int_equal(check.verdict, expected);
}

static void test_unbroken_when_left_alone(void **state)
{
    (void)state;
    struct audit_line line;
    add(50, "on");
    book_reopen();
    assert_false(book_audit_broken(book));
    assert_int_equal(newest(&line), 50);
    assert_string_equal(line.text.who, "ann");
    assert_string_equal(line.text.target, "demo");
    assert_int_equal(line.time, now.wall_s);
}

static void test_a_changed_row_shows(void **state)
{
    (void)state;
    add(10, "on");
    tamper("UPDATE audit SET detail = 'off' WHERE number = 5");
    assert_true(book_audit_broken(book));
    assert_int_equal(book_save(book, now), 0);
    struct audit_line line;
    newest(&line);
    assert_string_equal(line.text.what, "audit-chain-broken");
    assert_memory_equal(line.text.detail, "line 5 is not", 13);
}

static void test_a_removed_row_shows(void **state)
{
    (void)state;
    add(10, "on");
    tamper("DELETE FROM audit WHERE number = 5");
    assert_true(book_audit_broken(book));
}

static void test_rows_removed_at_the_old_end_show(void **state)
{
    (void)state;
    add(10, "on");
    tamper("DELETE FROM audit WHERE number = 1");
    assert_true(book_audit_broken(book));
}

static void test_a_moved_anchor_shows(void **state)
{
    (void)state;
    add(10, "on");
    tamper("UPDATE audit_anchor SET number = 3");
    assert_true(book_audit_broken(book));
}

static void test_the_store_itself_refuses_to_forget(void **state)
{
    (void)state;
    add(3, "on");
    assert_true(store_run(&book->store, "UPDATE audit SET who = 'bob' WHERE number = 2", "") < 0);
    assert_true(store_run(&book->store, "DELETE FROM audit WHERE number = 2", "") < 0);
}

static void test_bounded_and_still_chained(void **state)
{
    (void)state;
    book->audit.keep = AUDIT_KEEP_MIN;
    add(AUDIT_KEEP_MIN + 3 * AUDIT_KEEP_SLACK, "on");
    struct audit_line line;
    assert_true(newest(&line) > AUDIT_KEEP_MIN + 3 * AUDIT_KEEP_SLACK); /* what was removed is a line too */
    _cleanup_statement_ *statement = NULL;
    assert_int_equal(store_query(&book->store, &statement, "SELECT count(*), min(number) FROM audit", ""), 0);
    assert_int_equal(store_row(&book->store, statement), 1);
    int64_t kept = sqlite3_column_int64(statement, 0);
    assert_in_range(kept, AUDIT_KEEP_MIN, AUDIT_KEEP_MIN + AUDIT_KEEP_SLACK);
    assert_true(sqlite3_column_int64(statement, 1) > 1);
    sqlite3_finalize(take(statement));
    check_all(AUDIT_FINE);
    book_reopen();
    assert_false(book_audit_broken(book));
}

static void test_lines_beyond_what_can_wait_are_counted(void **state)
{
    (void)state;
    for (int i = 0; i < AUDIT_WAITING + 7; i++)
        audit_add(&book->audit, now.wall_s, "ann", "power", "demo", "on");
    assert_int_equal(book_save(book, now), 0);
    struct audit_line line;
    assert_int_equal(newest(&line), AUDIT_WAITING + 1);
    assert_string_equal(line.text.what, "audit-lost");
    assert_memory_equal(line.text.detail, "7 lines", 7);
}

static void test_long_and_odd_texts_are_kept_as_far_as_they_fit(void **state)
{
    (void)state;
    char text[2000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? '\xa4' : '\xc3';
    text[sizeof text - 1] = 0;
    audit_add(&book->audit, now.wall_s, "a\nb\x1b[31m", text, "", text);
    assert_int_equal(book_save(book, now), 0);
    struct audit_line line;
    newest(&line);
    assert_string_equal(line.text.who, "a\nb\x1b[31m"); /* escaping is the business of who shows it */
    assert_int_equal(strlen(line.text.what), KEEPER_MAX_WHAT);
    assert_int_equal(strlen(line.text.detail), KEEPER_MAX_DETAIL);
    book_reopen();
    assert_false(book_audit_broken(book));
}

static void test_reading_goes_back_in_pages(void **state)
{
    (void)state;
    char detail[401];
    memset(detail, 'x', 400);
    detail[400] = 0;
    add(100, detail);
    uint64_t before = 0;
    unsigned lines = 0, pages = 0;
    for (bool more = true; more; pages++) {
        struct request *request = request_of(KEEPER_AUDIT_READ, "", "");
        request->before = before;
        request->limit = 1000;
        assert_int_equal(book_begin(book, request, now), BOOK_ANSWER);
        struct wire_reader r = wire_reader_init(request->body, wire_written(&request->answer));
        wire_read_bytes(&r, 10);
        more = wire_read_u8(&r);
        for (unsigned n = wire_read_le16(&r); n; n--, lines++) {
            before = wire_read_le64(&r);
            assert_int_equal(before, 100 - lines);
            wire_read_le64(&r);
            char text[KEEPER_MAX_DETAIL + 1];
            for (int i = 0; i < 4; i++)
                assert_true(ipc_read_string(&r, text, sizeof text));
        }
        assert_true(wire_read_complete(&r));
        keeper_request_destroy(request);
    }
    assert_int_equal(lines, 100);
    assert_true(pages > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(book_set_up, test_unbroken_when_left_alone),
        TEST_WITH(book_set_up, test_a_changed_row_shows),
        TEST_WITH(book_set_up, test_a_removed_row_shows),
        TEST_WITH(book_set_up, test_rows_removed_at_the_old_end_show),
        TEST_WITH(book_set_up, test_a_moved_anchor_shows),
        TEST_WITH(book_set_up, test_the_store_itself_refuses_to_forget),
        TEST_WITH(book_set_up, test_bounded_and_still_chained),
        TEST_WITH(book_set_up, test_lines_beyond_what_can_wait_are_counted),
        TEST_WITH(book_set_up, test_long_and_odd_texts_are_kept_as_far_as_they_fit),
        TEST_WITH(book_set_up, test_reading_goes_back_in_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
