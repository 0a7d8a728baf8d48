/* Where a URL may lead: addresses, redirects, proxies, credentials and authorities. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "url_fixture.h"

static void allow(struct url_fixture *f, const char *network)
{
    f->settings.policy.allow.n = network ? 1 : 0;
    if (network)
        assert_true(address_network_parse(network, &f->settings.policy.allow.list[0]));
}

static void loopback_is_refused_by_whatever_name(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1",          "127.1",   "2130706433", "0x7f000001",          "localhost", "[::1]",
        "[::ffff:127.0.0.1]", "0.0.0.0", "[::]",       "[64:ff9b::127.0.0.1]"};
    struct url_fixture *f = *state;
    allow(f, NULL);
    url_serve(f, &(struct lying_ways){0}, false);
    for (unsigned i = 0; i < ARRAY_SIZE(hosts); i++) {
        char url[128];
        snprintf(url, sizeof url, "http://%s:%u/x", hosts[i], lying_server_port(f->server));
        int r = url_open(f, &(struct remote_spec){.url = url});
        if (r != -EPERM)
            fail_msg("%s: %d, %s", url, r, f->why);
        assert_non_null(strstr(f->why, "outward-allow"));
    }
    assert_int_equal(lying_server_connections(f->server), 0);
}

static void a_denied_network_is_refused_even_if_allowed(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    f->settings.policy.deny.n = 1;
    assert_true(address_network_parse("127.0.0.1", &f->settings.policy.deny.list[0]));
    assert_int_equal(url_open_path(f, "/x"), -EPERM);
    assert_non_null(strstr(f->why, "outward-deny"));
}

/* The name, or the server, may lead elsewhere at any time: kept connections are judged again, too. */
static void a_medium_is_judged_at_each_request(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    assert_int_equal(url_read(f, 0, 4096), 0);
    allow(f, NULL);
    assert_int_equal(url_read(f, 4096, 4096), -EPERM);
    allow(f, "127.0.0.0/8");
    assert_int_equal(url_read(f, 4096, 4096), 0);
}

static void redirect(struct url_fixture *f, const char *location)
{
    f->ways.lie = LIE_REDIRECT;
    snprintf(f->ways.location, sizeof f->ways.location, "%s", location);
    url_serve_differently(f);
}

static void redirects_that_go_wrong(void **state)
{
    static const struct {
        const char *location;
        int error;
    } rows[] = {
        {"http://169.254.169.254/latest/meta-data/", -EPERM},
        {"http://[fe80::1]/", -EPERM},
        {"http://127.0.1.1/", -EPERM}, /* only 127.0.0.1 is allowed here */
        {"file:///etc/passwd", -EPERM},
        {"ftp://127.0.0.1/x", -EPERM},
        {"gopher://127.0.0.1/x", -EPERM},
        {"/round", -EPROTO},
    };
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    allow(f, "127.0.0.1");
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        redirect(f, rows[i].location);
        int r = url_open_path(f, "/x");
        if (r != rows[i].error)
            fail_msg("%s: %d, %s", rows[i].location, r, f->why);
    }
}

static void a_redirect_in_the_middle(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    redirect(f, "http://169.254.169.254/");
    assert_int_equal(url_read(f, 0, 4096), -EPERM);
}

/* A place that expires is looked for again from the beginning. */
static void a_redirect_is_followed_once(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    redirect(f, "/found");
    assert_int_equal(url_open_path(f, "/x"), 0);
    assert_string_equal(f->info.name, "found");
    unsigned before = lying_server_requests(f->server);
    assert_int_equal(url_read(f, 0, 4096), 0);
    assert_int_equal(lying_server_requests(f->server) - before, 1);
    f->ways.lie = LIE_STATUS;
    f->ways.status = 403;
    url_serve_differently(f);
    assert_int_equal(url_read(f, 0, 4096), -EAGAIN);
    redirect(f, "/found");
    before = lying_server_requests(f->server);
    assert_int_equal(url_read(f, 0, 4096), 0);
    assert_int_equal(lying_server_requests(f->server) - before, 2);
    assert_int_equal(url_read(f, 0, 4096), 0);
    assert_int_equal(lying_server_requests(f->server) - before, 3);
}

static void a_password(void **state)
{
    struct url_fixture *f = *state;
    char url[64];
    url_serve(f, &(struct lying_ways){.user = "anna", .password = "geheim"}, false);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/x", lying_server_port(f->server));
    assert_int_equal(url_open(f, &(struct remote_spec){.url = url}), -EACCES);
    assert_int_equal(url_open(f, &(struct remote_spec){.url = url, .user = "anna", .secret = "wrong"}), -EACCES);
    assert_int_equal(url_open(f, &(struct remote_spec){.url = url, .user = "anna", .secret = "geheim"}), 0);
    unsigned before = lying_server_requests(f->server);
    assert_int_equal(url_read(f, 0, 4096), 0);
    assert_int_equal(lying_server_requests(f->server) - before, 1); /* no question first */
}

static void a_password_is_not_for_others(void **state)
{
    struct url_fixture *f = *state;
    char url[64], location[64];
    url_serve(f, &(struct lying_ways){0}, false);
    struct lying_server *other = lying_server_start(&(struct lying_ways){.size = SIZE}, false);
    snprintf(location, sizeof location, "http://127.0.0.1:%u/y", lying_server_port(other));
    redirect(f, location);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/x", lying_server_port(f->server));
    assert_int_equal(url_open(f, &(struct remote_spec){.url = url, .user = "anna", .secret = "geheim"}), 0);
    assert_int_equal(url_read(f, 0, 100000), 0);
    assert_false(lying_server_saw_credentials(other));
    url_close(f);
    lying_server_stop(other);
}

static void urls_that_are_none(void **state)
{
    static const char *const urls[] = {"",
                                       "x",
                                       "file:///etc/passwd",
                                       "ftp://a/b",
                                       "http://",
                                       "http://a b/",
                                       "http://anna:geheim@127.0.0.1/x",
                                       "http://anna@127.0.0.1/x",
                                       "http://127.0.0.1:99999/"};
    struct url_fixture *f = *state;
    for (unsigned i = 0; i < ARRAY_SIZE(urls); i++) {
        if (url_open(f, &(struct remote_spec){.url = urls[i]}) != -EINVAL)
            fail_msg("%s was taken", urls[i]);
        assert_true(strlen(f->why) > 10);
    }
}

static void an_authority_of_its_own(void **state)
{
    struct url_fixture *f = *state;
    char url[64];
    url_serve(f, &(struct lying_ways){0}, true);
    assert_int_equal(url_open_path(f, "/x"), 0);
    assert_int_equal(url_read(f, 1000, 1000000), 0);
    url_close(f);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/x", lying_server_port(f->server));
    assert_int_equal(url_open(f, &(struct remote_spec){.url = url}), -EPROTO);
    assert_non_null(strstr(f->why, "certificate"));
    f->settings.ca = (char *)lying_server_authority(f->server);
    assert_int_equal(url_open(f, &(struct remote_spec){.url = url}), 0);
    url_close(f);
    snprintf(url, sizeof url, "https://127.0.0.2:%u/x", lying_server_port(f->server));
    assert_true(url_open(f, &(struct remote_spec){.url = url}) < 0);
    f->settings.ca = NULL;
}

static void no_way_back_from_https(void **state)
{
    struct url_fixture *f = *state;
    char location[64];
    url_serve(f, &(struct lying_ways){0}, true);
    struct lying_server *plain = lying_server_start(&(struct lying_ways){.size = SIZE}, false);
    snprintf(location, sizeof location, "http://127.0.0.1:%u/y", lying_server_port(plain));
    redirect(f, location);
    assert_int_equal(url_open_path(f, "/x"), -EPERM);
    assert_int_equal(lying_server_connections(plain), 0);
    lying_server_stop(plain);
}

/* A server that is asked for http://HOST/... by its whole name answers as a proxy would. */
static void a_proxy_is_judged_in_place_of_the_server(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    snprintf(f->settings.proxy, sizeof f->settings.proxy, "http://127.0.0.1:%u", lying_server_port(f->server));
    assert_int_equal(url_open(f, &(struct remote_spec){.url = "http://images.invalid/a.iso"}), 0);
    assert_int_equal(url_read(f, 0, 70000), 0);
    url_close(f);
    allow(f, NULL);
    assert_int_equal(url_open(f, &(struct remote_spec){.url = "http://images.invalid/a.iso"}), -EPERM);
    assert_non_null(strstr(f->why, "proxy"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, url_set_up, url_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(loopback_is_refused_by_whatever_name),
        T(a_denied_network_is_refused_even_if_allowed),
        T(a_medium_is_judged_at_each_request),
        T(redirects_that_go_wrong),
        T(a_redirect_in_the_middle),
        T(a_redirect_is_followed_once),
        T(a_password),
        T(a_password_is_not_for_others),
        T(urls_that_are_none),
        T(an_authority_of_its_own),
        T(no_way_back_from_https),
        T(a_proxy_is_judged_in_place_of_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
