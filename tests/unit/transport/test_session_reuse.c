/* Connections come and go, their descriptors and buffers are used again, and nobody ever has a session that they did
 * not prove on the very request. TEST_CYCLES connections (300; `make soak` has 100,000). */
#include "auth/keeper_client_internal.h"
#include "auth/random.h"
#include "core/text.h"
#include "tests/unit/transport/harness.h"

#define SLOTS 24 /* connections that are open at a time */

static struct harness h;
static struct keeper_client *keeper;
static struct ipc *fake; /* the keeper's end: it knows nobody */
static struct answer a;

struct slot {
    struct client client;
    bool open;
    char user[16], cookie[160];
};
static struct slot slots[SLOTS];

/* ---- the gateway's side ---- */

static void reply_name(void *context, struct route_call *call)
{
    (void)context;
    route_reply(call, 200, "text/plain", call->session->user, strlen(call->session->user));
}

/* Logs in whom the body names, as if the keeper had said so. */
static void log_in(void *context, struct route_call *call)
{
    static uint64_t id;
    uint8_t bytes[32];
    char token[AUTH_TOKEN_HEX + 1];
    struct auth_session *session = NULL;
    (void)context;
    assert_int_equal(random_bytes(bytes, sizeof bytes), 0);
    hex_write(token, bytes, sizeof bytes);
    assert_int_equal(auth_session_create(++id, (const char *)call->body + 1, ROLE_OPERATOR, &session), 0);
    token_hash(token, session->token_hash);
    session->expires_us = clock_boot_us() + 3600 * 1000000ull;
    assert_int_equal(cache_add(keeper, session), 0);
    auth_session_unref(session);
    route_set_session_cookie(call, token);
    route_reply(call, 204, NULL, NULL, 0);
}

static void log_out(void *context, struct route_call *call)
{
    struct keeper_cached *entry = cache_find_id(keeper, call->session->id);
    (void)context;
    assert_non_null(entry);
    cache_end(keeper, entry);
    route_reply(call, 204, NULL, NULL, 0);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/session", ROUTE_SESSION, 0, reply_name),
    ROUTE(ROUTE_POST, "/api/v1/session", ROUTE_PUBLIC, 0, log_in),
    ROUTE(ROUTE_DELETE, "/api/v1/session", ROUTE_SESSION, 0, log_out),
};
static const struct route_table table = {rows, ARRAY_SIZE(rows), NULL};

static void session_ended(void *data, struct auth_session *session)
{
    (void)data;
    server_session_ended(h.server, session);
}

static void ignore_setup(void *data, bool needs_setup)
{
    (void)data, (void)needs_setup;
}

static void ignore_closed(void *data)
{
    (void)data;
}

static const struct keeper_client_listener listener = {
    .session_ended = session_ended, .setup_state = ignore_setup, .closed = ignore_closed};

static void refuse(void *data, struct ipc_message *message)
{
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    (void)data;
    wire_write_le32(&w, EACCES);
    wire_write_le32(&w, 0);
    ipc_write_string(&w, "");
    ipc_send(fake, KEEPER_ANSWER, message->serial, room, wire_written(&w), NULL, 0);
}

static void ignore_end(void *data, int error)
{
    (void)data, (void)error;
}

static const struct ipc_listener fake_listener = {.message = refuse, .closed = ignore_end};

static int start(void **state)
{
    int pair[2];
    (void)state;
    if (loop_create(&h.loop) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0 ||
        ipc_create(h.loop, pair[1], &fake_listener, NULL, &fake) < 0 ||
        keeper_client_create(h.loop, pair[0], &listener, NULL, &keeper) < 0)
        return -1;
    h.config.tables = &table;
    h.config.n_tables = 1;
    harness_make_certificate(&h);
    harness_start(&h, keeper);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i].open)
            client_close(&slots[i].client);
    harness_stop(&h);
    keeper_client_destroy(keeper);
    ipc_destroy(fake);
    loop_destroy(h.loop);
    return 0;
}

/* ---- the browsers ---- */

static uint32_t dice(uint32_t sides)
{
    static uint64_t state = 0x9e3779b97f4a7c15;
    state = state * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(state >> 33) % sides;
}

static void must_be(struct client *c, const char *cookie, const char *user)
{
    int status = client_request(&h, c, "GET", "/api/v1/session", cookie, NULL, &a);
    assert_int_equal(status, user ? 200 : 401);
    if (user)
        assert_string_equal(a.body, user);
}

/* Leaves as people do: with a log-out or without, at rest or in the middle of a request. */
static void leave(struct slot *slot)
{
    assert_int_equal(client_request(&h, &slot->client, "DELETE", "/api/v1/session", slot->cookie, NULL, &a), 204);
    if (dice(2))
        client_say(&slot->client, "GET /api/v1/session HTTP/1.1\r\nHost: localhost:%u\r\n%s", h.port, slot->cookie);
    client_close(&slot->client);
    slot->open = false;
}

static void come(struct slot *slot, unsigned number)
{
    char body[32], cut[160];
    slot->client = client_tls(&h);
    slot->open = true;
    must_be(&slot->client, "", NULL); /* whoever had this descriptor before */
    snprintf(slot->user, sizeof slot->user, "u%u", number);
    snprintf(body, sizeof body, "\"%s", slot->user); /* not JSON: this login reads it as it is */
    assert_int_equal(client_request(&h, &slot->client, "POST", "/api/v1/session", "", body, &a), 204);
    const char *set = answer_header(&a, "Set-Cookie");
    assert_non_null(set);
    snprintf(slot->cookie, sizeof slot->cookie, "Cookie: %.*s\r\n", (int)strcspn(set, ";"), set);
    must_be(&slot->client, slot->cookie, slot->user);
    must_be(&slot->client, "", NULL); /* the connection itself has learnt nothing */
    snprintf(cut, sizeof cut, "%.*s\r\n", (int)strlen(slot->cookie) - 3, slot->cookie);
    must_be(&slot->client, cut, NULL);
}

static void test_nobody_inherits_a_session(void **state)
{
    const char *count = getenv("TEST_CYCLES");
    unsigned cycles = count ? (unsigned)strtoul(count, NULL, 10) : 300, reused = 0;
    int last_fd = -1;
    (void)state;
    for (unsigned i = 0; i < cycles; i++) {
        struct slot *slot = &slots[dice(SLOTS)], *other = &slots[dice(SLOTS)];
        if (slot->open)
            leave(slot);
        come(slot, i);
        reused += slot->client.fd <= last_fd;
        last_fd = MAX(last_fd, slot->client.fd);
        if (other->open)
            must_be(&slot->client, other->cookie, other->user);
    }
    printf("%u connections, %u of them on a descriptor that was used before\n", cycles, reused);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_inherits_a_session)};
    return cmocka_run_group_tests(tests, start, stop);
}
