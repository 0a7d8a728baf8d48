/* Own passwords, lists of sessions, grants that change while somebody is in, and credentials that are nearly right. */
#include "account_fixture.h"

static struct reply change_password(const struct reply *session, const char *old, const char *new)
{
    struct request *request = own(KEEPER_OWN_PASSWORD, session);
    text_copy(request->password, sizeof request->password, old);
    text_copy(request->new_password, sizeof request->new_password, new);
    return ask(request);
}

static void test_ones_own_password(void **state)
{
    (void)state;
    struct reply here = login("ann", PASSWORD), there = login("ann", PASSWORD);
    assert_int_equal(change_password(&here, "correct horse batterz", "another good phrase").error, -EACCES);
    assert_int_equal(change_password(&here, PASSWORD, "short").error, -EINVAL);
    struct reply changed = change_password(&here, PASSWORD, "another good phrase");
    assert_int_equal(changed.error, 0);
    assert_int_equal(changed.n_ended, 2); /* of the set-up, and the other one */
    assert_int_equal(session(there.token).error, -EACCES);
    assert_int_equal(session(here.token).error, 0);
    assert_int_equal(login("ann", PASSWORD).error, -EACCES);
    assert_int_equal(login("ann", "another good phrase").error, 0);
    book_reopen();
    assert_int_equal(session(there.token).error, -EACCES);
    assert_int_equal(session(here.token).error, 0);
    assert_int_equal(change_password(&there, "another good phrase", PASSWORD).error, -EACCES); /* it is over */
}

static void test_an_administrator_changes_it_meanwhile(void **state)
{
    (void)state;
    struct reply in = login("ann", PASSWORD);
    struct request *request = own(KEEPER_OWN_PASSWORD, &in);
    text_copy(request->password, sizeof request->password, PASSWORD);
    text_copy(request->new_password, sizeof request->new_password, "another good phrase");
    assert_int_equal(book_begin(book, request, now), BOOK_HASH);
    hash_for(request);
    assert_int_equal(book_finish(book, request, now), BOOK_HASH);
    assert_int_equal(put("ann", "a third good phrase", ROLE_NONE, false).error, 0);
    hash_for(request);
    assert_int_equal(book_finish(book, request, now), BOOK_ANSWER);
    assert_int_equal(reply_read(request).error, -EACCES);
    keeper_request_destroy(request);
    assert_int_equal(login("ann", "a third good phrase").error, 0);
}

static void test_sessions_are_listed_and_ended(void **state)
{
    (void)state;
    struct request *request = request_of(KEEPER_LOGIN, "ann", PASSWORD);
    snprintf(request->agent, sizeof request->agent, "Browser/1.0 <script>\x1b[2J\xff");
    struct reply ann = ask(request);
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    struct reply bob = login("bob", PASSWORD);
    struct reply list = ask(request_of(KEEPER_SESSIONS, "bob", ""));
    struct wire_reader r = wire_reader_init(list.body, list.size);
    char text[KEEPER_MAX_AGENT];
    assert_int_equal(wire_read_u8(&r), 0);
    assert_int_equal(wire_read_le16(&r), 1);
    assert_int_equal(wire_read_le64(&r), bob.id);
    list = ask(request_of(KEEPER_SESSIONS, "", ""));
    r = wire_reader_init(list.body, list.size);
    assert_int_equal(wire_read_u8(&r), 0);
    unsigned n = wire_read_le16(&r), seen = 0;
    assert_int_equal(n, 3); /* and that of the set-up */
    uint64_t last = 0;
    for (; n; n--) {
        uint64_t id = wire_read_le64(&r);
        assert_true(id > last);
        last = id;
        ipc_read_string(&r, text, sizeof text);
        ipc_read_string(&r, text, sizeof text);
        assert_string_equal(text, "10.0.0.1");
        ipc_read_string(&r, text, sizeof text);
        if (id == ann.id) {
            assert_string_equal(text, "Browser/1.0 <script>?[2J?");
            seen++;
        }
        assert_int_equal(wire_read_u8(&r), AUTH_BROWSER);
        assert_int_equal(wire_read_le64(&r), (uint64_t)now.wall_s);
        wire_read_le64(&r);
    }
    assert_true(wire_read_complete(&r));
    assert_int_equal(seen, 1);
    request = request_of(KEEPER_SESSION_END, "bob", "");
    request->id = ann.id;
    assert_int_equal(ask(request).error, -ENOENT); /* not his */
    request = request_of(KEEPER_SESSION_END, "", "");
    request->id = bob.id;
    struct reply ended = ask(request);
    assert_int_equal(ended.error, 0);
    assert_int_equal(ended.ended[0], bob.id);
    assert_int_equal(session(bob.token).error, -EACCES);
    assert_int_equal(ask(own(KEEPER_END_OTHERS, &ann)).n_ended, 1);
    assert_int_equal(session(ann.token).error, 0);
    book_reopen();
    assert_int_equal(book->sessions.n, 1);
}

static struct reply put_grants(const char *user, const struct grants *grants, enum auth_role role)
{
    struct request *request = request_of(KEEPER_USER_PUT, user, "");
    request->role = (uint8_t)role;
    request->flags = KEEPER_CHANGE_GRANTS;
    request->grants = *grants;
    return ask(request);
}

static void test_grants_of_ones_own(void **state)
{
    (void)state;
    struct grants grants = {0};
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    struct reply bob = login("bob", PASSWORD);
    grants_add(&grants, "demo", RIGHT_VIEW | RIGHT_INPUT);
    grants_add(&grants, GRANT_GATEWAY, RIGHT_AUDIT);
    assert_int_equal(put_grants("bob", &grants, ROLE_NONE).error, -EINVAL); /* he is an Operator */
    struct reply change = put_grants("bob", &grants, ROLE_CUSTOM);
    assert_int_equal(change.error, 0);
    assert_int_equal(change.n_ended, 0);
    assert_int_equal(change.n_changed, 1);
    struct reply now_may = session(bob.token);
    assert_int_equal(now_may.role, ROLE_CUSTOM);
    assert_true(grants_equal(&now_may.grants, &grants));
    book_reopen();
    now_may = session(bob.token);
    assert_true(grants_equal(&now_may.grants, &grants));
    grants.n = 0;
    assert_int_equal(put_grants("bob", &grants, ROLE_NONE).n_changed, 1);
    now_may = session(bob.token);
    assert_int_equal(now_may.error, 0);
    assert_int_equal(now_may.grants.n, 0);
    assert_int_equal(put("bob", "", ROLE_READ_ONLY, false).n_changed, 1);
    assert_int_equal(put("bob", "", ROLE_CUSTOM, false).n_changed, 1);
    assert_int_equal(session(bob.token).grants.n, 0); /* what was listed once does not come back */
}

static void near_misses(const char *good, struct reply (*show)(const char *text))
{
    char bad[KEEPER_MAX_PASSWORD + 1];
    for (size_t n = 0; n < strlen(good); n++) {
        snprintf(bad, sizeof bad, "%.*s", (int)n, good);
        assert_int_not_equal(show(bad).error, 0);
        pass(HOUR);
    }
    for (const char *more = "a -\n"; *more; more++) {
        snprintf(bad, sizeof bad, "%s%c", good, *more);
        assert_int_not_equal(show(bad).error, 0);
        snprintf(bad, sizeof bad, "%c%s", *more, good);
        assert_int_not_equal(show(bad).error, 0);
        pass(HOUR);
    }
    assert_int_equal(show(good).error, 0);
}

static struct reply show_password(const char *text)
{
    return login("ann", text);
}

static char setup_secret[SECRET_SIZE];

static struct reply show_secret(const char *text)
{
    return setup(text, "ann", PASSWORD);
}

static void test_what_is_nearly_a_password_is_none(void **state)
{
    (void)state;
    near_misses(PASSWORD, show_password);
}

static void test_what_is_nearly_the_secret_is_not_it(void **state)
{
    (void)state;
    assert_int_equal(book_new_secret(book, now, setup_secret), 0);
    near_misses(setup_secret, show_secret);
}

/* A NUL inside never gets further than the door, whatever stands before it. */
static void test_nul_bytes_are_refused_at_the_door(void **state)
{
    (void)state;
    static const struct {
        enum keeper_message type;
        unsigned before; /* bytes that are no strings */
        unsigned strings;
    } messages[] = {{KEEPER_LOGIN, 0, 7},         {KEEPER_SETUP, 0, 5},         {KEEPER_SESSION, 0, 2},
                    {KEEPER_OWN_PASSWORD, 40, 2}, {KEEPER_TOTP_CONFIRM, 40, 1}, {KEEPER_TOTP_DROP, 40, 1},
                    {KEEPER_USER_DELETE, 0, 2}};
    for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
        for (unsigned bad = 0; bad <= messages[i].strings; bad++) {
            uint8_t body[256] = {0};
            struct wire_writer w = wire_writer_init(body, sizeof body);
            wire_write_room(&w, messages[i].before);
            for (unsigned n = 0; n < messages[i].strings; n++) {
                wire_write_le16(&w, 5);
                wire_write_bytes(&w, n == bad ? "abc\0d" : "abcde", 5);
            }
            struct request *request = request_create();
            int r = request_parse(request, (uint16_t)messages[i].type, 1, body, wire_written(&w));
            assert_int_equal(r, bad < messages[i].strings ? -EPROTO : 0);
            keeper_request_destroy(request);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(account_set_up, test_ones_own_password),
        TEST_WITH(account_set_up, test_an_administrator_changes_it_meanwhile),
        TEST_WITH(account_set_up, test_sessions_are_listed_and_ended),
        TEST_WITH(account_set_up, test_grants_of_ones_own),
        TEST_WITH(account_set_up, test_what_is_nearly_a_password_is_none),
        TEST_WITH(book_set_up, test_what_is_nearly_the_secret_is_not_it),
        TEST_WITH(account_set_up, test_nul_bytes_are_refused_at_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
