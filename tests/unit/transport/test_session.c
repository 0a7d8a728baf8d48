/* Sessions, certificate and TLS signatures of a real keeper, seen through the server. */
#include "tests/unit/keeper/keeper_fixture.h"
#include "tests/unit/transport/harness.h"
#include "transport/console_wire.h"

static struct harness h;
static struct answer a;
static struct ws_message m;
static char cookie[128];

/* ---- the gateway's side ---- */

static void session_ended(void *data, struct auth_session *session)
{
    (void)data;
    server_session_ended(h.server, session);
}

static void setup_state(void *data, bool needs_setup)
{
    (void)data;
    if (h.server)
        server_set_needs_setup(h.server, needs_setup);
}

static void keeper_closed(void *data)
{
    (void)data;
}

static const struct keeper_client_listener listener = {
    .session_ended = session_ended, .setup_state = setup_state, .closed = keeper_closed};

static void who_am_i(void *context, struct route_call *call)
{
    (void)context;
    route_reply(call, 200, "text/plain", call->session->user, strlen(call->session->user));
}

static void log_out(void *context, struct route_call *call)
{
    (void)context;
    keeper_client_logout(client, call->session);
    route_set_session_cookie(call, NULL);
    route_reply(call, 204, NULL, NULL, 0);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/session", ROUTE_SESSION, 0, who_am_i),
    ROUTE(ROUTE_DELETE, "/api/v1/session", ROUTE_SESSION, 0, log_out),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/power", ROUTE_RIGHT, RIGHT_POWER, who_am_i),
};
static const struct route_table table = {rows, ARRAY_SIZE(rows), NULL};

static int on_open(void *context, const char *target, struct auth_session *session, const struct console_hello *hello,
                   struct viewer *viewer, struct console_viewer **ret)
{
    (void)context, (void)target, (void)session, (void)hello;
    viewer_mode(viewer, 640, 480, 0);
    *ret = (struct console_viewer *)&h; /* never looked into */
    return 0;
}

static void on_close(struct console_viewer *self)
{
    (void)self;
}

static void on_pull(struct console_viewer *self, size_t budget)
{
    (void)self, (void)budget;
}

static const struct console_ops ops = {.open = on_open, .close = on_close, .pull = on_pull};

static int start(void **state)
{
    (void)state;
    text_copy(folder, sizeof folder, "/tmp/lightsout-keeper-XXXXXX");
    if (!mkdtemp(folder) || loop_create(&loop) < 0)
        return -1;
    keeper_start();
    if (keeper_client_create(loop, gateway_channel(), &listener, NULL, &client) < 0)
        return -1;
    set_ann_up();
    snprintf(cookie, sizeof cookie, "Cookie: " ROUTE_COOKIE "=%s\r\n", got.token);
    h.loop = loop;
    h.config.tables = &table;
    h.config.n_tables = 1;
    h.config.console = &ops;
    harness_start(&h, client);
    return 0;
}

static int stop(void **state)
{
    harness_stop(&h);
    return keeper_tear_down(state);
}

/* ---- tests ---- */

static void certificate_is_the_keepers(void **state)
{
    (void)state;
    unsigned char digest[32];
    unsigned size = sizeof digest;
    struct client c = client_tls(&h);
    X509 *x = SSL_get1_peer_certificate(c.ssl);
    assert_int_equal(X509_digest(x, EVP_sha256(), digest, &size), 1);
    assert_memory_equal(digest, ready.fingerprint, 32);
    X509_free(x);
    client_close(&c);
}

static void cookie_makes_a_session(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/session", "", NULL, &a), 401);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/session", cookie, NULL, &a), 200);
    assert_string_equal(a.body, "ann");
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/targets/demo/power", cookie, NULL, &a), 200);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/targets/forbidden/power", cookie, NULL, &a), 403);
    assert_non_null(strstr(a.body, "ann with the role Administrator"));
    client_close(&c);
}

/* A token that the cache does not hold is asked for at the keeper while the request waits. */
static void unknown_token_is_asked_for_and_refused(void **state)
{
    (void)state;
    char other[160];
    snprintf(other, sizeof other, "Cookie: " ROUTE_COOKIE "=%064d\r\n", 7);
    struct client c = client_tls(&h);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/session", other, NULL, &a), 401);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/session", cookie, NULL, &a), 200);
    client_close(&c);
}

/* The answer comes when nobody waits any more. */
static void peer_leaves_while_the_keeper_is_asked(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct client c = client_tls(&h);
        client_say(&c, "GET /api/v1/session HTTP/1.1\r\nHost: localhost:%u\r\nCookie: " ROUTE_COOKIE "=%064d\r\n\r\n",
                   h.port, 100 + i);
        client_close(&c);
    }
    assert_int_equal(request_once(&h, "GET", "/api/v1/session", cookie, NULL, &a), 200);
}

static void logout_ends_the_consoles_of_the_session(void **state)
{
    (void)state;
    struct client c, w;
    char origin[64], both[256], ticket[33];
    snprintf(origin, sizeof origin, "Origin: https://localhost:%u\r\n", h.port);
    snprintf(both, sizeof both, "%s%s", cookie, origin);
    c = client_tls(&h);
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/targets/forbidden/ticket", both, "", &a), 403);
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/targets/demo/ticket", both, "", &a), 200);
    assert_int_equal(sscanf(a.body, "{\"ticket\":\"%32[0-9a-f]\"", ticket), 1);

    assert_int_equal(ws_open(&h, &w, "/api/v1/targets/demo/console", CONSOLE_SUBPROTOCOL, &a), 101);
    uint8_t hello[61] = {CONSOLE_HELLO, 1, 0, 7, 0};
    memcpy(hello + 5, ticket, 32);
    ws_send_message(&w, hello, sizeof hello);
    assert_true(ws_read(&w, &m));
    assert_int_equal(m.bytes[0], CONSOLE_WELCOME);

    assert_int_equal(client_request(&h, &c, "DELETE", "/api/v1/session", both, NULL, &a), 204);
    assert_non_null(strstr(answer_header(&a, "Set-Cookie"), "Max-Age=0"));
    do
        assert_true(ws_read(&w, &m));
    while (!m.close_code && m.bytes[0] != CONSOLE_END);
    assert_int_equal(m.bytes[0], CONSOLE_END);
    assert_int_equal(m.bytes[1], VIEWER_END_SESSION);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/session", cookie, NULL, &a), 401);
    client_close(&c);
    client_close(&w);
}

static void do_kill_keeper(struct harness *harness, void *data)
{
    (void)harness, (void)data;
    kill(keeper_pid, SIGKILL);
}

/* Last: what only the keeper knows is told to try again. */
static void server_bears_the_keepers_death(void **state)
{
    (void)state;
    char other[160];
    snprintf(other, sizeof other, "Cookie: " ROUTE_COOKIE "=%064d\r\n", 8);
    struct client c = client_tls(&h);
    harness_call(&h, do_kill_keeper, NULL);
    keeper_reap();
    uint64_t limit = clock_now_us() + HANG_MS * 1000;
    while (client_request(&h, &c, "GET", "/api/v1/session", other, NULL, &a) != 503)
        assert_true(clock_now_us() < limit);
    assert_non_null(strstr(a.body, "no-keeper"));
    client_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_is_the_keepers),
        cmocka_unit_test(cookie_makes_a_session),
        cmocka_unit_test(unknown_token_is_asked_for_and_refused),
        cmocka_unit_test(peer_leaves_while_the_keeper_is_asked),
        cmocka_unit_test(logout_ends_the_consoles_of_the_session),
        cmocka_unit_test(server_bears_the_keepers_death),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
