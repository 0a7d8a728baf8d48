/* The gateway's own clock by REST. */
#include "api_calls.h"
#include "core/clock.h"
#include "core/text.h"

static uint64_t set_to;
static int set_error;

static void set_clock(void *context, uint64_t us, api_done_fn *done, void *data)
{
    assert_ptr_equal(context, &f);
    set_to = us;
    done(data, set_error, "because");
}

static int set_up_with_clock(void **state)
{
    if (set_up(state))
        return -1;
    f.api.set_clock = set_clock;
    f.api.clock_context = &f;
    set_to = 0;
    set_error = 0;
    return 0;
}

static void test_the_clock_is_told(void **state)
{
    (void)state;
    expect(ROUTE_GET, "/api/v1/system", "", 200, "\"synchronised\":false");
    f.api.clock_synchronised = true;
    expect(ROUTE_GET, "/api/v1/system", "", 200, "\"synchronised\":true");
    assert_non_null(strstr(f.body, "\"time\":"));
}

static void test_it_tells_how_long_it_runs(void **state)
{
    (void)state;
    f.api.begun_us = clock_now_us() - 3750000000;
    expect(ROUTE_GET, "/api/v1/system", "", 200, "\"uptime\":37");
}

static size_t two_languages(char (*ret)[API_LANGUAGE], size_t n)
{
    assert_true(n >= 2);
    text_copy(ret[0], API_LANGUAGE, "deu");
    text_copy(ret[1], API_LANGUAGE, "eng");
    return 2;
}

static void test_languages_are_told(void **state)
{
    (void)state;
    expect(ROUTE_GET, "/api/v1/system", "", 200, "\"recognise\":[]");
    f.api.languages = two_languages;
    expect(ROUTE_GET, "/api/v1/system", "", 200, "\"recognise\":[\"deu\",\"eng\"]");
}

static void test_the_clock_is_set(void **state)
{
    (void)state;
    expect(ROUTE_POST, "/api/v1/system/clock", "{\"time\":1800000000123}", 200, "\"clock\"");
    assert_true(set_to == 1800000000123000);
    set_error = -EALREADY;
    expect(ROUTE_POST, "/api/v1/system/clock", "{\"time\":1}", 409, "clock-synchronised");
    set_error = -ERANGE;
    expect(ROUTE_POST, "/api/v1/system/clock", "{\"time\":1}", 422, "bad-time");
    set_error = -EPERM;
    expect(ROUTE_POST, "/api/v1/system/clock", "{\"time\":1}", 501, "not-permitted");
    set_error = -ECONNRESET;
    expect(ROUTE_POST, "/api/v1/system/clock", "{\"time\":1}", 503, "because");
}

static void test_only_times_are_taken(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{}",
                                        "{\"time\":\"now\"}",
                                        "{\"time\":-1}",
                                        "{\"time\":1.5}",
                                        "{\"time\":9223372036854775807}",
                                        "{\"time\":1,\"zone\":2}"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        fixture_call(&f, ROUTE_POST, "/api/v1/system/clock", "", wrong[i], strlen(wrong[i]));
        assert_int_equal(f.status, 400);
    }
    assert_true(set_to == 0);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up_with_clock, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_the_clock_is_told), TEST(test_it_tells_how_long_it_runs), TEST(test_languages_are_told),
        TEST(test_the_clock_is_set),  TEST(test_only_times_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
