/* What the server answers, and to whom: the page, routes, rights, names and origins. */
#include <errno.h>
#include <sys/syscall.h>

#include "tests/unit/transport/http_routes.h"

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
    };
    return cmocka_run_group_tests(tests, start, stop);
}
