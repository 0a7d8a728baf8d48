/* The HTTP side of the server, through real sockets and TLS. */
#include <errno.h>
#include <sys/syscall.h>

#include "tests/unit/transport/harness.h"

static struct harness h;
static struct answer a;

/* ---- routes of the test ---- */

static struct route_call *held;
static unsigned cancelled;
static sem_t got_held, got_cancelled;

static void say_hello(void *context, struct route_call *call)
{
    (void)context;
    char text[512], value[64] = "-";
    route_query(call, "q", value, sizeof value);
    int n = snprintf(text, sizeof text, "%s q=%s body=%.*s peer=%s", call->params[0] ? call->params[0] : "", value,
                     (int)MIN(call->body_size, (size_t)99), (const char *)call->body, call->peer);
    route_reply_header(call, "ETag", "\"hello\"");
    route_reply(call, 200, "text/plain", text, (size_t)n);
}

static void set_cookie(void *context, struct route_call *call)
{
    (void)context;
    route_set_session_cookie(call, "0123456789abcdef");
    route_reply_header(call, "X-Bad", "split\r\nInjected: yes");
    route_reply(call, 204, NULL, NULL, 0);
}

static void on_cancelled(void *data)
{
    struct route_call *call = data;
    cancelled++;
    route_reply_error(call, 500, "gone", "nobody hears this");
    held = NULL;
    sem_post(&got_cancelled);
}

static void hold(void *context, struct route_call *call)
{
    (void)context;
    call->cancelled = on_cancelled;
    call->cancelled_data = call;
    held = call;
    sem_post(&got_held);
}

static void answer_held(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    route_reply(held, 200, "text/plain", "late", 4);
    held = NULL;
}

static void large(void *context, struct route_call *call)
{
    (void)context;
    static char bytes[100000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)('a' + i % 26);
    route_reply(call, 200, "text/plain", bytes, sizeof bytes);
}

#define HUGE_SIZE (12u << 20)

static void huge(void *context, struct route_call *call)
{
    (void)context;
    char *bytes = calloc(1, HUGE_SIZE);
    bytes[HUGE_SIZE - 1] = 'z';
    route_reply(call, 200, "text/plain", bytes, HUGE_SIZE);
    free(bytes);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/huge", ROUTE_PUBLIC, 0, huge),
    ROUTE(ROUTE_GET, "/api/v1/version", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_GET, "/api/v1/hello/{name}", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_POST, "/api/v1/hello/{name}", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_PUT, "/api/v1/hello/{name}", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_DELETE, "/api/v1/hello/{name}", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_POST, "/api/v1/cookie", ROUTE_PUBLIC, 0, set_cookie),
    ROUTE(ROUTE_GET, "/api/v1/held", ROUTE_PUBLIC, 0, hold),
    ROUTE(ROUTE_GET, "/api/v1/large", ROUTE_PUBLIC, 0, large),
    ROUTE(ROUTE_POST, "/api/v1/setup", ROUTE_SETUP, 0, say_hello),
    ROUTE(ROUTE_GET, "/api/v1/session", ROUTE_SESSION, 0, say_hello),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/power", ROUTE_RIGHT, RIGHT_POWER, say_hello),
};
static const struct route_table table = {rows, ARRAY_SIZE(rows), NULL};

static const uint8_t page[200000] = {0x1f, 0x8b, 8};
static const struct site_file files[] = {
    {"/", "text/html; charset=utf-8", "\"page\"", page, 1000},
    {"/big.wasm", "application/wasm", "\"big\"", page, sizeof page},
};

static int start(void **state)
{
    (void)state;
    sem_init(&got_held, 0, 0);
    sem_init(&got_cancelled, 0, 0);
    h.config.site = files;
    h.config.n_site = ARRAY_SIZE(files);
    h.config.tables = &table;
    h.config.n_tables = 1;
    harness_start(&h, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    harness_stop(&h);
    return 0;
}

#define OURS "Origin: https://127.0.0.1:%u\r\n"

static const char *ours(void)
{
    static char line[64];
    snprintf(line, sizeof line, OURS, h.port);
    return line;
}

/* ---- the page ---- */

static void page_comes_with_its_policy_alone(void **state)
{
    (void)state;
    assert_int_equal(request_once(&h, "GET", "/", "Accept-Encoding: gzip\r\n", NULL, &a), 200);
    assert_int_equal(a.body_size, 1000);
    assert_memory_equal(a.body, page, 1000);
    assert_string_equal(answer_header(&a, "Content-Encoding"), "gzip");
    assert_string_equal(answer_header(&a, "Content-Type"), "text/html; charset=utf-8");
    const char *policy = answer_header(&a, "Content-Security-Policy");
    assert_non_null(strstr(policy, "script-src 'self' 'wasm-unsafe-eval';"));
    assert_non_null(strstr(policy, "default-src 'none';"));
    assert_string_equal(answer_header(&a, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(answer_header(&a, "Referrer-Policy"), "no-referrer");
    char *first = strcasestr(a.head, "content-security-policy");
    assert_null(strcasestr(first + 1, "content-security-policy"));
}

static void page_is_not_sent_twice(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    assert_int_equal(client_request(&h, &c, "GET", "/", "If-None-Match: \"old\", \"page\"\r\n", NULL, &a), 304);
    assert_int_equal(a.body_size, 0);
    assert_null(answer_header(&a, "Content-Length"));
    assert_int_equal(client_request(&h, &c, "GET", "/", "If-None-Match: \"old\"\r\n", NULL, &a), 200);
    assert_int_equal(client_request(&h, &c, "HEAD", "/", "", NULL, &a), 200);
    assert_string_equal(answer_header(&a, "Content-Length"), "1000");
    assert_int_equal(client_request(&h, &c, "GET", "/", "", NULL, &a), 200); /* HEAD left the connection in order */
    client_close(&c);
}

static void large_file_arrives_whole(void **state)
{
    (void)state;
    static uint8_t room[sizeof page];
    struct client c = client_tls(&h);
    client_say(&c, "GET /big.wasm HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", h.port);
    client_answer(&c, &a, true);
    assert_int_equal(a.status, 200);
    assert_true(client_read_exactly(&c, room, sizeof room));
    assert_memory_equal(room, page, sizeof page);
    client_close(&c);
}

/* ---- routes ---- */

static void routes_get_params_query_and_body(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/hello/a%2541%20b?q=1%262%3D3&x=y", "", NULL, &a), 200);
    assert_string_equal(a.body, "a%41 b q=1&2=3 body= peer=127.0.0.1");
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/hello/x", ours(), "{\"a\":1}", &a), 200);
    assert_string_equal(a.body, "x q=- body={\"a\":1} peer=127.0.0.1");
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/hello/x", ours(), "", &a), 200);
    assert_int_equal(client_request(&h, &c, "PUT", "/api/v1/hello/x", ours(), "", &a), 200);
    assert_int_equal(client_request(&h, &c, "DELETE", "/api/v1/hello/x", ours(), NULL, &a), 200);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/hello/x", "If-None-Match: W/\"hello\"\r\n", NULL, &a), 304);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/large", "", NULL, &a), 200);
    assert_int_equal(a.body_size, 100000);
    assert_int_equal(a.body[99999], 'a' + 99999 % 26);
    client_close(&c);
}

static void unknown_paths_and_methods_say_so(void **state)
{
    (void)state;
    assert_int_equal(request_once(&h, "GET", "/nothing", "", NULL, &a), 404);
    assert_non_null(strstr(a.body, "no-such-path"));
    assert_int_equal(request_once(&h, "GET", "/api/v1/hello/a%2Fb", "", NULL, &a), 404);
    assert_int_equal(request_once(&h, "GET", "/api/v1/hello/a%01b", "", NULL, &a), 404);
    assert_true(request_once(&h, "GET", "/api/v1/hello/a%0ab", "", NULL, &a) >= 400);
    assert_int_equal(request_once(&h, "DELETE", "/api/v1/cookie", ours(), NULL, &a), 405);
    assert_string_equal(answer_header(&a, "Allow"), "POST");
    assert_int_equal(request_once(&h, "OPTIONS", "/api/v1/cookie", ours(), NULL, &a), 405);
}

static void headers_of_answers_cannot_be_split(void **state)
{
    (void)state;
    assert_int_equal(request_once(&h, "POST", "/api/v1/cookie", ours(), "", &a), 204);
    assert_string_equal(answer_header(&a, "Set-Cookie"),
                        "__Host-lightsout=0123456789abcdef; Path=/; Secure; HttpOnly; SameSite=Strict");
    assert_null(answer_header(&a, "Injected"));
    assert_null(answer_header(&a, "X-Bad"));
}

static void local_socket_is_administrator_without_cookies(void **state)
{
    (void)state;
    struct client c = client_local(&h);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/session", "", NULL, &a), 200);
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/targets/demo/power", "", "{}", &a), 200);
    assert_non_null(strstr(a.body, "peer=local uid "));
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/cookie", "", "", &a), 204);
    assert_null(answer_header(&a, "Set-Cookie"));
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/targets/forbidden/power", "", "{}", &a), 403);
    client_close(&c);
}

/* Another user than root and the gateway's own; by a system call, so that it holds for this thread alone. */
static void local_socket_refuses_other_users(void **state)
{
    (void)state;
    if (getuid() != 0)
        skip();
    assert_int_equal(syscall(SYS_setresuid, -1, 65534, -1), 0);
    struct client c = client_local(&h);
    assert_int_equal(syscall(SYS_setresuid, -1, 0, -1), 0);
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 403);
    assert_non_null(strstr(a.body, "forbidden"));
    assert_true(client_at_end(&c));
    client_close(&c);
}

static void session_routes_want_a_session(void **state)
{
    (void)state;
    assert_int_equal(request_once(&h, "GET", "/api/v1/session", "", NULL, &a), 401);
    assert_non_null(strstr(a.body, "no-session"));
    assert_int_equal(request_once(&h, "GET", "/api/v1/session", "Cookie: __Host-lightsout=00ff\r\n", NULL, &a), 401);
    assert_int_equal(request_once(&h, "POST", "/api/v1/targets/demo/ticket", ours(), "", &a), 401);
}

static void set_needs(struct harness *harness, void *data)
{
    server_set_needs_setup(harness->server, *(bool *)data);
}

static void until_set_up_only_set_up_is_served(void **state)
{
    (void)state;
    bool yes = true, no = false;
    harness_call(&h, set_needs, &yes);
    assert_int_equal(request_once(&h, "GET", "/api/v1/session", "", NULL, &a), 403);
    assert_non_null(strstr(a.body, "needs-setup"));
    assert_int_equal(request_once(&h, "GET", "/nothing", "", NULL, &a), 403);
    assert_int_equal(request_once(&h, "POST", "/api/v1/hello/login", ours(), "", &a), 403);
    assert_int_equal(request_once(&h, "GET", "/", "", NULL, &a), 200);
    assert_int_equal(request_once(&h, "GET", "/api/v1/version", "", NULL, &a), 200);
    assert_int_equal(request_once(&h, "POST", "/api/v1/setup", ours(), "{}", &a), 200);
    struct client c;
    assert_int_equal(ws_open(&h, &c, "/api/v1/targets/demo/console", "lightsout.console.1", &a), 403);
    client_close(&c);
    harness_call(&h, set_needs, &no);
}

/* ---- who asks ---- */

static int with_host(const char *host, const char *method, const char *more)
{
    struct client c = client_tls(&h);
    client_say(&c, "%s /api/v1/hello/x HTTP/1.1\r\n%s%s\r\n", method, host, more);
    client_answer(&c, &a, false);
    client_close(&c);
    return a.status;
}

static void only_our_names_are_served(void **state)
{
    (void)state;
    char line[128];
    assert_int_equal(with_host("", "GET", ""), 421);
    assert_int_equal(with_host("Host: evil.example\r\n", "GET", ""), 421);
    assert_int_equal(with_host("Host: localhost\r\n", "GET", ""), 421);
    assert_int_equal(with_host("Host: localhost:1\r\n", "GET", ""), 421);
    snprintf(line, sizeof line, "Host: LOCALHOST:%u\r\n", h.port);
    assert_int_equal(with_host(line, "GET", ""), 200);
    snprintf(line, sizeof line, "Host: [::1]:%u\r\n", h.port);
    assert_int_equal(with_host(line, "GET", ""), 200);
    snprintf(line, sizeof line, "Host: localhost:%u\r\nHost: evil.example\r\n", h.port);
    assert_int_equal(with_host(line, "GET", ""), 421);
}

static void other_pages_cannot_change_anything(void **state)
{
    (void)state;
    char evil[128];
    assert_int_equal(request_once(&h, "POST", "/api/v1/hello/x", "Origin: https://evil.example\r\n", "{}", &a), 403);
    assert_non_null(strstr(a.body, "bad-origin"));
    assert_int_equal(request_once(&h, "POST", "/api/v1/hello/x", "Origin: null\r\n", "{}", &a), 403);
    snprintf(evil, sizeof evil, "Origin: http://localhost:%u\r\n", h.port);
    assert_int_equal(request_once(&h, "POST", "/api/v1/hello/x", evil, "{}", &a), 403);
    snprintf(evil, sizeof evil, "Origin: https://localhost:%u.evil.example\r\n", h.port);
    assert_int_equal(request_once(&h, "POST", "/api/v1/hello/x", evil, "{}", &a), 403);
    assert_int_equal(request_once(&h, "DELETE", "/api/v1/hello/x", "Sec-Fetch-Site: cross-site\r\n", NULL, &a), 403);
    assert_int_equal(request_once(&h, "DELETE", "/api/v1/hello/x", "", NULL, &a), 200); /* a script's */
    assert_int_equal(request_once(&h, "POST", "/api/v1/hello/x", ours(), "{}", &a), 200);
}

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

/* ---- the protocols' back doors ---- */

static void http2_is_out_of_reach(void **state)
{
    (void)state;
    struct client c = client_tls_alpn(&h, "\2h2\10http/1.1");
    const unsigned char *chosen;
    unsigned n;
    SSL_get0_alpn_selected(c.ssl, &chosen, &n);
    assert_int_equal(n, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
    client_say(&c,
               "GET / HTTP/1.1\r\nHost: localhost:%u\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
               "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
               h.port);
    assert_true(client_at_end(&c));
    client_close(&c);
    c = client_tls(&h);
    client_say(&c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client_answer(&c, &a, false);
    assert_true(a.status == 0 || a.status >= 400);
    client_close(&c);
}

static void other_upgrades_are_refused(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    client_say(&c, "GET / HTTP/1.1\r\nHost: localhost:%u\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n", h.port);
    client_answer(&c, &a, false);
    assert_true(a.status == 0 || a.status == 403);
    client_close(&c);
}

static void connect_is_hung_up(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    client_say(&c, "CONNECT localhost:%u HTTP/1.1\r\nHost: localhost:%u\r\n\r\nhello", h.port, h.port);
    assert_true(client_at_end(&c));
    client_close(&c);
}

static void huge_headers_are_refused(void **state)
{
    (void)state;
    static char filler[12000];
    memset(filler, 'x', sizeof filler - 1);
    struct client c = client_tls(&h);
    client_say(&c, "GET / HTTP/1.1\r\nHost: localhost:%u\r\nCookie: %s\r\n\r\n", h.port, filler);
    client_answer(&c, &a, false);
    assert_true(a.status == 0 || a.status >= 400);
    client_close(&c);
    c = client_tls(&h);
    client_say(&c, "GET /%.*s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", 3000, filler, h.port);
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 414);
    client_close(&c);
}

static void old_tls_is_refused(void **state)
{
    (void)state;
    struct client c = client_plain(&h);
    c.context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(c.context, 0);
    SSL_CTX_set_min_proto_version(c.context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(c.context, TLS1_1_VERSION);
    c.ssl = SSL_new(c.context);
    SSL_set_fd(c.ssl, c.fd);
    assert_int_not_equal(SSL_connect(c.ssl), 1);
    client_close(&c);
}

static void plain_http_is_redirected(void **state)
{
    (void)state;
    char expected[128];
    struct client c = client_plain(&h);
    client_say(&c, "GET /console?x=1 HTTP/1.1\r\nHost: kvm.example\r\n\r\n");
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 308);
    snprintf(expected, sizeof expected, "https://kvm.example:%u/console?x=1", h.port);
    assert_string_equal(answer_header(&a, "Location"), expected);
    assert_true(client_at_end(&c));
    client_close(&c);
    c = client_plain(&h);
    client_say(&c, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 400);
    client_close(&c);
}

static void silent_peers_do_not_keep_others_out(void **state)
{
    (void)state;
    enum { silent = 200 };
    struct client quiet[silent];
    for (int i = 0; i < silent; i++)
        quiet[i] = client_plain(&h);
    assert_int_equal(request_once(&h, "GET", "/", "", NULL, &a), 200);
    for (int i = 0; i < silent; i++)
        client_close(&quiet[i]);
}

/* Also shows that an address which holds many connections gets no more, and is served again afterwards. */
static void one_address_cannot_take_all_connections(void **state)
{
    (void)state;
    enum { many = 200 };
    static struct client greedy[many];
    for (int i = 0; i < many; i++) {
        greedy[i] = client_plain(&h);
        client_write(&greedy[i], "\x16\3\1\2", 4); /* the beginning of a handshake */
    }
    uint64_t limit = clock_now_us() + HANG_MS * 1000;
    while (server_statistics(h.server)->refused == 0 && clock_now_us() < limit)
        usleep(1000);
    assert_true(server_statistics(h.server)->refused > 0);
    struct client c = client_local(&h);
    assert_int_equal(client_request(&h, &c, "GET", "/", "", NULL, &a), 200);
    client_close(&c);
    for (int i = 0; i < many; i++)
        client_close(&greedy[i]);
    assert_int_equal(request_once(&h, "GET", "/", "", NULL, &a), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_comes_with_its_policy_alone),
        cmocka_unit_test(page_is_not_sent_twice),
        cmocka_unit_test(large_file_arrives_whole),
        cmocka_unit_test(routes_get_params_query_and_body),
        cmocka_unit_test(unknown_paths_and_methods_say_so),
        cmocka_unit_test(headers_of_answers_cannot_be_split),
        cmocka_unit_test(local_socket_is_administrator_without_cookies),
        cmocka_unit_test(local_socket_refuses_other_users),
        cmocka_unit_test(session_routes_want_a_session),
        cmocka_unit_test(until_set_up_only_set_up_is_served),
        cmocka_unit_test(only_our_names_are_served),
        cmocka_unit_test(other_pages_cannot_change_anything),
        cmocka_unit_test(bodies_need_an_honest_length),
        cmocka_unit_test(largest_body_arrives_in_pieces),
        cmocka_unit_test(request_byte_by_byte),
        cmocka_unit_test(pipelining_ends_the_connection),
        cmocka_unit_test(waiting_request_costs_no_wakeups),
        cmocka_unit_test(slow_reader_costs_no_wakeups_and_gets_everything),
        cmocka_unit_test(handler_hears_that_the_peer_left),
        cmocka_unit_test(http2_is_out_of_reach),
        cmocka_unit_test(other_upgrades_are_refused),
        cmocka_unit_test(connect_is_hung_up),
        cmocka_unit_test(huge_headers_are_refused),
        cmocka_unit_test(old_tls_is_refused),
        cmocka_unit_test(plain_http_is_redirected),
        cmocka_unit_test(silent_peers_do_not_keep_others_out),
        cmocka_unit_test(one_address_cannot_take_all_connections),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
