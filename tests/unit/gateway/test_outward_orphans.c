/* Jobs of outward whose gateway went: the next one has them for a while, then they and their connections end. Both
 * sides on one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/outward/outward_client.h"
#include "gateway/outward/outward_jobs.h"
#include "lying_server/lying_server.h"

#define HANG_US 120000000
#define SIZE (1u << 20)

struct medium {
    struct outward_medium *medium;
    struct source *source;
    bool opened;
    int error;
    uint8_t token[OUTWARD_TOKEN_SIZE];
};

struct fixture {
    struct loop *loop;
    struct lying_server *server;
    struct remote_settings settings;
    struct outward_jobs *jobs;
    struct outward_client *client;
    unsigned lost;
    struct medium media[2];
};

static void on_lost(void *data)
{
    struct fixture *f = data;
    f->lost++;
}

static void join(struct fixture *f)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(outward_jobs_connect(f->jobs, pair[0]), 0);
    assert_int_equal(outward_client_create(f->loop, &f->client), 0);
    assert_int_equal(outward_client_connect(f->client, pair[1]), 0);
}

static void start(struct fixture *f, uint64_t keep_us)
{
    assert_int_equal(outward_jobs_create(f->loop, &f->settings, keep_us, on_lost, f, &f->jobs), 0);
    join(f);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    log_set_level(LOG_ERROR);
    f->server = lying_server_start(&(struct lying_ways){.size = SIZE, .user = "anna", .password = "geheim"}, false);
    f->settings.policy.allow.n = 1;
    return address_network_parse("127.0.0.0/8", &f->settings.policy.allow.list[0]) && loop_create(&f->loop) == 0 &&
                   worker_pool_create(f->loop, "resolve", 1, &f->settings.resolver) == 0
               ? 0
               : -1;
}

static void leave(struct fixture *f)
{
    for (unsigned i = 0; i < 2; i++)
        f->media[i].source = source_close(f->media[i].source);
    f->client = outward_client_destroy(f->client);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    leave(f);
    outward_jobs_destroy(f->jobs);
    for (unsigned i = 0; i < 100; i++)
        loop_dispatch(f->loop, 0);
    worker_pool_destroy(f->settings.resolver);
    loop_destroy(f->loop);
    lying_server_stop(f->server);
    free(f);
    return 0;
}

static void on_link(void *data, enum outward_link link, const char *why)
{
    (void)data, (void)link, (void)why;
}

static void on_source(void *data, struct source *source)
{
    (void)data;
    source_close(source);
}

static void on_opened(void *data, int error, const char *why, const struct outward_opened *opened,
                      struct source *source)
{
    struct medium *medium = data;
    (void)why, (void)opened;
    medium->opened = true;
    medium->error = error;
    medium->source = source;
}

/* The password is known to the first gateway alone. */
static int open_medium(struct fixture *f, struct medium *medium, const char *secret)
{
    static const struct outward_medium_listener listener = {.link = on_link, .source = on_source};
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a.iso", lying_server_port(f->server));
    struct medium_spec spec = {.origin = MEDIUM_URL,
                               .url = url,
                               .user = secret ? "anna" : NULL,
                               .secret = secret,
                               .read_only = true,
                               .who = "anna"};
    medium->opened = false;
    assert_int_equal(
        outward_client_open(f->client, &spec, medium->token, &listener, on_opened, medium, &medium->medium), 0);
    uint64_t limit = clock_now_us() + HANG_US;
    while (!medium->opened) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    return medium->error;
}

static void await_count(struct fixture *f, unsigned n)
{
    uint64_t limit = clock_now_us() + HANG_US;
    while (outward_jobs_count(f->jobs) != n) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
}

static void await_loss(struct fixture *f)
{
    uint64_t limit = clock_now_us() + HANG_US;
    while (!f->lost) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
}

static void nobody_comes(void **state)
{
    const uint64_t keep_us = 2000000;
    struct fixture *f = *state;
    start(f, keep_us);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(open_medium(f, &f->media[i], "geheim"), 0);
    assert_int_equal(outward_jobs_count(f->jobs), 2);
    leave(f);
    await_loss(f);
    uint64_t since = clock_now_us();
    assert_int_equal(outward_jobs_count(f->jobs), 2);
    await_count(f, 0);
    assert_true(clock_now_us() - since > keep_us / 2);
    /* who comes later must know the password */
    join(f);
    assert_true(open_medium(f, &f->media[0], NULL) < 0);
    outward_client_close(f->media[0].medium);
    memset(f->media[0].token, 0, sizeof f->media[0].token);
    assert_int_equal(open_medium(f, &f->media[0], "geheim"), 0);
}

static void on_read(void *data, int error)
{
    *(int *)data = error;
}

/* Only what the next gateway asked for stays. */
static void one_of_two_is_adopted(void **state)
{
    const uint64_t keep_us = 6000000;
    struct fixture *f = *state;
    static uint8_t room[65536];
    int error = 1;
    start(f, keep_us);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(open_medium(f, &f->media[i], "geheim"), 0);
    leave(f);
    await_loss(f);
    join(f);
    assert_int_equal(open_medium(f, &f->media[1], NULL), 0);
    assert_int_equal(outward_jobs_count(f->jobs), 2);
    await_count(f, 1);
    uint64_t until = clock_now_us() + 1000000;
    while (clock_now_us() < until)
        loop_dispatch(f->loop, 20);
    assert_int_equal(outward_jobs_count(f->jobs), 1);
    source_read(f->media[1].source, 4096, room, sizeof room, on_read, &error);
    until = clock_now_us() + HANG_US;
    while (error > 0 && clock_now_us() < until)
        loop_dispatch(f->loop, 20);
    assert_int_equal(error, 0);
    for (size_t i = 0; i < sizeof room; i++)
        assert_int_equal(room[i], lying_byte(4096 + i, 0));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {T(nobody_comes), T(one_of_two_is_adopted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
