/* API tokens: made once, shown once, cut by scope, ended by clocks and by their user's end. */
#include "account_fixture.h"

struct made {
    int error;
    uint64_t id;
    char text[KEEPER_MAX_TOKEN];
};

static struct made make(const struct reply *session, const char *name, unsigned life_s, const struct grants *scope)
{
    struct request *request = own(KEEPER_TOKEN_MAKE, session);
    snprintf(request->name, sizeof request->name, "%s", name);
    request->life_s = life_s;
    request->scoped = scope != NULL;
    if (scope)
        request->grants = *scope;
    struct reply reply = ask(request);
    struct made made = {.error = reply.error};
    struct wire_reader r = wire_reader_init(reply.body, reply.size);
    if (!reply.error) {
        made.id = wire_read_le64(&r);
        assert_true(ipc_read_string(&r, made.text, sizeof made.text));
    }
    assert_true(wire_read_complete(&r));
    return made;
}

static struct reply revoke_token(const struct reply *session, uint64_t id)
{
    struct request *request = own(KEEPER_TOKEN_REVOKE, session);
    request->after = id;
    return ask(request);
}

static struct reply touch(uint64_t id, const char *text)
{
    struct request *request = request_of(KEEPER_TOUCH, "", "");
    request->id = id;
    token_hash_of(text, request->token_hash);
    request->used = true;
    return ask(request);
}

static void test_it_opens_what_its_user_may(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    struct made made = make(&ann, "backup job", 3600, NULL);
    assert_int_equal(made.error, 0);
    assert_int_equal(strlen(made.text), 3 + 64);
    assert_memory_equal(made.text, "lo_", 3);
    struct reply in = session(made.text);
    assert_int_equal(in.error, 0);
    assert_int_equal(in.kind, AUTH_TOKEN);
    assert_int_equal(in.id, KEEPER_TOKEN_SESSION | made.id);
    assert_string_equal(in.user, "ann");
    assert_true(in.left_ms <= 3600 * 1000);
    struct grants all;
    grants_of_role(&all, ROLE_ADMINISTRATOR);
    assert_true(grants_equal(&in.grants, &all));
    assert_int_equal(touch(in.id, made.text).error, 0);
    assert_int_equal(touch(in.id + 1, made.text).error, -EACCES);
    assert_int_equal(touch(in.id, "lo_").error, -EACCES);
    book_reopen();
    assert_int_equal(session(made.text).error, 0);
}

static void test_its_scope_cuts_what_its_user_may_at_the_moment(void **state)
{
    (void)state;
    struct grants scope = {0};
    assert_true(grants_add(&scope, "demo", RIGHT_VIEW | RIGHT_POWER));
    assert_true(grants_add(&scope, GRANT_GATEWAY, RIGHT_USERS));
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    struct reply bob = login("bob", PASSWORD);
    struct made made = make(&bob, "power", 3600, &scope);
    struct reply in = session(made.text);
    assert_int_equal(in.error, 0);
    assert_true(grants_allow(&in.grants, RIGHT_VIEW | RIGHT_POWER, "demo"));
    assert_false(grants_allow(&in.grants, RIGHT_INPUT, "demo"));
    assert_false(grants_see(&in.grants, "other"));
    assert_false(grants_allow(&in.grants, RIGHT_USERS, NULL)); /* bob is an Operator */
    struct reply change = put("bob", "", ROLE_READ_ONLY, false);
    assert_int_equal(change.n_changed, 2); /* the session's, and the token's */
    in = session(made.text);
    assert_true(grants_allow(&in.grants, RIGHT_VIEW, "demo"));
    assert_false(grants_allow(&in.grants, RIGHT_POWER, "demo"));
}

static void test_it_dies_with_its_user_and_sleeps_with_it(void **state)
{
    (void)state;
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    struct reply bob = login("bob", PASSWORD);
    struct made made = make(&bob, "x", 3600, NULL);
    struct reply off = enable("bob", false);
    assert_int_equal(off.n_ended, 2);
    assert_int_equal(session(made.text).error, -EACCES);
    assert_int_equal(touch(KEEPER_TOKEN_SESSION | made.id, made.text).error, -EACCES);
    assert_int_equal(enable("bob", true).error, 0);
    assert_int_equal(session(made.text).error, 0);
    struct reply gone = ask(request_of(KEEPER_USER_DELETE, "bob", ""));
    assert_int_equal(gone.n_ended, 1);
    assert_int_equal(gone.ended[0], KEEPER_TOKEN_SESSION | made.id);
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    assert_int_equal(session(made.text).error, -EACCES); /* a namesake inherits nothing */
}

static void test_both_clocks_end_it(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    struct made made = make(&ann, "x", 2 * 3600, NULL);
    pass(HOUR);
    assert_int_equal(session(made.text).error, 0);
    now.wall_s -= 86400; /* set back: it lives no longer for that */
    assert_int_equal(session(made.text).error, 0);
    pass(HOUR);
    assert_int_equal(session(made.text).error, -EACCES);
    made = make(&ann, "y", 2 * 3600, NULL);
    assert_int_equal(made.error, -EACCES); /* the session was idle too long */
    ann = login("ann", PASSWORD);
    made = make(&ann, "y", 2 * 3600, NULL);
    now.wall_s += 2 * 3600; /* set: it is over, whatever the other clock says */
    assert_int_equal(session(made.text).error, -EACCES);
}

static void test_what_is_over_leaves_the_store(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    struct made made = make(&ann, "x", 60, NULL);
    pass(MINUTE);
    struct request *request = request_create();
    book_tick(book, request, now);
    assert_int_equal(request->n_ended, 1);
    assert_int_equal(request->ended[0], KEEPER_TOKEN_SESSION | made.id);
    keeper_request_destroy(request);
    struct token token;
    assert_int_equal(token_find(&book->store, (int64_t)made.id, NULL, &token), 0);
    assert_int_equal(book->tokens.n, 0);
}

static void test_it_is_revoked_by_its_user_alone(void **state)
{
    (void)state;
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    struct reply ann = login("ann", PASSWORD), bob = login("bob", PASSWORD);
    struct made made = make(&ann, "x", 3600, NULL);
    assert_int_equal(revoke_token(&bob, made.id).error, -ENOENT);
    assert_int_equal(session(made.text).error, 0);
    struct reply revoked = revoke_token(&ann, made.id);
    assert_int_equal(revoked.error, 0);
    assert_int_equal(revoked.n_ended, 1);
    assert_int_equal(session(made.text).error, -EACCES);
    assert_int_equal(revoke_token(&ann, made.id).error, -ENOENT);
}

static struct reply of_user(enum keeper_message type, const char *user, uint64_t id)
{
    struct request *request = request_of(type, user, "");
    request->after = id;
    snprintf(request->who, sizeof request->who, "root");
    return ask(request);
}

static void test_those_of_a_user_are_listed_and_revoked_by_name(void **state)
{
    (void)state;
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    struct reply ann = login("ann", PASSWORD), bob = login("bob", PASSWORD);
    struct made hers = make(&ann, "hers", 3600, NULL), his = make(&bob, "his", 3600, NULL);
    struct reply list = of_user(KEEPER_USER_TOKENS, "bob", 0), own_list = ask(own(KEEPER_TOKENS, &bob));
    assert_int_equal(list.error, 0);
    assert_int_equal(list.size, own_list.size);
    assert_memory_equal(list.body, own_list.body, list.size);
    assert_int_equal(of_user(KEEPER_USER_TOKENS, "nobody", 0).error, -ENOENT);
    assert_int_equal(of_user(KEEPER_USER_TOKENS, "", 0).error, -ENOENT);
    assert_int_equal(of_user(KEEPER_USER_TOKEN_REVOKE, "bob", hers.id).error, -ENOENT);
    assert_int_equal(of_user(KEEPER_USER_TOKEN_REVOKE, "", his.id).error, -ENOENT);
    struct reply gone = of_user(KEEPER_USER_TOKEN_REVOKE, "bob", his.id);
    assert_int_equal(gone.error, 0);
    assert_int_equal(gone.n_ended, 1);
    assert_int_equal(session(his.text).error, -EACCES);
    assert_int_equal(session(hers.text).error, 0);
}

static void test_a_token_makes_no_token_and_changes_no_account(void **state)
{
    (void)state;
    static const uint16_t types[] = {KEEPER_TOKEN_MAKE, KEEPER_TOKEN_REVOKE, KEEPER_TOKENS,       KEEPER_TOTP_BEGIN,
                                     KEEPER_TOTP_DROP,  KEEPER_END_OTHERS,   KEEPER_OWN_PASSWORD, KEEPER_TOTP_CONFIRM};
    struct reply ann = login("ann", PASSWORD);
    struct made made = make(&ann, "x", 3600, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct request *request = request_of((enum keeper_message)types[i], "", PASSWORD);
        request->id = KEEPER_TOKEN_SESSION | made.id;
        token_hash_of(made.text, request->token_hash);
        assert_int_equal(ask(request).error, -EPERM);
        request = request_of((enum keeper_message)types[i], "", PASSWORD); /* the local socket's */
        assert_int_equal(ask(request).error, -EPERM);
    }
}

static void test_rules(void **state)
{
    (void)state;
    struct grants nothing = {0};
    struct reply ann = login("ann", PASSWORD);
    assert_int_equal(make(&ann, "", 3600, NULL).error, -EINVAL);
    assert_int_equal(make(&ann, "a\nb", 3600, NULL).error, -EINVAL);
    assert_int_equal(make(&ann, "a\xff", 3600, NULL).error, -EINVAL);
    assert_int_equal(make(&ann, "x", 0, NULL).error, -EINVAL);
    assert_int_equal(make(&ann, "x", KEEPER_TOKEN_LIFE_S + 1, NULL).error, -EINVAL);
    assert_int_equal(make(&ann, "x", 3600, &nothing).error, -EINVAL);
    for (unsigned i = 0; i < KEEPER_TOKENS_PER_USER; i++) {
        char name[16];
        snprintf(name, sizeof name, "job %u", i);
        assert_int_equal(make(&ann, name, 3600, NULL).error, 0);
        if (i == 0)
            assert_int_equal(make(&ann, name, 3600, NULL).error, -EEXIST);
    }
    assert_int_equal(make(&ann, "one more", 3600, NULL).error, -EINVAL);
    struct reply list = ask(own(KEEPER_TOKENS, &ann));
    struct wire_reader r = wire_reader_init(list.body, list.size);
    assert_int_equal(wire_read_u8(&r), 0);
    assert_int_equal(wire_read_le16(&r), KEEPER_TOKENS_PER_USER);
}

static void test_what_is_nearly_a_token_is_none(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD);
    struct made made = make(&ann, "x", 3600, NULL);
    const char *const good[] = {made.text, ann.token};
    for (size_t g = 0; g < ARRAY_SIZE(good); g++) {
        char bad[KEEPER_MAX_TOKEN + 2];
        for (size_t n = 0; n < strlen(good[g]); n++) {
            snprintf(bad, sizeof bad, "%.*s", (int)n, good[g]);
            assert_int_not_equal(session(bad).error, 0);
            text_copy(bad, sizeof bad, good[g]);
            bad[n] ^= 1;
            assert_int_not_equal(session(bad).error, 0);
        }
        for (const char *more = "0 -a"; *more; more++) {
            snprintf(bad, sizeof bad, "%s%c", good[g], *more);
            assert_int_not_equal(session(bad).error, 0);
        }
        pass(2 * MINUTE);
    }
    pass(20 * MINUTE);
    assert_int_equal(session(ann.token).error, 0);
    assert_int_equal(session(made.text).error, 0);
}

static void test_guesses_close_the_door_for_their_address(void **state)
{
    (void)state;
    struct reply ann = login("ann", PASSWORD), reply = {0};
    struct made made = make(&ann, "x", 3600, NULL);
    char guess[KEEPER_MAX_TOKEN];
    text_copy(guess, sizeof guess, made.text);
    guess[10] ^= 1;
    for (int i = 0; i < 10 && reply.error != -EAGAIN; i++)
        reply = session(guess);
    assert_int_equal(reply.error, -EAGAIN);
    struct request *request = request_of(KEEPER_SESSION, "", "");
    text_copy(request->token, sizeof request->token, made.text);
    text_copy(request->peer, sizeof request->peer, "10.0.0.2");
    assert_int_equal(ask(request).error, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(account_set_up, test_it_opens_what_its_user_may),
        TEST_WITH(account_set_up, test_its_scope_cuts_what_its_user_may_at_the_moment),
        TEST_WITH(account_set_up, test_it_dies_with_its_user_and_sleeps_with_it),
        TEST_WITH(account_set_up, test_both_clocks_end_it),
        TEST_WITH(account_set_up, test_what_is_over_leaves_the_store),
        TEST_WITH(account_set_up, test_it_is_revoked_by_its_user_alone),
        TEST_WITH(account_set_up, test_those_of_a_user_are_listed_and_revoked_by_name),
        TEST_WITH(account_set_up, test_a_token_makes_no_token_and_changes_no_account),
        TEST_WITH(account_set_up, test_rules),
        TEST_WITH(account_set_up, test_what_is_nearly_a_token_is_none),
        TEST_WITH(account_set_up, test_guesses_close_the_door_for_their_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
