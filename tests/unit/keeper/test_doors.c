/* One count of tries for all doors together, over simulated time: who guesses has twenty an hour and account, and who
 * has logged in from a browser before gets in meanwhile. */
#include "account_fixture.h"
#include "auth/keeper/devices.h"

#define GUESSES 100000
#define EVERY_US (360 * 1000ll) /* so that it takes ten hours */
#define ACCOUNTS 4
#define EVALUATED_MAX 4096

static struct evaluated {
    int64_t at_us[EVALUATED_MAX];
    unsigned n;
} accounts[ACCOUNTS], stolen_session;

static void evaluated(struct evaluated *self)
{
    assert_true(self->n < EVALUATED_MAX);
    self->at_us[self->n++] = now.us;
}

static unsigned most_in_an_hour(const struct evaluated *self)
{
    unsigned most = 0;
    for (unsigned i = 0, first = 0; i < self->n; i++) {
        while (self->at_us[first] + HOUR <= self->at_us[i])
            first++;
        most = MAX(most, i - first + 1);
    }
    return most;
}

static uint32_t luck = 1;

static uint32_t roll(uint32_t n)
{
    luck = luck * 1664525u + 1013904223u;
    return (luck >> 8) % n;
}

/* As hashing would be, but for the costs: what a guess comes to is never the right one. */
static void answer_guess(struct request *request, enum book_next next, struct evaluated *count)
{
    if (next == BOOK_HASH) {
        evaluated(count);
        text_copy(request->hash, sizeof request->hash, "$y$wrong");
        assert_int_equal(book_finish(book, request, now), BOOK_ANSWER);
    }
    int error = reply_read(request).error;
    assert_true(error == -EACCES || error == -EAGAIN);
    keeper_request_destroy(request);
}

/* From any address there is. */
static void somewhere(struct request *request)
{
    if (roll(2))
        snprintf(request->peer, sizeof request->peer, "10.%u.%u.%u", roll(256), roll(256), roll(256));
    else
        snprintf(request->peer, sizeof request->peer, "2001:db8:%x:%x::%x", roll(65536), roll(65536), roll(65536));
}

static void guess_password(unsigned account)
{
    char name[16];
    snprintf(name, sizeof name, "user%u", account);
    struct request *request = request_of(KEEPER_LOGIN, name, "some guess or other");
    somewhere(request);
    if (roll(2)) /* a made-up token of a browser is none */
        memset(request->device, 'a' + (char)roll(6), AUTH_TOKEN_HEX);
    answer_guess(request, book_begin(book, request, now), &accounts[account]);
}

/* Of somebody whose password has become known: its hash is right, the code is guessed. */
static char known_hash[PASSWORD_HASH_SIZE];

static void guess_code(unsigned account)
{
    char name[16];
    snprintf(name, sizeof name, "user%u", account);
    struct request *request = request_of(KEEPER_LOGIN, name, PASSWORD);
    snprintf(request->code, sizeof request->code, "%06u", roll(1000000));
    somewhere(request);
    if (book_begin(book, request, now) == BOOK_HASH) {
        evaluated(&accounts[account]);
        text_copy(request->hash, sizeof request->hash, known_hash);
        assert_int_equal(book_finish(book, request, now), BOOK_ANSWER);
    }
    assert_int_not_equal(reply_read(request).error, 0);
    keeper_request_destroy(request);
}

static struct reply stolen;

static void guess_own_password(void)
{
    struct request *request = own(roll(2) ? KEEPER_OWN_PASSWORD : KEEPER_TOTP_DROP, &stolen);
    text_copy(request->password, sizeof request->password, "some guess or other");
    text_copy(request->new_password, sizeof request->new_password, "another good phrase");
    somewhere(request);
    answer_guess(request, book_begin(book, request, now), &stolen_session);
}

static void guess_api_token(void)
{
    struct request *request = request_of(KEEPER_SESSION, "", "");
    snprintf(request->token, sizeof request->token, "lo_%064x", roll(1u << 24));
    somewhere(request);
    int error = ask(request).error;
    assert_true(error == -EACCES || error == -EAGAIN);
}

static void guess_name(void)
{
    struct evaluated nobody = {.n = 0};
    char name[24];
    snprintf(name, sizeof name, "made-up-%u", roll(100000));
    struct request *request = request_of(KEEPER_LOGIN, name, "some guess or other");
    somewhere(request);
    answer_guess(request, book_begin(book, request, now), &nobody);
}

static struct reply enter(unsigned account, const char *browser)
{
    char name[16];
    snprintf(name, sizeof name, "user%u", account);
    struct request *request = request_of(KEEPER_LOGIN, name, PASSWORD);
    snprintf(request->device, sizeof request->device, "%s", browser);
    return ask(request);
}

static void guess_somehow(unsigned i)
{
    switch (i % 8) {
    case 0:
        guess_own_password();
        break;
    case 1:
        guess_code(1); /* of the one with a second factor */
        break;
    case 2:
        guess_api_token();
        break;
    case 3:
        guess_name();
        break;
    default:
        guess_password(roll(ACCOUNTS));
    }
}

static void test_a_hundred_thousand_guesses(void **state)
{
    (void)state;
    struct reply real[ACCOUNTS];
    unsigned entered = 0;
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "user%u", i);
        assert_int_equal(put(name, PASSWORD, ROLE_OPERATOR, true).error, 0);
        real[i] = enter(i, "");
        assert_int_equal(strlen(real[i].browser), AUTH_TOKEN_HEX);
    }
    get_factor(&real[1]);
    struct user user;
    assert_int_equal(user_find(&book->store, "user1", &user), 1);
    text_copy(known_hash, sizeof known_hash, user.hash);
    stolen = enter(0, "");
    for (unsigned i = 0; i < GUESSES; i++) {
        pass(EVERY_US);
        now.wall_s = 1800000000 + now.us / SECOND - 1000 * 3600;
        if (i % 1000 == 0) { /* a request keeps the stolen session from idling out; at the end it is too old */
            session(stolen.token);
            struct session *s = sessions_find(&book->sessions, stolen.token);
            if (!s)
                stolen = enter(0, real[0].browser);
        }
        guess_somehow(i);
        if (i % 9973 == 5000) { /* now and then the keeper is started anew, and the counters are still there */
            assert_int_equal(book_save(book, now), 0);
            book_reopen();
        }
        if (i % 18000 == 17999) { /* and the users come to work */
            assert_int_equal(enter(0, real[0].browser).error, 0);
            assert_int_equal(enter(2, real[2].browser).error, 0);
            struct reply second = enter(1, real[1].browser);
            assert_int_equal(second.error, -ENOKEY);
            entered++;
        }
    }
    assert_int_equal(entered, GUESSES / 18000);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        print_message("account %u: %u guesses evaluated, at most %u in an hour\n", i, accounts[i].n,
                      most_in_an_hour(&accounts[i]));
        assert_in_range(most_in_an_hour(&accounts[i]), LOCKOUT_FREE_TRIES, LOCKOUT_TRIES);
    }
    print_message("a stolen session: %u, at most %u in an hour\n", stolen_session.n, most_in_an_hour(&stolen_session));
    assert_in_range(most_in_an_hour(&stolen_session), 1, LOCKOUT_TRIES);
}

static struct reply try_from(const char *peer, const char *browser, const char *password)
{
    struct request *request = request_of(KEEPER_LOGIN, "ann", password);
    snprintf(request->peer, sizeof request->peer, "%s", peer);
    snprintf(request->device, sizeof request->device, "%s", browser);
    return ask(request);
}

static void test_a_browser_has_a_budget_of_its_own(void **state)
{
    (void)state;
    struct reply in = login("ann", PASSWORD), reply = {0};
    for (int i = 0; i < 10 && reply.error != -EAGAIN; i++) /* from the very address of the user */
        reply = try_from("10.0.0.1", "", "correct horse batterz");
    assert_int_equal(reply.error, -EAGAIN);
    assert_int_equal(try_from("10.0.0.2", "", PASSWORD).error, -EAGAIN);
    struct reply again = try_from("10.0.0.1", in.browser, PASSWORD);
    assert_int_equal(again.error, 0);
    assert_string_equal(again.browser, "");                              /* it has one that is young enough */
    assert_int_equal(try_from("10.0.0.2", "", PASSWORD).error, -EAGAIN); /* that gave the others nothing */
    for (int i = 0; i < 10 && reply.error != -EACCES; i++)
        reply = try_from("10.0.0.1", in.browser, "correct horse batterz");
    reply.error = 0;
    for (int i = 0; i < 10 && reply.error != -EAGAIN; i++)
        reply = try_from("10.0.0.1", in.browser, "correct horse batterz");
    assert_int_equal(reply.error, -EAGAIN); /* but no more than others have */
}

static void test_a_browser_is_known_for_ninety_days(void **state)
{
    (void)state;
    struct reply in = login("ann", PASSWORD);
    pass(61 * 24 * HOUR);
    struct reply renewed = try_from("10.0.0.1", in.browser, PASSWORD);
    assert_int_equal(strlen(renewed.browser), AUTH_TOKEN_HEX);
    assert_string_not_equal(renewed.browser, in.browser);
    uint8_t hash[32];
    int64_t age_s;
    assert_int_equal(device_known(&book->store, in.browser, 1, now, hash, &age_s), 1); /* the answer may be lost */
    pass(30 * 24 * HOUR);
    assert_int_equal(device_known(&book->store, in.browser, 1, now, hash, &age_s), 0);
    assert_int_equal(device_known(&book->store, renewed.browser, 1, now, hash, &age_s), 1);
    assert_int_equal(device_known(&book->store, renewed.browser, 2, now, hash, &age_s), 0); /* somebody else's */
    char bad[AUTH_TOKEN_HEX + 2];
    for (size_t n = 0; n < AUTH_TOKEN_HEX; n++) {
        snprintf(bad, sizeof bad, "%.*s", (int)n, renewed.browser);
        assert_int_equal(device_known(&book->store, bad, 1, now, hash, &age_s), 0);
        text_copy(bad, sizeof bad, renewed.browser);
        bad[n] ^= 1;
        assert_int_equal(device_known(&book->store, bad, 1, now, hash, &age_s), 0);
    }
    snprintf(bad, sizeof bad, "%s0", renewed.browser);
    assert_int_equal(device_known(&book->store, bad, 1, now, hash, &age_s), 0);
}

static unsigned rows_of(const char *table)
{
    char sql[64];
    _cleanup_statement_ *statement = NULL;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    assert_int_equal(store_query(&book->store, &statement, sql, ""), 0);
    assert_int_equal(store_row(&book->store, statement), 1);
    return (unsigned)sqlite3_column_int(statement, 0);
}

static void test_sixteen_browsers_a_user(void **state)
{
    (void)state;
    struct reply first = login("ann", PASSWORD), last = first;
    for (int i = 0; i < DEVICES_PER_USER; i++) {
        pass(SECOND);
        last = login("ann", PASSWORD);
    }
    assert_int_equal(rows_of("devices"), DEVICES_PER_USER);
    uint8_t hash[32];
    int64_t age_s;
    assert_int_equal(device_known(&book->store, first.browser, 1, now, hash, &age_s), 0);
    assert_int_equal(device_known(&book->store, last.browser, 1, now, hash, &age_s), 1);
    assert_int_equal(put("ann", "another good phrase", ROLE_NONE, false).error, 0);
    assert_int_equal(rows_of("devices"), 0); /* whoever knew the old one starts anew */
}

static void test_counters_outlive_the_keeper(void **state)
{
    (void)state;
    struct reply reply = {0};
    for (int i = 0; i < 10 && reply.error != -EAGAIN; i++)
        reply = login("ann", "correct horse batterz");
    assert_int_equal(reply.error, -EAGAIN);
    assert_int_equal(book_save(book, now), 0);
    book_reopen();
    struct reply after = login("ann", PASSWORD);
    assert_int_equal(after.error, -EAGAIN);
    assert_in_range(after.retry_s, 1, reply.retry_s + 1);
    assert_int_equal(try_from("10.0.0.9", "", PASSWORD).error, -EAGAIN); /* the account's, not just the address's */
    now.wall_s -= 7200; /* set back meanwhile, and the machine was started again: they count from now on */
    now.us = 5 * SECOND;
    now.boot++;
    book_reopen();
    assert_int_equal(login("ann", PASSWORD).error, -EAGAIN);
    pass(HOUR);
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

/* Others who keep the hashing threads busy use up nobody's tries. */
static void test_what_nobody_looked_at_is_no_try(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * LOCKOUT_TRIES; i++) {
        struct request *request = request_of(KEEPER_LOGIN, "ann", PASSWORD);
        assert_int_equal(book_begin(book, request, now), BOOK_HASH);
        request->hash_error = -EAGAIN;
        assert_int_equal(book_finish(book, request, now), BOOK_ANSWER);
        assert_int_equal(reply_read(request).error, -EAGAIN);
        keeper_request_destroy(request);
    }
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

static void test_the_table_stays_small(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        pass(SECOND / 2);
        guess_name();
        if (i % 250 == 0)
            assert_int_equal(book_save(book, now), 0);
    }
    assert_int_equal(book_save(book, now), 0);
    assert_in_range(rows_of("tries"), 512, 2 * (1024 + 2048));
    pass(2 * HOUR);
    guess_name();
    assert_int_equal(book_save(book, now), 0);
    assert_in_range(rows_of("tries"), 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(account_set_up, test_a_hundred_thousand_guesses),
        TEST_WITH(account_set_up, test_a_browser_has_a_budget_of_its_own),
        TEST_WITH(account_set_up, test_a_browser_is_known_for_ninety_days),
        TEST_WITH(account_set_up, test_sixteen_browsers_a_user),
        TEST_WITH(account_set_up, test_counters_outlive_the_keeper),
        TEST_WITH(account_set_up, test_what_nobody_looked_at_is_no_try),
        TEST_WITH(account_set_up, test_the_table_stays_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
