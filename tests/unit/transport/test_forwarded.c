/* X-Forwarded-For: only the rightmost address that is no trusted proxy's counts, and what is no address never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "transport/forwarded.h"

/* 10.0.0.0/8 and fd00::/8 are proxies. */
static bool trusts(const void *context, const uint8_t address[FORWARDED_BYTES])
{
    static const uint8_t v4[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10};
    (void)context;
    return memcmp(address, v4, sizeof v4) == 0 || address[0] == 0xfd;
}

static void finds_the_rightmost_that_is_not_trusted(void **state)
{
    static const char *const cases[][2] = {
        {"192.0.2.7", "192.0.2.7"},
        {"203.0.113.9, 192.0.2.7", "192.0.2.7"},
        {"203.0.113.9,192.0.2.7 , 10.1.2.3,\t10.0.0.1", "192.0.2.7"},
        {"2001:db8::1", "2001:db8::1"},
        {"2001:DB8:0:0::1, fd00::5", "2001:db8::1"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"unix:, _hidden, 1.2.3.4.5, 192.0.2.7", "192.0.2.7"}, /* what a client wrote itself is never looked at */
        {"192.0.2.7, ::ffff:10.0.0.1", "192.0.2.7"},
    };
    char room[FORWARDED_TEXT];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_true(forwarded_client(cases[i][0], trusts, NULL, room));
        assert_string_equal(room, cases[i][1]);
    }
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const cases[] = {
        "",
        ",",
        "192.0.2.7,",
        "192.0.2.7, ,",
        "192.0.2.7, unknown",
        "192.0.2.7, unix:",
        "192.0.2.7, unix:/run/x.sock",
        "192.0.2.7:8080",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "2001:db8::1%eth0",
        "\"192.0.2.7\"",
        "for=192.0.2.7",
        "192.0.2.007",
        "192.0.2",
        "0x7f000001",
        "3232235777",
        "192.0.2.7 192.0.2.8",
        "localhost",
        "127.0.0.1\r",
        "2001:db8:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16",
        "10.0.0.1", /* trusted ones alone say nothing of anybody else */
        "10.0.0.1, 10.0.0.2",
        ", 10.0.0.1",
        "nonsense, 10.0.0.1",
    };
    char room[FORWARDED_TEXT] = "untouched";
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (forwarded_client(cases[i], trusts, NULL, room))
            fail_msg("'%s' was taken for %s", cases[i], room);
        assert_string_equal(room, "untouched");
    }
}

/* The client, or nobody, and n trusted proxies behind. */
static const char *through(const char *client, unsigned n)
{
    static char header[4096];
    size_t at = (size_t)snprintf(header, sizeof header, "%s", client);
    for (unsigned i = 0; i < n; i++)
        at += (size_t)snprintf(header + at, sizeof header - at, "%s10.0.0.1", at ? ", " : "");
    return header;
}

static void looks_at_a_bounded_number_of_hops(void **state)
{
    char room[FORWARDED_TEXT];
    (void)state;
    assert_true(forwarded_client(through("192.0.2.7", FORWARDED_HOPS - 1), trusts, NULL, room));
    assert_false(forwarded_client(through("192.0.2.7", FORWARDED_HOPS), trusts, NULL, room));
    assert_false(forwarded_client(through("", 100), trusts, NULL, room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_rightmost_that_is_not_trusted),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(looks_at_a_bounded_number_of_hops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
