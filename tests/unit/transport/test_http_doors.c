/* The protocols' back doors, and peers that want to keep others out. */

#include "tests/unit/transport/http_routes.h"

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
