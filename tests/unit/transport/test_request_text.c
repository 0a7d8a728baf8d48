/* Host, Origin, lengths, cookies, lists and the redirect: what stands in requests, without sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/route.h"
#include "transport/authority.h"
#include "transport/request_text.h"

static const char *const names[] = {"localhost", "kvm.example", "192.0.2.7", "2001:db8::7"};
static const struct authority ours = {.names = names, .n_names = ARRAY_SIZE(names), .port = 8443};

static void hosts(void **state)
{
    (void)state;
    assert_int_equal(authority_match_host(&ours, "localhost:8443", false), 0);
    assert_int_equal(authority_match_host(&ours, "KVM.Example:8443", false), 1);
    assert_int_equal(authority_match_host(&ours, "192.0.2.7:8443", false), 2);
    assert_int_equal(authority_match_host(&ours, "[2001:db8::7]:8443", false), 3);
    static const char *const refused[] = {"",
                                          "localhost",
                                          "localhost:",
                                          "localhost:443",
                                          "localhost:84430",
                                          "localhost:8443x",
                                          "localhost:+8443",
                                          "localhost:8443:8443",
                                          "localhost.:8443",
                                          "localhos:8443",
                                          "xlocalhost:8443",
                                          "2001:db8::7:8443",
                                          "[2001:db8::7",
                                          "[localhost]:8443",
                                          "[]:8443",
                                          ":8443",
                                          "localhost:8443,localhost:8443",
                                          "localhost:99999999999999999999"};
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        assert_int_equal(authority_match_host(&ours, refused[i], false), -1);
    assert_int_equal(authority_match_host(&ours, "localhost", true), 0);
    assert_int_equal(authority_match_host(&ours, "localhost:80", true), 0);
    const struct authority standard = {.names = names, .n_names = ARRAY_SIZE(names), .port = 443};
    assert_int_equal(authority_match_host(&standard, "localhost", false), 0);
    assert_int_equal(authority_match_host(&standard, "localhost:443", false), 0);
}

static void origins(void **state)
{
    (void)state;
    char text[AUTHORITY_MAX];
    assert_true(authority_match_origin(&ours, "https://localhost:8443"));
    assert_false(authority_match_origin(&ours, "http://localhost:8443"));
    assert_false(authority_match_origin(&ours, "https://localhost"));
    assert_false(authority_match_origin(&ours, "https://localhost:8443/"));
    assert_false(authority_match_origin(&ours, "https://evil@localhost:8443"));
    assert_false(authority_match_origin(&ours, "null"));
    assert_false(authority_match_origin(&ours, ""));
    assert_true(authority_format(&ours, 3, text, sizeof text));
    assert_string_equal(text, "https://[2001:db8::7]:8443");
    assert_true(authority_match_origin(&ours, text));
    assert_false(authority_format(&ours, 0, text, 10));
    assert_false(authority_format(&ours, 4, text, sizeof text));
}

static void lengths(void **state)
{
    (void)state;
    assert_int_equal(request_content_length("0", 100), 0);
    assert_int_equal(request_content_length("100", 100), 100);
    assert_int_equal(request_content_length("101", 100), -2);
    assert_int_equal(request_content_length("18446744073709551617", 100), -2);
    assert_int_equal(request_content_length("", 100), -1);
    assert_int_equal(request_content_length("-1", 100), -1);
    assert_int_equal(request_content_length("1,1", 100), -1);
    assert_int_equal(request_content_length(" 1", 100), -1);
}

static void cookies(void **state)
{
    (void)state;
    char room[17];
    assert_true(request_cookie("a=b; " ROUTE_COOKIE "=00ff ; c=d", ROUTE_COOKIE, room, sizeof room));
    assert_string_equal(room, "00ff");
    assert_true(request_cookie(ROUTE_COOKIE "=0123456789abcdef", ROUTE_COOKIE, room, sizeof room));
    assert_false(request_cookie(ROUTE_COOKIE "=0123456789abcdef0", ROUTE_COOKIE, room, sizeof room));
    assert_false(request_cookie(ROUTE_COOKIE "=00; " ROUTE_COOKIE "=01", ROUTE_COOKIE, room, sizeof room));
    assert_false(request_cookie(ROUTE_COOKIE "=", ROUTE_COOKIE, room, sizeof room));
    assert_false(request_cookie(ROUTE_COOKIE "=\"00\"", ROUTE_COOKIE, room, sizeof room));
    assert_false(request_cookie("x" ROUTE_COOKIE "=00", ROUTE_COOKIE, room, sizeof room));
    assert_false(request_cookie(ROUTE_COOKIE, ROUTE_COOKIE, room, sizeof room));
    assert_false(request_cookie("", ROUTE_COOKIE, room, sizeof room));
}

static void decoded_text_survives_the_second_decoding(void **state)
{
    (void)state;
    static const struct route route = {.path = "/x/{name}"};
    char coded[128], room[128], *params[ROUTE_MAX_PARAMS], value[64];
    static const char path[] = "/x/a%41 \xc3\xa4";
    assert_true(request_reencode(path, sizeof path - 1, false, coded, sizeof coded));
    assert_true(route_match(&route, coded, room, params));
    assert_string_equal(params[0], "a%41 \xc3\xa4");
    static const char pair[] = "q=1&2=3+4%";
    assert_true(request_reencode(pair, sizeof pair - 1, true, coded, sizeof coded));
    struct route_call call = {.query = coded};
    assert_true(route_query(&call, "q", value, sizeof value));
    assert_string_equal(value, "1&2=3+4%");
    assert_false(request_reencode("%%%", 3, false, coded, 9));
    assert_true(request_reencode("%%%", 3, false, coded, 10));
}

static void lists(void **state)
{
    (void)state;
    assert_true(request_list_has("a, b ,c", "b", false));
    assert_false(request_list_has("a, bb", "b", false));
    assert_false(request_list_has("*", "b", false));
    assert_true(request_list_has("*", "b", true));
    assert_true(request_list_has("W/\"b\"", "\"b\"", true));
    assert_false(request_list_has("", "b", true));
    assert_true(request_is_json("application/json; charset=utf-8"));
    assert_true(request_is_json("Application/JSON"));
    assert_false(request_is_json("application/jsonx"));
    assert_false(request_is_json("text/plain"));
}

static char answer[2048];

static size_t redirect(const char *request)
{
    size_t n = request_redirect(&ours, request, strlen(request), answer, sizeof answer - 1);
    answer[n] = 0;
    return n;
}

static void redirects(void **state)
{
    (void)state;
    assert_int_equal(redirect(""), 0);
    assert_int_equal(redirect("GET / HTTP/1.1\r\nHost: localhost:8443\r\n"), 0);
    assert_true(redirect("GET /a?b=c HTTP/1.1\r\nHost:  localhost:8443 \r\n\r\n") > 0);
    assert_non_null(strstr(answer, "\r\nLocation: https://localhost:8443/a?b=c\r\n"));
    assert_true(redirect("GET //evil.example/ HTTP/1.1\r\nhost: kvm.example\r\n\r\n") > 0);
    assert_non_null(strstr(answer, "\r\nLocation: https://kvm.example:8443/\r\n"));
    assert_true(redirect("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n") > 0);
    assert_non_null(strstr(answer, "\r\nLocation: https://localhost:8443/\r\n"));
    static const char *const bad[] = {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                                      "\r\n\r\n", "\n\n",
                                      "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_true(redirect(bad[i]) > 0);
        assert_memory_equal(answer, "HTTP/1.1 400 ", 13);
        assert_null(strstr(answer, "Location"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts),     cmocka_unit_test(origins),
        cmocka_unit_test(lengths),   cmocka_unit_test(cookies),
        cmocka_unit_test(lists),     cmocka_unit_test(decoded_text_survives_the_second_decoding),
        cmocka_unit_test(redirects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
