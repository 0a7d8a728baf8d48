#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/route.h"

static void nothing(attr_unused void *context, attr_unused struct route_call *call)
{
}

static bool match(const char *pattern, const char *path, char *params[ROUTE_MAX_PARAMS])
{
    static char room[256];
    struct route route = ROUTE(ROUTE_GET, pattern, ROUTE_SESSION, 0, nothing);
    memset(room, 'x', sizeof(room));
    return route_match(&route, path, room, params);
}

static void path_without_parameters_matches_itself_only(attr_unused void **state)
{
    char *p[ROUTE_MAX_PARAMS];
    assert_true(match("/api/v1/targets", "/api/v1/targets", p));
    assert_null(p[0]);
    assert_false(match("/api/v1/targets", "/api/v1/targets/", p));
    assert_false(match("/api/v1/targets", "/api/v1/target", p));
    assert_false(match("/api/v1/targets", "/api/v1/targetss", p));
    assert_false(match("/api/v1/targets", "", p));
}

static void parameters_come_in_order_and_decoded(attr_unused void **state)
{
    char *p[ROUTE_MAX_PARAMS];
    assert_true(match("/t/{target}/drives/{drive}/x", "/t/my%20box/drives/gr%C3%BCn+1/x", p));
    assert_string_equal(p[0], "my box");
    assert_string_equal(p[1], "gr\xC3\xBCn+1"); /* plus is a plus in a path */
    assert_null(p[2]);
    assert_true(match("/t/{a}", "/t/%7B%7d", p));
    assert_string_equal(p[0], "{}");
    assert_true(match("/{a}/{b}/{c}/{d}", "/1/22/3/4", p));
    assert_string_equal(p[3], "4");
}

static void odd_parameters_do_not_match(attr_unused void **state)
{
    static const char *const paths[] = {"/t/",      "/t//",      "/t/%",     "/t/%4",     "/t/%zz",
                                        "/t/a%00b", "/t/a%2fb",  "/t/a%2Fb", "/t/%0a",    "/t/a\tb",
                                        "/t/%7f",   "/t/%c2%9b", "/t/%ff",   "/t/%c3%28", "/t/%ed%a0%80"};
    char *p[ROUTE_MAX_PARAMS] = {(char *)"kept"};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        assert_false(match("/t/{a}", paths[i], p));
    assert_string_equal(p[0], "kept");
}

static bool query(const char *text, const char *name, char *room, size_t size)
{
    struct route_call call = {.query = text};
    return route_query(&call, name, room, size);
}

static void query_parameter_is_found_and_decoded(attr_unused void **state)
{
    char room[8];
    assert_true(query("a=1&name=x%20y+z&name=other", "name", room, sizeof(room)));
    assert_string_equal(room, "x y z");
    assert_true(query("a=1&n%61me=2", "name", room, sizeof(room)));
    assert_string_equal(room, "2");
    assert_true(query("a&b=", "a", room, sizeof(room)));
    assert_string_equal(room, "");
    assert_true(query("a&b=", "b", room, sizeof(room)));
    assert_string_equal(room, "");
    assert_true(query("&&a=b=c&", "a", room, sizeof(room)));
    assert_string_equal(room, "b=c");
    assert_true(query("a=1234567", "a", room, sizeof(room)));
}

static void query_parameter_that_is_absent_too_long_or_odd_is_not_found(attr_unused void **state)
{
    char room[8];
    assert_false(query("", "a", room, sizeof(room)));
    assert_false(query("aa=1&b=a", "a", room, sizeof(room)));
    assert_false(query("a=12345678", "a", room, sizeof(room)));
    assert_false(query("a=%", "a", room, sizeof(room)));
    assert_false(query("a=%0", "a", room, sizeof(room)));
    assert_false(query("a=%00", "a", room, sizeof(room)));
    assert_false(query("a=", "a", room, 0));
}

static char sent[16384];
static int sent_status;

static void take_reply(attr_unused struct route_call *call, int status, const char *content_type, const void *body,
                       size_t size)
{
    assert_string_equal(content_type, "application/json");
    assert_true(size < sizeof(sent));
    memcpy(sent, body, size);
    sent[size] = 0;
    sent_status = status;
}

static const struct route_reply_ops reply_ops = {.send = take_reply};

static void error_is_json_whatever_it_quotes(attr_unused void **state)
{
    struct route_call call = {.reply = &reply_ops};
    route_reply_error(&call, 404, "no_such_medium", "No medium \"%s\"; see %s.", "a\"}\\\n\x1f\xC2\x9B\xff\xC3\xBC",
                      "the library");
    assert_int_equal(sent_status, 404);
    assert_string_equal(sent, "{\"error\":{\"code\":\"no_such_medium\",\"message\":\"No medium \\\"a\\\"}\\\\\\u000a"
                              "\\u001f\\u009b\\ufffd\xC3\xBC\\\"; see the library.\",\"args\":[\"a\\\"}\\\\\\u000a"
                              "\\u001f\\u009b\\ufffd\xC3\xBC\",\"the library\"]}}\n");
}

static void what_an_error_is_made_of_is_told(attr_unused void **state)
{
    struct route_call call = {.reply = &reply_ops};
    route_reply_error(&call, 429, "much", "%u %% of %llu, %s%.3s or %.*s%zu (%ld).", 7u, 1ull << 40, "", "abcdef", 2,
                      "xyz", (size_t)3, -5l);
    assert_string_equal(sent, "{\"error\":{\"code\":\"much\",\"message\":\"7 % of 1099511627776, abc or xy3 (-5).\","
                              "\"args\":[\"7\",\"1099511627776\",\"\",\"abc\",\"xy\",\"3\",\"-5\"]}}\n");
    route_reply_error(&call, 409, "busy", "%s", "It is busy.");
    assert_string_equal(sent, "{\"error\":{\"code\":\"busy\",\"message\":\"It is busy.\"}}\n");
    route_reply_error(&call, 409, "busy", "It is 100 %% busy.");
    assert_string_equal(sent, "{\"error\":{\"code\":\"busy\",\"message\":\"It is 100 % busy.\"}}\n");
}

static void long_error_is_cut_and_still_closed(attr_unused void **state)
{
    static char text[4000];
    struct route_call call = {.reply = &reply_ops};
    memset(text, 1, sizeof(text) - 1);
    route_reply_error(&call, 400, text, "%s", text);
    assert_int_equal(strlen(sent), strlen("{\"error\":{\"code\":\"\",\"message\":\"\"}}\n") + 6 * (64 + 1023));
    assert_string_equal(sent + strlen(sent) - 4, "\"}}\n");
    route_reply_error(&call, 400, text, "%s%s%d", text, text, 5);
    assert_int_equal(strlen(sent), strlen("{\"error\":{\"code\":\"\",\"message\":\"\",\"args\":[\"\",\"\",\"\"]}}\n") +
                                       6 * (64 + 2 * 1023));
    assert_string_equal(sent + strlen(sent) - 10, ",\"\",\"\"]}}\n");
}

static void one_range_is_understood(attr_unused void **state)
{
    static const struct {
        const char *header;
        uint64_t size;
        int result;
        uint64_t first, last;
    } cases[] = {
        {"bytes=0-99", 1000, 1, 0, 99},
        {"Bytes=0-0", 1, 1, 0, 0},
        {"bytes=100-", 1000, 1, 100, 999},
        {"bytes=-5", 1000, 1, 995, 999},
        {"bytes=-5000", 1000, 1, 0, 999},
        {"bytes=990-5000", 1000, 1, 990, 999},
        {"bytes=0-99999999999999999999999", 1000, 1, 0, 999},
        {"bytes=0-18446744073709551615", UINT64_MAX, 1, 0, UINT64_MAX - 1},
        {"bytes=1000-", 1000, -1, 0, 0},
        {"bytes=99999999999999999999999-", UINT64_MAX, -1, 0, 0},
        {"bytes=-0", 1000, -1, 0, 0},
        {"bytes=-1", 0, -1, 0, 0},
        {"bytes=0-", 0, -1, 0, 0},
        {"", 1000, 0, 0, 0},
        {"bytes=", 1000, 0, 0, 0},
        {"bytes=-", 1000, 0, 0, 0},
        {"bytes=5", 1000, 0, 0, 0},
        {"bytes=5-4", 1000, 0, 0, 0},
        {"bytes=0-1,3-4", 1000, 0, 0, 0},
        {"bytes=0-1 ", 1000, 0, 0, 0},
        {"bytes= 0-1", 1000, 0, 0, 0},
        {"bytes=+0-1", 1000, 0, 0, 0},
        {"bytes=--1", 1000, 0, 0, 0},
        {"lines=0-1", 1000, 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t first = 0, last = 0;
        assert_int_equal(route_range(cases[i].header, cases[i].size, &first, &last), cases[i].result);
        assert_true(first == cases[i].first && last == cases[i].last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_without_parameters_matches_itself_only),
        cmocka_unit_test(parameters_come_in_order_and_decoded),
        cmocka_unit_test(odd_parameters_do_not_match),
        cmocka_unit_test(query_parameter_is_found_and_decoded),
        cmocka_unit_test(query_parameter_that_is_absent_too_long_or_odd_is_not_found),
        cmocka_unit_test(error_is_json_whatever_it_quotes),
        cmocka_unit_test(what_an_error_is_made_of_is_told),
        cmocka_unit_test(long_error_is_cut_and_still_closed),
        cmocka_unit_test(one_range_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
