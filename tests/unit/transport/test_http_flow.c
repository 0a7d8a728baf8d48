/* Bodies that come in pieces, answers that take their time. */

#include "tests/unit/transport/http_routes.h"

/* ---- bodies and lengths ---- */

static int raw(const char *lines)
{
    struct client c = client_tls(&h);
    client_say(&c, "POST /api/v1/hello/x HTTP/1.1\r\nHost: localhost:%u\r\n%s", h.port, lines);
    client_answer(&c, &a, false);
    if (a.status >= 400)
        assert_true(client_at_end(&c));
    client_close(&c);
    return a.status;
}

#define JSON "Content-Type: application/json\r\n"

static void bodies_need_an_honest_length(void **state)
{
    (void)state;
    assert_int_equal(raw(JSON "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), 411);
    assert_int_equal(raw(JSON "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}"), 411);
    assert_int_equal(raw(JSON "\r\n{}"), 411);
    assert_int_equal(raw(JSON "Content-Length: -1\r\n\r\n{}"), 400);
    assert_int_equal(raw(JSON "Content-Length: +2\r\n\r\n{}"), 400);
    assert_int_equal(raw(JSON "Content-Length: 0x2\r\n\r\n{}"), 400);
    assert_int_equal(raw(JSON "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "), 400);
    assert_int_equal(raw(JSON "Content-Length: 65537\r\n\r\n{}"), 413);
    assert_int_equal(raw(JSON "Content-Length: 99999999999999999999999\r\n\r\n{}"), 413);
    assert_int_equal(raw("Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"), 415);
    assert_int_equal(raw(JSON "Content-Length: 2\r\n\r\n{}"), 200);
}

static void largest_body_arrives_in_pieces(void **state)
{
    (void)state;
    static char body[ROUTE_MAX_BODY];
    memset(body, 'x', sizeof body);
    struct client c = client_tls(&h);
    client_say(&c, "POST /api/v1/hello/x HTTP/1.1\r\nHost: localhost:%u\r\n" JSON "Content-Length: %zu\r\n\r\n", h.port,
               sizeof body);
    for (size_t at = 0; at < sizeof body; at += 1000)
        assert_true(client_write(&c, body + at, MIN(sizeof body - at, 1000u)));
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 200);
    client_close(&c);
}

static void request_byte_by_byte(void **state)
{
    (void)state;
    char text[512];
    struct client c = client_tls(&h);
    int n = snprintf(text, sizeof text,
                     "POST /api/v1/hello/slow HTTP/1.1\r\nHost: localhost:%u\r\n" JSON "Content-Length: 7\r\n\r\n"
                     "{\"a\":1}",
                     h.port);
    for (int i = 0; i < n; i++)
        assert_true(client_write(&c, text + i, 1));
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "slow q=- body={\"a\":1}"));
    client_close(&c);
}

/* Bytes behind a request with a body, in the same read, once kept libwebsockets in a loop for ever. */
static void pipelining_ends_the_connection(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    client_say(&c,
               "GET /api/v1/hello/1 HTTP/1.1\r\nHost: localhost:%u\r\n\r\n"
               "POST /api/v1/hello/2 HTTP/1.1\r\nHost: localhost:%u\r\n" JSON "Content-Length: 2\r\n\r\n{}"
               "GET /api/v1/hello/3 HTTP/1.1\r\nHost: localhost:%u\r\n\r\n",
               h.port, h.port, h.port);
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 200);
    assert_memory_equal(a.body, "1 q=", 4);
    assert_true(client_at_end(&c));
    client_close(&c);
    c = client_tls(&h);
    client_say(&c,
               "POST /api/v1/hello/1 HTTP/1.1\r\nHost: localhost:%u\r\n" JSON "Content-Length: 2\r\n\r\n{}"
               "POST /api/v1/hello/2 HTTP/1.1\r\nHost: localhost:%u\r\n" JSON "Content-Length: 2\r\n\r\n{}junk",
               h.port, h.port);
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 200);
    assert_true(client_at_end(&c));
    client_close(&c);
    assert_int_equal(request_once(&h, "GET", "/api/v1/version", "", NULL, &a), 200);
}

/* ---- answers that take their time ---- */

/* Soon the net thread sleeps, and goes on sleeping: one that is kept awake makes thousands of rounds in the time. */
static void assert_quiet(void)
{
    uint64_t limit = clock_now_us() + HANG_MS * 1000, before, after = server_statistics(h.server)->rounds;
    do {
        assert_true(clock_now_us() < limit);
        before = after;
        usleep(200000);
        after = server_statistics(h.server)->rounds;
    } while (after - before > 20);
}

static void answer_held(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    route_reply(held, 200, "text/plain", "late", 4);
    held = NULL;
}

static void waiting_request_costs_no_wakeups(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    client_say(&c,
               "GET /api/v1/held HTTP/1.1\r\nHost: localhost:%u\r\n\r\n"
               "GET /api/v1/hello/next HTTP/1.1\r\nHost: localhost:%u\r\n\r\n",
               h.port, h.port);
    sem_wait(&got_held);
    client_say(&c, "GET /api/v1/hello/third HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", h.port);
    assert_quiet();
    harness_call(&h, answer_held, NULL);
    client_answer(&c, &a, false);
    assert_string_equal(a.body, "late");
    client_close(&c);
}

static void slow_reader_costs_no_wakeups_and_gets_everything(void **state)
{
    (void)state;
    static char room[65536];
    struct client c = client_tls(&h);
    client_say(&c, "GET /api/v1/huge HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", h.port);
    client_answer(&c, &a, true);
    assert_int_equal(a.status, 200);
    client_say(&c, "more, that nobody reads yet\r\n\r\n");
    assert_quiet();
    assert_int_equal(request_once(&h, "GET", "/", "", NULL, &a), 200);
    for (size_t left = HUGE_SIZE; left;) {
        size_t n = MIN(left, sizeof room);
        assert_true(client_read_exactly(&c, room, n));
        left -= n;
        assert_int_equal(room[n - 1], left ? 0 : 'z');
    }
    client_answer(&c, &a, false); /* to what it said in between */
    assert_true(a.status == 0 || a.status >= 400);
    client_close(&c);
}

static void handler_hears_that_the_peer_left(void **state)
{
    (void)state;
    unsigned before = cancelled;
    struct client c = client_tls(&h);
    client_say(&c, "GET /api/v1/held HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", h.port);
    sem_wait(&got_held);
    client_close(&c);
    sem_wait(&got_cancelled);
    assert_int_equal(cancelled, before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_need_an_honest_length),
        cmocka_unit_test(largest_body_arrives_in_pieces),
        cmocka_unit_test(request_byte_by_byte),
        cmocka_unit_test(pipelining_ends_the_connection),
        cmocka_unit_test(waiting_request_costs_no_wakeups),
        cmocka_unit_test(slow_reader_costs_no_wakeups_and_gets_everything),
        cmocka_unit_test(handler_hears_that_the_peer_left),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
