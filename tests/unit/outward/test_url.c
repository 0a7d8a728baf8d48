/* Files behind URLs of a server that behaves, or is away for a while. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "url_fixture.h"

static void what_a_file_is(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/images/debian%2012.iso?key=1"), 0);
    assert_int_equal(f->info.size, SIZE);
    assert_true(f->info.read_only);
    assert_string_equal(f->info.name, "debian 12.iso");
    assert_string_equal(f->info.validator, "\"v0\"");
    assert_int_equal(url_read(f, 0, SIZE), 0);
    assert_int_equal(url_read(f, SIZE - 1, 1), 0);
    assert_int_equal(url_read(f, 12345, 54321), 0);
    assert_int_equal(url_read(f, SIZE - 10, 11), -EINVAL);
}

static void names_hold_nothing_strange(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/a/b%0a%ffc%e2%82%ac"), 0);
    assert_string_equal(f->info.name, "b__c\xe2\x82\xac");
    url_close(f);
    assert_int_equal(url_open_path(f, "/"), 0);
    assert_string_equal(f->info.name, "medium");
}

struct reads {
    unsigned left, failed;
};

static void on_one(void *data, int error)
{
    struct reads *reads = data;
    reads->left--;
    reads->failed += error != 0;
}

/* Neighbours become one range, and connections are kept. */
static void many_reads_are_few_requests(void **state)
{
    enum { READS = 48, LENGTH = 65536 };
    struct url_fixture *f = *state;
    struct reads reads = {.left = READS};
    uint8_t *room = malloc(READS * LENGTH);
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    unsigned before = lying_server_requests(f->server);
    for (unsigned i = 0; i < READS; i++)
        source_read(f->source, (uint64_t)i * LENGTH, room + i * LENGTH, LENGTH, on_one, &reads);
    uint64_t limit = clock_now_us() + 120000000;
    while (reads.left) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    assert_int_equal(reads.failed, 0);
    for (unsigned i = 0; i < READS * LENGTH; i++)
        assert_int_equal(room[i], lying_byte(i, 0));
    assert_true(lying_server_requests(f->server) - before <= READS / 4);
    assert_true(lying_server_connections(f->server) <= 8);
    free(room);
}

static void reads_end_when_it_is_closed(void **state)
{
    struct url_fixture *f = *state;
    struct reads reads = {.left = 2};
    static uint8_t room[2][65536];
    url_serve(f, &(struct lying_ways){.lie = LIE_STALLS, .honest = 1}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    source_read(f->source, 0, room[0], sizeof room[0], on_one, &reads);
    url_turn(f, 20);
    source_read(f->source, 1 << 20, room[1], sizeof room[1], on_one, &reads);
    url_close(f);
    assert_int_equal(reads.left, 0);
    assert_int_equal(reads.failed, 2);
}

static void cancelled_before_it_is_open(void **state)
{
    struct url_fixture *f = *state;
    char url[64], why[256];
    static const struct remote_listener listener = {0};
    url_serve(f, &(struct lying_ways){.delay_ms = 300}, false);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", lying_server_port(f->server));
    assert_int_equal(remote_open(f->loop, &f->settings, &(struct remote_spec){.url = url}, &listener, f, &f->remote,
                                 why, sizeof why),
                     0);
    url_turn(f, 5);
    remote_cancel(f->remote);
    url_turn(f, 5);
}

/* Its own fault that it is away: the next try finds it again, and what it says is told once each way. */
static void a_server_that_comes_back(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    assert_int_equal(url_read(f, 0, 4096), 0);
    lying_server_away(f->server);
    int r = url_read(f, 4096, 4096);
    assert_true(r == -ECONNRESET || r == -EAGAIN);
    assert_int_equal(f->link, REMOTE_AWAY);
    assert_int_equal(url_read(f, 4096, 4096), -ECONNRESET);
    assert_int_equal(f->links, 1);
    lying_server_back(f->server);
    assert_int_equal(url_read(f, 4096, 4096), 0);
    assert_int_equal(f->link, REMOTE_GOOD);
    assert_int_equal(f->links, 2);
}

static void what_may_do_better_later(void **state)
{
    static const int codes[] = {408, 429, 500, 502, 503, 504};
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
        f->ways.lie = LIE_STATUS;
        f->ways.status = codes[i];
        url_serve_differently(f);
        assert_int_equal(url_read(f, 0, 4096), -EAGAIN);
    }
    f->ways.lie = LIE_STALLS;
    url_serve_differently(f);
    f->settings.stall_s = 1;
    assert_int_equal(url_read(f, 0, 65536), -ETIMEDOUT);
    f->settings.stall_s = URL_PATIENT_S;
    f->ways.lie = LIE_NONE;
    url_serve_differently(f);
    assert_int_equal(url_read(f, 0, 65536), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, url_set_up, url_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_a_file_is),
        T(names_hold_nothing_strange),
        T(many_reads_are_few_requests),
        T(reads_end_when_it_is_closed),
        T(cancelled_before_it_is_open),
        T(a_server_that_comes_back),
        T(what_may_do_better_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
