/* Behind a proxy: whose address counts, the path and the port in front, and the cookies that go with them. */
#include "tests/unit/transport/http_routes.h"

/* Everybody on the loopback is a proxy, while this says so. */
static bool trusting;

static bool trusts_loopback(const void *context, const uint8_t address[16])
{
    static const uint8_t loopback[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
    (void)context;
    return trusting && memcmp(address, loopback, sizeof loopback) == 0;
}

static int start_below(void **state)
{
    h.config.base_path = "/kvm";
    h.config.trusts_proxy = trusts_loopback;
    return start(state);
}

static const char *peer_seen(const char *headers)
{
    assert_int_equal(request_once(&h, "GET", "/kvm/api/v1/hello/x", headers, NULL, &a), 200);
    return strstr(a.body, "peer=") + 5;
}

static void believes_nobody_who_is_not_trusted(void **state)
{
    (void)state;
    trusting = false;
    assert_string_equal(peer_seen("X-Forwarded-For: 192.0.2.7\r\n"), "127.0.0.1");
    assert_string_equal(peer_seen("X-Forwarded-For: 192.0.2.7\r\nX-Real-IP: 192.0.2.8\r\n"
                                  "Forwarded: for=192.0.2.9\r\n"),
                        "127.0.0.1");
}

static void takes_the_rightmost_word_of_a_trusted_one(void **state)
{
    (void)state;
    trusting = true;
    assert_string_equal(peer_seen(""), "127.0.0.1");
    assert_string_equal(peer_seen("X-Forwarded-For: 192.0.2.7\r\n"), "192.0.2.7");
    assert_string_equal(peer_seen("X-Forwarded-For: 198.51.100.1, 192.0.2.7, 127.0.0.5\r\n"), "192.0.2.7");
    assert_string_equal(peer_seen("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 2001:db8::7\r\n"), "2001:db8::7");
    assert_string_equal(peer_seen("X-Forwarded-For: 192.0.2.7:99\r\n"), "127.0.0.1");
    assert_string_equal(peer_seen("X-Forwarded-For: local uid 0\r\n"), "127.0.0.1");
    assert_string_equal(peer_seen("X-Real-IP: 192.0.2.8\r\nForwarded: for=192.0.2.9\r\n"), "127.0.0.1");
}

/* What a client writes in front of the proxy's word cannot push it out. */
static void long_lists_hide_nobody(void **state)
{
    char headers[7200];
    size_t at = (size_t)snprintf(headers, sizeof headers, "X-Forwarded-For: ");
    (void)state;
    trusting = true;
    for (unsigned i = 0; i < 600; i++)
        at += (size_t)snprintf(headers + at, sizeof headers - at, "127.0.0.9,");
    snprintf(headers + at, sizeof headers - at, " 192.0.2.7\r\n");
    assert_string_equal(peer_seen(headers), "192.0.2.7");
}

static void a_word_gives_no_right(void **state)
{
    static const char *const words[] = {"local uid 0", "127.0.0.1", "::1", "unix:", "localhost"};
    char headers[200];
    (void)state;
    trusting = true;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        snprintf(headers, sizeof headers, "X-Forwarded-For: %s\r\n", words[i]);
        assert_int_equal(request_once(&h, "GET", "/kvm/api/v1/session", headers, NULL, &a), 401);
    }
}

static void nothing_is_beside_the_base(void **state)
{
    (void)state;
    assert_int_equal(request_once(&h, "GET", "/kvm/", "", NULL, &a), 200);
    assert_int_equal(a.body_size, 1000);
    assert_int_equal(request_once(&h, "GET", "/", "", NULL, &a), 308);
    assert_string_equal(answer_header(&a, "Location"), "/kvm/");
    assert_int_equal(request_once(&h, "GET", "/kvm", "", NULL, &a), 308);
    assert_string_equal(answer_header(&a, "Location"), "/kvm/");
    static const char *const beside[] = {"/api/v1/version", "/kvmapi/v1/version", "/KVM/api/v1/version", "/kv/",
                                         "/other/kvm/"};
    for (size_t i = 0; i < ARRAY_SIZE(beside); i++)
        assert_int_equal(request_once(&h, "GET", beside[i], "", NULL, &a), 404);
    struct client c = client_local(&h);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/version", "", NULL, &a), 200);
    client_close(&c);
}

static void cookies_stay_below_the_base(void **state)
{
    (void)state;
    assert_int_equal(request_once(&h, "POST", "/kvm/api/v1/cookie", ours(), "", &a), 204);
    assert_string_equal(answer_header(&a, "Set-Cookie"), "__Secure-lightsout=0123456789abcdef; Path=/kvm/; Secure; "
                                                         "HttpOnly; SameSite=Strict");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_nobody_who_is_not_trusted),
        cmocka_unit_test(takes_the_rightmost_word_of_a_trusted_one),
        cmocka_unit_test(long_lists_hide_nobody),
        cmocka_unit_test(a_word_gives_no_right),
        cmocka_unit_test(nothing_is_beside_the_base),
        cmocka_unit_test(cookies_stay_below_the_base),
    };
    return cmocka_run_group_tests(tests, start_below, stop);
}
