/* nbd:// and nbds:// URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "media/outward/nbd_url.h"

static void what_urls_mean(void **state)
{
    static const struct {
        const char *url, *host, *port, *export;
        bool tls;
    } good[] = {
        {"nbd://a", "a", "10809", "", false},
        {"nbd://a/", "a", "10809", "", false},
        {"NBDS://a.b:1/x/y", "a.b", "1", "x/y", true},
        {"nbd://[::1]/x", "::1", "10809", "x", false},
        {"nbd://[fe80::1]:77/%41%20%3f", "fe80::1", "77", "A ?", false},
    };
    static const char *const bad[] = {"",           "nbd:/a",     "nbd://",      "nbd:///x",     "nbd://a:/x",
                                      "nbd://a:b/", "nbd://[::1", "nbd://[]/x",  "nbd://u@a/x",  "nbd://a/x?y=z",
                                      "nbd://a/#",  "nbd://a/%0", "nbd://a/%00", "nbd+unix:///", "nbd://a:123456/"};
    struct nbd_url url;
    const char *why;
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
        assert_true(nbd_url_parse(good[i].url, &url, &why));
        assert_string_equal(url.host, good[i].host);
        assert_string_equal(url.port, good[i].port);
        assert_string_equal(url.export, good[i].export);
        assert_int_equal(url.tls, good[i].tls);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        if (nbd_url_parse(bad[i], &url, &why))
            fail_msg("%s was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_urls_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
