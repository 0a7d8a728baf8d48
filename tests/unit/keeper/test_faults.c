/* The keeper when its surroundings fail: memory, descriptors, the clock. It may refuse; it does not crash, it lets
 * nobody in, and afterwards everything is as it was. */
#include "book_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "core/log.h"

static char why[KEEPER_MAX_REASON];

/* ---- memory: each allocation in its turn is refused, by SQLite, OpenSSL and ours alike ---- */

static long refuse_at = -1; /* so many more go well; -1: all */

#ifndef LIGHTSOUT_SANITIZED
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *was, size_t size);

static bool refused(void)
{
    if (refuse_at < 0)
        return false;
    return refuse_at-- == 0;
}

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *was, size_t size)
{
    return refused() ? NULL : __libc_realloc(was, size);
}
#endif

/* Whether the n-th allocation came to be asked for. */
static bool was_refused(void)
{
    bool was = refuse_at < 0;
    refuse_at = -1;
    return was;
}

static int try_log_in(const char *password, long n)
{
    struct request *request = request_of(KEEPER_LOGIN, "ann", password);
    refuse_at = n;
    if (book_begin(book, request, now) == BOOK_HASH) {
        request_hash(request);
        book_finish(book, request, now);
    }
    struct wire_reader r = wire_reader_init(request->body, wire_written(&request->answer));
    int error = -(int)wire_read_le32(&r);
    return keeper_request_destroy(request), error;
}

static void test_without_memory_nobody_gets_in(void **state)
{
    (void)state;
    unsigned refusals = 0;
    for (long n = 0; n < 4000; n += 1 + n / 4) {
        pass(HOUR); /* tries do not count any more */
        int error = try_log_in("wrong battery horse", n);
        bool was = was_refused();
        refusals += was;
        assert_true(error < 0);
        if (!was)
            break;
    }
    for (long n = 0; n < 4000; n += 1 + n / 4) {
        pass(HOUR);
        int error = try_log_in(PASSWORD, n);
        if (!was_refused()) {
            assert_int_equal(error, 0);
            break;
        }
        struct request *request = request_of(KEEPER_SESSION, "", "");
        memset(request->token, 'a', AUTH_TOKEN_HEX);
        refuse_at = n;
        book_begin(book, request, now);
        refuse_at = -1;
        assert_int_equal(reply_read(request).error, -EACCES);
        keeper_request_destroy(request);
    }
    book_reopen();
    assert_false(book_audit_broken(book));
    assert_int_equal(login("ann", PASSWORD).error, 0);
#ifndef LIGHTSOUT_SANITIZED
    assert_true(refusals > 5);
#endif
}

static void test_without_memory_a_change_is_whole_or_not(void **state)
{
    (void)state;
    unsigned refusals = 0;
    bool made = false;
    for (long n = 0; n < 20000 && !made; n += 1 + n / 8) {
        struct user user;
        struct request *request = request_of(KEEPER_USER_PUT, "bob", PASSWORD);
        request->flags = KEEPER_CHANGE_CREATE;
        request->role = ROLE_OPERATOR;
        refuse_at = n;
        if (book_begin(book, request, now) == BOOK_HASH) {
            request_hash(request);
            book_finish(book, request, now);
        }
        refusals += was_refused();
        struct reply reply = reply_read(request);
        keeper_request_destroy(request);
        made = user_find(&book->store, "bob", &user) == 1;
        assert_int_equal(made, reply.error == 0);
    }
    assert_true(made);
    book_reopen();
    assert_false(book_audit_broken(book));
    assert_int_equal(login("bob", PASSWORD).error, 0);
#ifndef LIGHTSOUT_SANITIZED
    assert_true(refusals > 5);
#endif
}

static void test_without_memory_it_starts_or_says_so(void **state)
{
    (void)state;
    book = book_close(book);
    for (long n = 0; n < 100000; n += 1 + n / 8) {
        refuse_at = n;
        int r = book_open(&book, STORE, now, why, sizeof why);
        bool was = was_refused();
        if (r == 0) {
            assert_false(book_needs_setup(book)); /* never taken for an empty one */
            book = book_close(book);
        }
        if (!was)
            break;
    }
    book_reopen();
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

/* ---- descriptors ---- */

static void test_without_descriptors_it_says_so_and_goes_on(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    none = (struct rlimit){(rlim_t)next, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct reply right = login("ann", PASSWORD), wrong = login("ann", "wrong battery horse");
    int saved = book_save(book, now);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(wrong.error, -EACCES);
    assert_true(right.error == 0 || right.error == -EIO);
    assert_true(saved == 0 || saved == -EIO);
    assert_int_equal(book_save(book, now), 0);
    book = book_close(book);
    next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    none.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int r = book_open(&book, STORE, now, why, sizeof why);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(r < 0);
    assert_true(why[0]);
    book_reopen();
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

/* ---- the clock: as a machine without a battery has it, and as one that was told nonsense ---- */

static void start_again_at(int64_t wall_s)
{
    assert_int_equal(book_save(book, now), 0);
    now.wall_s = wall_s;
    now.us = 60 * SECOND; /* the machine was started anew as well */
    now.boot++;
    book_reopen();
}

static void check_doors(const char *token)
{
    assert_int_equal(session(token).error, -EACCES);
    assert_int_equal(login("ann", "wrong battery horse").error, -EACCES);
    struct reply reply = login("ann", PASSWORD);
    assert_int_equal(reply.error, 0);
    assert_int_equal(session(reply.token).error, 0);
    assert_false(book_audit_broken(book));
}

static void test_clocks_that_jump_revive_no_session(void **state)
{
    (void)state;
    static const int64_t ten_years = 10 * 366 * 86400ll;
    const int64_t then = now.wall_s;
    struct reply first = login("ann", PASSWORD);
    start_again_at(0);
    check_doors(first.token);
    struct reply early = login("ann", PASSWORD);
    start_again_at(then + ten_years);
    check_doors(early.token);
    struct reply late = login("ann", PASSWORD);
    start_again_at(then);
    check_doors(late.token);
    assert_int_equal(session(first.token).error, -EACCES);
    start_again_at(-5);
    check_doors(late.token);
    start_again_at(INT64_MAX / 4);
    check_doors(late.token);
}

/* While it runs, only the time that nobody sets counts. */
static void test_a_clock_that_is_set_changes_no_session(void **state)
{
    (void)state;
    struct reply reply = login("ann", PASSWORD);
    now.wall_s = 0;
    assert_int_equal(session(reply.token).error, 0);
    now.wall_s = 5000000000;
    assert_int_equal(session(reply.token).error, 0);
    pass(13 * HOUR);
    now.wall_s = 1800000000;
    assert_int_equal(session(reply.token).error, -EACCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(book_with_ann, test_without_memory_nobody_gets_in),
        TEST_WITH(book_with_ann, test_without_memory_a_change_is_whole_or_not),
        TEST_WITH(book_with_ann, test_without_memory_it_starts_or_says_so),
        TEST_WITH(book_with_ann, test_without_descriptors_it_says_so_and_goes_on),
        TEST_WITH(book_with_ann, test_clocks_that_jump_revive_no_session),
        TEST_WITH(book_with_ann, test_a_clock_that_is_set_changes_no_session),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
