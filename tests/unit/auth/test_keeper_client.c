/* The client against a keeper that the test plays, a hostile one included. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "auth/keeper_account.h"
#include "auth/keeper_client.h"
#include "auth/keeper_wire.h"
#include "core/clock.h"
#include "core/text.h"

#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct loop *loop;
static struct keeper_client *client;
static struct ipc *keeper; /* our side */

static struct {
    unsigned n, closed, ended, changed, setup_states;
    bool needs_setup;
    int error;
    char token[AUTH_TOKEN_HEX + 1], user[AUTH_USER_MAX];
    struct auth_session *session; /* held */
    unsigned n_users, n_lines;
} got;

static struct {
    unsigned n;
    uint16_t type;
    uint32_t serial;
    size_t size;
    uint8_t body[IPC_MAX_BODY];
} asked;

static void on_asked(void *data, struct ipc_message *message)
{
    (void)data;
    asked.n++;
    asked.type = message->type;
    asked.serial = message->serial;
    asked.size = message->body_size;
    memcpy(asked.body, message->body, message->body_size);
}

static void on_keeper_closed(void *data, int error)
{
    (void)data, (void)error;
    keeper = ipc_destroy(keeper);
}

static const struct ipc_listener keeper_listener = {.message = on_asked, .closed = on_keeper_closed};

static void on_ended(void *data, struct auth_session *session)
{
    (void)data;
    assert_true(session->ended);
    got.ended++;
}

static void on_changed(void *data, struct auth_session *session)
{
    (void)data;
    assert_false(session->ended);
    got.changed++;
}

static void on_setup_state(void *data, bool needs_setup)
{
    (void)data;
    got.setup_states++;
    got.needs_setup = needs_setup;
}

static void on_closed(void *data)
{
    (void)data;
    got.closed++;
}

static const struct keeper_client_listener client_listener = {
    .session_ended = on_ended, .session_changed = on_changed, .setup_state = on_setup_state, .closed = on_closed};

static void on_login(void *data, const struct keeper_login_result *result)
{
    (void)data;
    got.n++;
    got.error = result->error;
    got.token[0] = got.user[0] = 0;
    if (result->token)
        text_copy(got.token, sizeof got.token, result->token);
    if (result->session) {
        text_copy(got.user, sizeof got.user, result->session->user);
        auth_session_unref(got.session);
        got.session = auth_session_ref(result->session);
    }
}

static int log_in(const char *user, const char *password, const char *peer)
{
    const struct keeper_credentials credentials = {user, password, "", peer, "", "", ""};
    return keeper_client_log_in(client, &credentials, on_login, NULL);
}

static void on_users(void *data, int error, const struct keeper_account_user *users, unsigned n)
{
    (void)data, (void)users;
    got.n++;
    got.error = error;
    got.n_users = n;
}

static void on_lines(void *data, int error, const struct keeper_audit_line *lines, unsigned n)
{
    (void)data, (void)lines;
    got.n++;
    got.error = error;
    got.n_lines = n;
}

static void pair(int ret[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret), 0);
}

static int set_up(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    memset(&got, 0, sizeof got);
    memset(&asked, 0, sizeof asked);
    return loop_create(&loop) || ipc_create(loop, fds[0], &keeper_listener, NULL, &keeper) ||
           keeper_client_create(loop, fds[1], &client_listener, NULL, &client);
}

static int tear_down(void **state)
{
    (void)state;
    client = keeper_client_destroy(client);
    keeper = ipc_destroy(keeper);
    got.session = auth_session_unref(got.session);
    loop = loop_destroy(loop);
    return 0;
}

#define WAIT_UNTIL(condition)                                                                                          \
    do {                                                                                                               \
        uint64_t end_ = clock_now_us() + 120000000;                                                                    \
        while (!(condition) && clock_now_us() < end_)                                                                  \
            loop_dispatch(loop, 100);                                                                                  \
        assert_true(condition);                                                                                        \
    } while (0)

static struct wire_writer answer_begin(uint8_t *room, size_t size, int error)
{
    struct wire_writer w = wire_writer_init(room, size);
    wire_write_le32(&w, (uint32_t)error);
    wire_write_le32(&w, 0);
    ipc_write_string(&w, "");
    return w;
}

static void answer_send(const struct wire_writer *w)
{
    assert_false(w->full);
    assert_int_equal(ipc_send(keeper, KEEPER_ANSWER, asked.serial, w->start, wire_written(w), NULL, 0), 0);
}

static void answer_session(const char *token, uint64_t left_ms)
{
    uint8_t room[512];
    struct wire_writer w = answer_begin(room, sizeof room, 0);
    wire_write_le64(&w, 7);
    ipc_write_string(&w, "ann");
    wire_write_u8(&w, ROLE_OPERATOR);
    wire_write_u8(&w, AUTH_BROWSER);
    wire_write_le64(&w, left_ms);
    ipc_write_string(&w, token);
    ipc_write_string(&w, "");
    struct grants grants;
    grants_of_role(&grants, ROLE_OPERATOR);
    grants_write(&w, &grants);
    answer_send(&w);
}

static void login(void)
{
    unsigned n = asked.n;
    assert_int_equal(log_in("ann", "pass word", "10.0.0.1"), 0);
    WAIT_UNTIL(asked.n == n + 1);
    assert_int_equal(asked.type, KEEPER_LOGIN);
    answer_session(TOKEN, 60000);
    WAIT_UNTIL(got.n == 1);
    assert_int_equal(got.error, 0);
    got.n = 0;
}

static void test_a_login_fills_the_cache(void **state)
{
    (void)state;
    assert_null(keeper_client_cached(client, TOKEN));
    login();
    assert_string_equal(got.token, TOKEN);
    assert_string_equal(got.user, "ann");
    struct auth_session *session = keeper_client_cached(client, TOKEN);
    assert_ptr_equal(session, got.session);
    assert_true(auth_session_may(session, RIGHT_INPUT, "demo"));
    auth_session_unref(session);
    assert_int_equal(keeper_client_session(client, TOKEN, on_login, NULL), 0);
    assert_int_equal(got.n, 0); /* from the loop */
    WAIT_UNTIL(got.n == 1);
    assert_int_equal(got.error, 0);
    assert_string_equal(got.token, "");
    assert_int_equal(asked.n, 1);
}

static void test_a_token_that_is_none_is_not_asked_for(void **state)
{
    (void)state;
    assert_int_equal(keeper_client_session(client, "short", on_login, NULL), 0);
    assert_int_equal(got.n, 0);
    WAIT_UNTIL(got.n == 1);
    assert_int_equal(got.error, -EACCES);
    assert_int_equal(asked.n, 0);
}

static void test_the_keeper_ends_a_session(void **state)
{
    (void)state;
    login();
    uint8_t id[8] = {7};
    ipc_send(keeper, KEEPER_SESSION_ENDED, 0, id, sizeof id, NULL, 0);
    WAIT_UNTIL(got.ended == 1);
    assert_true(got.session->ended);
    assert_null(keeper_client_cached(client, TOKEN));
}

static void test_expiry_needs_no_keeper(void **state)
{
    (void)state;
    assert_int_equal(log_in("ann", "pass word", ""), 0);
    WAIT_UNTIL(asked.n == 1);
    answer_session(TOKEN, 50);
    WAIT_UNTIL(got.n == 1);
    WAIT_UNTIL(got.ended == 1);
}

static void test_a_keeper_that_dies_answers_everybody(void **state)
{
    (void)state;
    login();
    assert_int_equal(log_in("ann", "other", ""), 0);
    assert_int_equal(keeper_client_accounts(client, on_users, NULL), 0);
    keeper = ipc_destroy(keeper);
    WAIT_UNTIL(got.closed == 1);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.error, -ECONNRESET);
    assert_int_equal(keeper_client_accounts(client, on_users, NULL), -ECONNRESET);
    struct auth_session *session = keeper_client_cached(client, TOKEN); /* still good */
    assert_non_null(session);
    auth_session_unref(session);
}

static void reconnect(void)
{
    int fds[2];
    pair(fds);
    assert_int_equal(ipc_create(loop, fds[0], &keeper_listener, NULL, &keeper), 0);
    assert_int_equal(keeper_client_reconnect(client, fds[1]), 0);
}

static void test_a_new_keeper_may_not_know_a_session_any_more(void **state)
{
    (void)state;
    login();
    keeper = ipc_destroy(keeper);
    WAIT_UNTIL(got.closed == 1);
    reconnect();
    WAIT_UNTIL(asked.n == 2);
    assert_int_equal(asked.type, KEEPER_TOUCH);
    assert_memory_equal(asked.body + 8, got.session->token_hash, 32);
    uint8_t room[64];
    struct wire_writer w = answer_begin(room, sizeof room, EACCES);
    answer_send(&w);
    WAIT_UNTIL(got.ended == 1);
}

static void test_a_new_keeper_says_what_a_session_may_do_now(void **state)
{
    (void)state;
    login();
    assert_true(auth_session_may(got.session, RIGHT_POWER, "demo"));
    keeper = ipc_destroy(keeper);
    WAIT_UNTIL(got.closed == 1);
    reconnect();
    WAIT_UNTIL(asked.n == 2);
    uint8_t room[512];
    struct grants grants = {0};
    assert_true(grants_add(&grants, "demo", RIGHT_VIEW));
    struct wire_writer w = answer_begin(room, sizeof room, 0);
    wire_write_le64(&w, 60000);
    wire_write_u8(&w, ROLE_CUSTOM);
    grants_write(&w, &grants);
    answer_send(&w);
    WAIT_UNTIL(got.changed == 1);
    assert_false(auth_session_may(got.session, RIGHT_POWER, "demo"));
    assert_true(auth_session_may(got.session, RIGHT_VIEW, "demo"));
    uint8_t body[512];
    w = wire_writer_init(body, sizeof body);
    wire_write_le64(&w, 7);
    wire_write_u8(&w, ROLE_CUSTOM);
    grants_write(&w, &(struct grants){0});
    ipc_send(keeper, KEEPER_SESSION_CHANGED, 0, body, wire_written(&w), NULL, 0);
    WAIT_UNTIL(got.changed == 2);
    assert_false(auth_session_sees(got.session, "demo"));
    assert_false(got.session->ended);
}

static void test_a_logout_reaches_a_keeper_that_was_away(void **state)
{
    (void)state;
    login();
    keeper = ipc_destroy(keeper);
    WAIT_UNTIL(got.closed == 1);
    assert_int_equal(keeper_client_logout(client, got.session), 0);
    assert_null(keeper_client_cached(client, TOKEN));
    assert_int_equal(keeper_client_session(client, TOKEN, on_login, NULL), 0);
    WAIT_UNTIL(got.n == 1);
    assert_int_equal(got.error, -EACCES);
    reconnect();
    WAIT_UNTIL(asked.n == 2);
    assert_int_equal(asked.type, KEEPER_LOGOUT);
    uint8_t room[64];
    struct wire_writer w = answer_begin(room, sizeof room, 0);
    answer_send(&w);
    WAIT_UNTIL(got.ended == 1);
}

static void test_destroying_it_answers_everybody(void **state)
{
    (void)state;
    assert_int_equal(log_in("ann", "pass word", ""), 0);
    assert_int_equal(keeper_client_session(client, "short", on_login, NULL), 0);
    client = keeper_client_destroy(client);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.closed, 0);
}

static void test_lists_come_in_pages(void **state)
{
    (void)state;
    assert_int_equal(keeper_client_accounts(client, on_users, NULL), 0);
    for (int page = 0; page < 3; page++) {
        uint8_t room[512];
        WAIT_UNTIL(asked.n == (unsigned)page + 1);
        struct wire_writer w = answer_begin(room, sizeof room, 0);
        wire_write_u8(&w, page < 2);
        wire_write_le16(&w, 1);
        char name[2] = {(char)('a' + page), 0};
        ipc_write_string(&w, name);
        wire_write_u8(&w, ROLE_OPERATOR);
        wire_write_u8(&w, 1);
        wire_write_u8(&w, KEEPER_LOCAL);
        wire_write_u8(&w, 0);
        ipc_write_string(&w, "");
        wire_write_u8(&w, 0);
        answer_send(&w);
    }
    WAIT_UNTIL(got.n == 1);
    assert_int_equal(got.error, 0);
    assert_int_equal(got.n_users, 3);
    assert_memory_equal(asked.body, "\1\0b", 3); /* the last page was asked for after "b" */
}

static void test_audit_pages_must_go_back_in_time(void **state)
{
    (void)state;
    assert_int_equal(keeper_client_audit_read(client, 10, on_lines, NULL), 0);
    for (int page = 0; page < 2; page++) { /* a keeper that sends the same line for ever */
        uint8_t room[512];
        WAIT_UNTIL(asked.n == (unsigned)page + 1);
        struct wire_writer w = answer_begin(room, sizeof room, 0);
        wire_write_u8(&w, 1);
        wire_write_le16(&w, 1);
        wire_write_le64(&w, 5);
        wire_write_le64(&w, 0);
        for (int i = 0; i < 4; i++)
            ipc_write_string(&w, "x");
        answer_send(&w);
    }
    WAIT_UNTIL(got.closed == 1);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.error, -ECONNRESET);
}

static void send_and_see_it_closed(uint16_t type, uint32_t serial, const void *body, size_t size)
{
    assert_int_equal(log_in("ann", "pass word", ""), 0);
    WAIT_UNTIL(asked.n == 1);
    ipc_send(keeper, type, serial ? asked.serial : 0, body, size, NULL, 0);
    WAIT_UNTIL(got.closed == 1);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.error, -ECONNRESET);
    WAIT_UNTIL(!keeper);
}

static void test_unknown_message_closes(void **state)
{
    (void)state;
    send_and_see_it_closed(0x7777, 0, "x", 1);
}

static void test_truncated_event_closes(void **state)
{
    (void)state;
    send_and_see_it_closed(KEEPER_SESSION_ENDED, 0, "xyz", 3);
}

static void test_truncated_answer_closes(void **state)
{
    (void)state;
    send_and_see_it_closed(KEEPER_ANSWER, 1, "\0\0\0\0\0\0\0\0\0\0trash", 15);
}

static void test_answer_to_nothing_is_let_go(void **state)
{
    (void)state;
    ipc_send(keeper, KEEPER_ANSWER, 4711, "x", 1, NULL, 0);
    ipc_send(keeper, KEEPER_SETUP_STATE, 0, "\1", 1, NULL, 0);
    WAIT_UNTIL(got.setup_states == 1);
    assert_true(got.needs_setup);
    assert_int_equal(got.closed, 0);
}

static void test_too_long_never_reaches_the_keeper(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(log_in(text, "p", ""), 0);
    assert_int_equal(log_in("u", text, ""), 0);
    WAIT_UNTIL(got.n == 2); /* no account has these: as wrong as any other */
    assert_int_equal(got.error, -EACCES);
    got.n = 0;
    assert_int_equal(keeper_client_setup(client, text, "u", "p", "", "", on_login, NULL), -EINVAL);
    assert_int_equal(keeper_client_user_remove(client, text, "", NULL, NULL), -EINVAL);
    assert_int_equal(got.n, 0);
    assert_int_equal(asked.n, 0);
}

static void test_a_silent_keeper_costs_a_bounded_number_of_asks(void **state)
{
    (void)state;
    int r = 0;
    unsigned n = 0;
    while (n < 2000 && (r = log_in("ann", "pass word", "")) == 0)
        n++;
    assert_int_equal(r, -ENOBUFS);
    assert_true(n >= 64);
    client = keeper_client_destroy(client);
    assert_int_equal(got.n, n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_login_fills_the_cache),
        TEST(test_a_token_that_is_none_is_not_asked_for),
        TEST(test_the_keeper_ends_a_session),
        TEST(test_expiry_needs_no_keeper),
        TEST(test_a_keeper_that_dies_answers_everybody),
        TEST(test_a_new_keeper_may_not_know_a_session_any_more),
        TEST(test_a_new_keeper_says_what_a_session_may_do_now),
        TEST(test_a_logout_reaches_a_keeper_that_was_away),
        TEST(test_destroying_it_answers_everybody),
        TEST(test_lists_come_in_pages),
        TEST(test_audit_pages_must_go_back_in_time),
        TEST(test_unknown_message_closes),
        TEST(test_truncated_event_closes),
        TEST(test_truncated_answer_closes),
        TEST(test_answer_to_nothing_is_let_go),
        TEST(test_too_long_never_reaches_the_keeper),
        TEST(test_a_silent_keeper_costs_a_bounded_number_of_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
