/* The second factor: the standard's numbers, and what a code opens, once. */
#include "account_fixture.h"

static void test_the_vectors_of_rfc_6238(void **state)
{
    (void)state;
    static const struct {
        int64_t time;
        const char *code; /* of appendix B, SHA-1: the last six of eight digits */
    } vectors[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char code[TOTP_DIGITS + 1];
        assert_true(totp_code((const uint8_t *)"12345678901234567890", 20, totp_step(vectors[i].time), code));
        assert_string_equal(code, vectors[i].code);
    }
}

static void test_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    char text[17];
    totp_base32((const uint8_t *)"foobar1234", 5, text);
    assert_string_equal(text, "MZXW6YTB");
    totp_base32((const uint8_t *)"12345678901234567890", 10, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQ");
}

static void test_one_step_of_slack_each_way(void **state)
{
    (void)state;
    static const uint8_t secret[TOTP_SECRET_SIZE] = "12345678901234567890";
    int64_t step, base = 1234567890;
    for (int away = -3; away <= 3; away++) {
        char code[TOTP_DIGITS + 1];
        assert_true(totp_code(secret, sizeof secret, totp_step(base) + away, code));
        assert_int_equal(totp_match(secret, code, base, 0, &step), away >= -1 && away <= 1);
        if (away >= -1 && away <= 1)
            assert_int_equal(step, totp_step(base) + away);
    }
}

static void test_a_uri_that_nothing_breaks_out_of(void **state)
{
    (void)state;
    char uri[KEEPER_MAX_URI];
    assert_true(totp_uri("lightsout a&b=c/d", "ann@x", "MZXW6YTB", uri, sizeof uri));
    assert_string_equal(uri, "otpauth://totp/lightsout%20a%26b%3Dc%2Fd:ann%40x?secret=MZXW6YTB&issuer="
                             "lightsout%20a%26b%3Dc%2Fd&algorithm=SHA1&digits=6&period=30");
    assert_false(totp_uri("lightsout", "ann", "MZXW6YTB", uri, 60));
}

static void test_it_counts_from_its_confirmation(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    assert_int_equal(confirm(&ann, "123456").error, -ENOENT);
    assert_int_equal(ask(own(KEEPER_TOTP_BEGIN, &ann)).error, 0);
    assert_int_equal(login("ann", PASSWORD).error, 0);
    get_factor(&ann);
    assert_non_null(strstr(otpauth, "issuer=lightsout"));
    assert_int_equal(ask(own(KEEPER_TOTP_BEGIN, &ann)).error, -EEXIST);
    struct reply asked = login("ann", PASSWORD);
    assert_int_equal(asked.error, -ENOKEY);
    assert_int_equal(asked.size, 0);
    assert_int_equal(login("ann", "correct horse batterz").error, -EACCES); /* and says nothing of a code */
    pass(TOTP_STEP_S * SECOND);
    struct reply in = login_code("ann", PASSWORD, code_at(now.wall_s));
    assert_int_equal(in.error, 0);
    book_reopen();
    assert_int_equal(login("ann", PASSWORD).error, -ENOKEY);
    pass(TOTP_STEP_S * SECOND);
    assert_int_equal(login_code("ann", PASSWORD, code_at(now.wall_s)).error, 0);
}

static void test_a_code_is_good_once(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    get_factor(&ann);
    assert_int_equal(login_code("ann", PASSWORD, code_at(now.wall_s)).error, -EACCES); /* spent by the confirmation */
    pass(TOTP_STEP_S * SECOND);
    char code[TOTP_DIGITS + 1];
    text_copy(code, sizeof code, code_at(now.wall_s));
    assert_int_equal(login_code("ann", PASSWORD, code).error, 0);
    assert_int_equal(login_code("ann", PASSWORD, code).error, -EACCES);
    book_reopen();
    assert_int_equal(login_code("ann", PASSWORD, code).error, -EACCES);
    pass(TOTP_STEP_S * SECOND);
    assert_int_equal(login_code("ann", PASSWORD, code).error, -EACCES);
    assert_int_equal(login_code("ann", PASSWORD, code_at(now.wall_s - TOTP_STEP_S)).error, -EACCES);
    assert_int_equal(login_code("ann", PASSWORD, code_at(now.wall_s)).error, 0);
    now.wall_s -= 3600; /* nor does setting the clock back make an old one good */
    assert_int_equal(login_code("ann", PASSWORD, code_at(now.wall_s)).error, -EACCES);
}

static void test_two_logins_with_one_code_at_once(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    get_factor(&ann);
    pass(TOTP_STEP_S * SECOND);
    struct request *requests[2];
    int good = 0;
    for (int i = 0; i < 2; i++) {
        requests[i] = request_of(KEEPER_LOGIN, "ann", PASSWORD);
        snprintf(requests[i]->code, KEEPER_MAX_CODE, "%s", code_at(now.wall_s));
        assert_int_equal(book_begin(book, requests[i], now), BOOK_HASH);
        hash_for(requests[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(book_finish(book, requests[i], now), BOOK_ANSWER);
        good += reply_read(requests[i]).error == 0;
        keeper_request_destroy(requests[i]);
    }
    assert_int_equal(good, 1);
}

static void test_a_recovery_code_opens_once(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    get_factor(&ann);
    for (unsigned i = 0; i < KEEPER_RECOVERY_CODES; i++) {
        assert_int_equal(strlen(recovery[i]), 19); /* 16 digits of 5 bits: 80 bits */
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(recovery[i], recovery[j]);
    }
    assert_int_equal(login_code("ann", PASSWORD, recovery[3]).error, 0);
    assert_int_equal(login_code("ann", PASSWORD, recovery[3]).error, -EACCES);
    book_reopen();
    assert_int_equal(login_code("ann", PASSWORD, recovery[3]).error, -EACCES);
    char typed[KEEPER_MAX_CODE];
    for (unsigned i = 0; i <= strlen(recovery[4]); i++)
        typed[i] = recovery[4][i] == '-' ? ' ' : (char)tolower(recovery[4][i]);
    assert_int_equal(login_code("ann", PASSWORD, typed).error, 0);
    assert_int_equal(login_code("ann", "correct horse batterz", recovery[5]).error, -EACCES);
    assert_int_equal(login_code("ann", PASSWORD, recovery[5]).error, 0); /* that did not use it up */
}

static void test_a_sealed_secret_is_bound_to_its_user_and_key(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    get_factor(&ann);
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    assert_int_equal(store_run(&book->store,
                               "UPDATE users SET totp = (SELECT totp FROM users WHERE name = 'ann') WHERE name = 'bob'",
                               ""),
                     0);
    pass(TOTP_STEP_S * SECOND);
    assert_int_equal(login_code("bob", PASSWORD, code_at(now.wall_s)).error, -EACCES);
    static char bytes[1 << 20];
    FILE *f = fopen(STORE "-wal", "rb");
    size_t size = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f)
        fclose(f);
    assert_true(size > 4096);
    assert_null(memmem(bytes, size, phone, sizeof phone));
    assert_null(memmem(bytes, size, recovery[0], strlen(recovery[0])));
}

static void test_dropping_needs_the_password(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    get_factor(&ann);
    struct request *request = own(KEEPER_TOTP_DROP, &ann);
    text_copy(request->password, sizeof request->password, "correct horse batterz");
    assert_int_equal(ask(request).error, -EACCES);
    assert_int_equal(login("ann", PASSWORD).error, -ENOKEY);
    request = own(KEEPER_TOTP_DROP, &ann);
    text_copy(request->password, sizeof request->password, PASSWORD);
    assert_int_equal(ask(request).error, 0);
    assert_int_equal(login("ann", PASSWORD).error, 0);
    assert_int_equal(login_code("ann", PASSWORD, recovery[0]).error, 0); /* nobody asks for one */
    get_factor(&ann);                                                    /* and another may be had */
    assert_int_equal(login("ann", PASSWORD).error, -ENOKEY);
}

static void test_an_administrator_drops_anothers(void **state)
{
    (void)state;
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    struct reply bob = login("bob", PASSWORD);
    get_factor(&bob);
    struct request *request = request_of(KEEPER_USER_PUT, "bob", "");
    request->flags = KEEPER_CHANGE_DROP_FACTOR;
    assert_int_equal(ask(request).error, 0);
    assert_int_equal(login("bob", PASSWORD).error, 0);
}

/* Cut, extended, with bytes changed: at every length. */
static void test_what_is_nearly_a_code_is_none(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    get_factor(&ann);
    const char *const codes[] = {recovery[0], code_at(now.wall_s + TOTP_STEP_S)};
    for (size_t c = 0; c < ARRAY_SIZE(codes); c++) {
        char good[KEEPER_MAX_CODE], bad[KEEPER_MAX_CODE + 2];
        text_copy(good, sizeof good, codes[c]);
        for (size_t n = 1; n < strlen(good); n++) {
            snprintf(bad, sizeof bad, "%.*s", (int)n, good);
            assert_int_equal(login_code("ann", PASSWORD, bad).error, -EACCES);
            pass(HOUR);
            now.wall_s -= 3600;
        }
        for (const char *more = "0A -"; *more; more++) {
            snprintf(bad, sizeof bad, "%s%c", good, *more);
            assert_int_equal(login_code("ann", PASSWORD, bad).error, -EACCES);
            snprintf(bad, sizeof bad, "%c%s", *more, good);
            assert_int_equal(login_code("ann", PASSWORD, bad).error, -EACCES);
            pass(HOUR);
            now.wall_s -= 3600;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_vectors_of_rfc_6238),
        cmocka_unit_test(test_the_vectors_of_rfc_4648),
        cmocka_unit_test(test_one_step_of_slack_each_way),
        cmocka_unit_test(test_a_uri_that_nothing_breaks_out_of),
        TEST_WITH(account_set_up, test_it_counts_from_its_confirmation),
        TEST_WITH(account_set_up, test_a_code_is_good_once),
        TEST_WITH(account_set_up, test_two_logins_with_one_code_at_once),
        TEST_WITH(account_set_up, test_a_recovery_code_opens_once),
        TEST_WITH(account_set_up, test_a_sealed_secret_is_bound_to_its_user_and_key),
        TEST_WITH(account_set_up, test_dropping_needs_the_password),
        TEST_WITH(account_set_up, test_an_administrator_drops_anothers),
        TEST_WITH(account_set_up, test_what_is_nearly_a_code_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
