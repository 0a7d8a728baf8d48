/* Login, lockout, and sessions over time. */
#include "book_fixture.h"
#include "core/text.h"

#include <time.h>

static void test_wrong_is_wrong_whatever_is_wrong(void **state)
{
    (void)state;
    struct reply wrong_password = login("ann", "correct horse batterz");
    struct reply no_user = login("nobody", PASSWORD);
    assert_int_equal(wrong_password.error, -EACCES);
    assert_int_equal(no_user.error, -EACCES);
    assert_string_equal(wrong_password.why, no_user.why);
    assert_int_equal(login("ANN", PASSWORD).error, 0); /* case of a name does not count */
}

/* Thread CPU time, because other programs run on this machine too. */
static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

static void test_an_unknown_user_costs_as_much_as_a_known_one(void **state)
{
    (void)state;
    int64_t known = INT64_MAX, unknown = INT64_MAX;
    for (int i = 0; i < 4; i++) { /* the least of some: what is done, without what disturbs */
        pass(HOUR);
        int64_t start = cpu_us();
        assert_int_equal(login("ann", "correct horse batterz").error, -EACCES);
        known = MIN(known, cpu_us() - start);
        start = cpu_us();
        assert_int_equal(login("nobody", "correct horse batterz").error, -EACCES);
        unknown = MIN(unknown, cpu_us() - start);
    }
    print_message("known %lld us, unknown %lld us\n", (long long)known, (long long)unknown);
    assert_true(unknown > known / 2 && unknown < known * 2);
    assert_true(unknown > 5000);
}

static void test_lockout_tells_for_how_long(void **state)
{
    (void)state;
    for (int i = 0; i < LOCKOUT_FREE_TRIES; i++)
        assert_int_equal(login("ann", "correct horse batterz").error, -EACCES);
    struct reply reply = login("ann", PASSWORD);
    assert_int_equal(reply.error, -EAGAIN);
    assert_int_equal(reply.retry_s, 1);
    pass(SECOND);
    assert_int_equal(login("ann", PASSWORD).error, 0);
    assert_int_equal(login("ann", PASSWORD).error, 0); /* forgotten */
}

static void test_an_account_is_guarded_against_many_peers(void **state)
{
    (void)state;
    struct reply reply = {0};
    for (int i = 0; i <= LOCKOUT_FREE_TRIES; i++) {
        struct request *request = request_of(KEEPER_LOGIN, "ann", "correct horse batterz");
        snprintf(request->peer, sizeof request->peer, "10.0.1.%d", i);
        reply = ask(request);
    }
    assert_int_equal(reply.error, -EAGAIN);
}

static void test_a_peer_is_slowed_whatever_names_it_tries(void **state)
{
    (void)state;
    struct reply reply = {0};
    for (int i = 0; i <= LOCKOUT_FREE_TRIES; i++) {
        char name[16];
        snprintf(name, sizeof name, "user%d", i);
        reply = login(name, PASSWORD);
    }
    assert_int_equal(reply.error, -EAGAIN);
    struct request *request = request_of(KEEPER_LOGIN, "ann", PASSWORD);
    text_copy(request->peer, sizeof request->peer, "10.0.0.2");
    assert_int_equal(ask(request).error, 0);
}

static void test_tries_that_run_at_once_all_count(void **state)
{
    (void)state;
    struct request *requests[LOCKOUT_FREE_TRIES + 1];
    enum book_next next = BOOK_HASH;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        requests[i] = request_of(KEEPER_LOGIN, "ann", "correct horse batterz");
        next = book_begin(book, requests[i], now);
    }
    assert_int_equal(next, BOOK_ANSWER);
    assert_int_equal(reply_read(requests[LOCKOUT_FREE_TRIES]).error, -EAGAIN);
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
        keeper_request_destroy(requests[i]);
}

static void test_an_idle_session_ends_after_an_hour(void **state)
{
    (void)state;
    struct reply reply = login("ann", PASSWORD);
    pass(59 * MINUTE);
    assert_int_equal(session(reply.token).error, 0); /* that was use */
    pass(59 * MINUTE);
    assert_int_equal(session(reply.token).error, 0);
    pass(61 * MINUTE);
    struct reply late = session(reply.token);
    assert_int_equal(late.error, -EACCES);
    bool told = false;
    for (unsigned i = 0; i < late.n_ended; i++)
        told |= late.ended[i] == reply.id;
    assert_true(told);
}

static void test_no_session_lives_longer_than_twelve_hours(void **state)
{
    (void)state;
    struct reply reply = login("ann", PASSWORD);
    int64_t lived = 0;
    while (session(reply.token).error == 0 && lived < 24 * HOUR) {
        pass(30 * MINUTE);
        lived += 30 * MINUTE;
    }
    assert_int_equal(lived / MINUTE, 12 * 60);
}

static void test_sessions_survive_a_restart_and_age_meanwhile(void **state)
{
    (void)state;
    struct reply reply = login("ann", PASSWORD);
    now.us = 5 * SECOND; /* the machine itself was restarted */
    now.wall_s += 30 * 60;
    book_reopen();
    struct reply again = session(reply.token);
    assert_int_equal(again.error, 0);
    assert_int_equal(again.id, reply.id);
    assert_string_equal(again.user, "ann");
    assert_int_equal(book_save(book, now), 0);
    now.us = 5 * SECOND;
    now.wall_s += 61 * 60;
    book_reopen();
    assert_int_equal(session(reply.token).error, -EACCES);
}

static void test_the_wall_clock_does_not_count_while_running(void **state)
{
    (void)state;
    struct reply reply = login("ann", PASSWORD);
    now.wall_s += 10 * 365 * 86400ll;
    assert_int_equal(session(reply.token).error, 0);
    now.wall_s = 0;
    assert_int_equal(session(reply.token).error, 0);
}

static void test_setting_the_clock_ages_no_session(void **state)
{
    (void)state;
    now = (struct instant){.us = 60 * SECOND, .wall_s = 100, .boot = 7}; /* no clock of its own: 1970 */
    book_reopen();
    struct reply reply = login("ann", PASSWORD);
    now.us += 20 * MINUTE;
    now.wall_s = 1900000000; /* somebody set it, and the keeper was started again */
    book_reopen();
    assert_int_equal(session(reply.token).error, 0);
    assert_int_equal(book_save(book, now), 0);
    now.us += 50 * MINUTE;
    now.wall_s = 5;
    book_reopen();
    assert_int_equal(session(reply.token).error, 0);
    assert_int_equal(book_save(book, now), 0);
    now.us += 61 * MINUTE;
    now.wall_s = 0; /* and none gets younger */
    book_reopen();
    assert_int_equal(session(reply.token).error, -EACCES);
}

static void test_a_session_of_unknown_age_ends(void **state)
{
    (void)state;
    now.boot = 7;
    book_reopen();
    struct reply reply = login("ann", PASSWORD);
    now = (struct instant){.us = 5 * SECOND, .wall_s = 100, .boot = 8}; /* started again, in 1970 */
    book_reopen();
    assert_int_equal(session(reply.token).error, -EACCES);
}

static void test_a_login_ends_the_session_it_came_from(void **state)
{
    (void)state;
    struct reply old = login("ann", PASSWORD);
    struct request *request = request_of(KEEPER_LOGIN, "ann", PASSWORD);
    text_copy(request->token, sizeof request->token, old.token);
    struct reply new = ask(request);
    assert_int_equal(new.error, 0);
    assert_int_equal(new.n_ended, 1);
    assert_int_equal(new.ended[0], old.id);
    assert_string_not_equal(new.token, old.token);
    assert_int_equal(session(old.token).error, -EACCES);
    request = request_of(KEEPER_LOGIN, "ann", "correct horse batterz");
    text_copy(request->token, sizeof request->token, new.token);
    assert_int_equal(ask(request).error, -EACCES);
    assert_int_equal(session(new.token).error, 0); /* a failed login ends nothing */
}

static void test_logout_holds_after_a_restart(void **state)
{
    (void)state;
    struct reply reply = login("ann", PASSWORD);
    struct request *request = request_of(KEEPER_LOGOUT, "", "");
    request->id = reply.id;
    assert_int_equal(ask(request).error, -EACCES); /* the number alone is not enough */
    struct session *s = sessions_find(&book->sessions, reply.token);
    request = request_of(KEEPER_LOGOUT, "", "");
    request->id = reply.id;
    memcpy(request->token_hash, s->token_hash, sizeof request->token_hash);
    struct reply out = ask(request);
    assert_int_equal(out.error, 0);
    assert_int_equal(out.n_ended, 1);
    book_reopen();
    assert_int_equal(session(reply.token).error, -EACCES);
}

static void test_a_user_has_a_bounded_number_of_sessions(void **state)
{
    (void)state;
    struct reply first = login("ann", PASSWORD), last = first;
    for (int i = 0; i < SESSIONS_PER_USER; i++) {
        pass(SECOND);
        last = login("ann", PASSWORD);
        assert_int_equal(last.error, 0);
    }
    assert_int_equal(session(first.token).error, -EACCES);
    assert_int_equal(session(last.token).error, 0);
    book_reopen();
    assert_int_equal(book->sessions.n, SESSIONS_PER_USER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(book_with_ann, test_wrong_is_wrong_whatever_is_wrong),
        TEST_WITH(book_with_ann, test_an_unknown_user_costs_as_much_as_a_known_one),
        TEST_WITH(book_with_ann, test_lockout_tells_for_how_long),
        TEST_WITH(book_with_ann, test_an_account_is_guarded_against_many_peers),
        TEST_WITH(book_with_ann, test_a_peer_is_slowed_whatever_names_it_tries),
        TEST_WITH(book_with_ann, test_tries_that_run_at_once_all_count),
        TEST_WITH(book_with_ann, test_an_idle_session_ends_after_an_hour),
        TEST_WITH(book_with_ann, test_no_session_lives_longer_than_twelve_hours),
        TEST_WITH(book_with_ann, test_sessions_survive_a_restart_and_age_meanwhile),
        TEST_WITH(book_with_ann, test_the_wall_clock_does_not_count_while_running),
        TEST_WITH(book_with_ann, test_setting_the_clock_ages_no_session),
        TEST_WITH(book_with_ann, test_a_session_of_unknown_age_ends),
        TEST_WITH(book_with_ann, test_a_login_ends_the_session_it_came_from),
        TEST_WITH(book_with_ann, test_logout_holds_after_a_restart),
        TEST_WITH(book_with_ann, test_a_user_has_a_bounded_number_of_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
