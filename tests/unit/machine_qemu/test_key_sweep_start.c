/* What the monitor is asked to release: all that a former process may have pressed, but nothing in a machine whose
 * start was seen, whose firmware would take a release for its keyboard's answer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/loop.h"
#include "machines/qemu/key_sweep.h"
#include "machines/qemu/qmp.h"

#define HANG_US 120000000

struct bench {
    struct loop *loop;
    struct qmp *qmp;
    struct key_sweep *sweep;
    char path[64];
    int listening, peer;
    bool ready;
    unsigned asked; /* to release keys */
    char heard[4096];
    size_t n_heard;
};

static void on_ready(void *data)
{
    ((struct bench *)data)->ready = true;
}

static void on_event(void *data, const char *name, const json_t *body)
{
    (void)body;
    key_sweep_event(((struct bench *)data)->sweep, name);
}

static void on_lost(void *data, const char *why)
{
    (void)data;
    fail_msg("lost: %s", why);
}

static void press_again(void *data, uint16_t usage)
{
    (void)data;
    fail_msg("%u is pressed again", usage);
}

static void say(struct bench *b, const char *text)
{
    assert_int_equal(send(b->peer, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* The monitor: each command is done. */
static void serve(struct bench *b)
{
    ssize_t n = recv(b->peer, b->heard + b->n_heard, sizeof b->heard - b->n_heard, MSG_DONTWAIT);
    b->n_heard += n > 0 ? (size_t)n : 0;
    for (char *end; (end = memchr(b->heard, '\n', b->n_heard));) {
        char answer[64];
        *end = '\0';
        const char *id = strstr(b->heard, "\"id\":");
        b->asked += strstr(b->heard, "input-send-event") != NULL;
        snprintf(answer, sizeof answer, "{\"return\": {}, \"id\": %lu}\r\n", id ? strtoul(id + 5, NULL, 10) : 0);
        say(b, answer);
        b->n_heard -= (size_t)(end + 1 - b->heard);
        memmove(b->heard, end + 1, b->n_heard);
    }
}

static void run(struct bench *b)
{
    loop_dispatch(b->loop, 5);
    serve(b);
}

static int set_up(void **state)
{
    static const struct qmp_listener listener = {.ready = on_ready, .event = on_event, .lost = on_lost};
    struct bench *b = calloc(1, sizeof *b);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[] = "/tmp/lightsout-sweep-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(b->path, sizeof b->path, "%s/qmp.sock", folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", b->path);
    b->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(b->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(b->listening, 1), 0);
    assert_int_equal(loop_create(&b->loop), 0);
    assert_int_equal(qmp_create(b->loop, b->path, &listener, b, &b->qmp), 0);
    assert_int_equal(key_sweep_create(b->loop, b->qmp, press_again, b, &b->sweep), 0);
    uint64_t limit = clock_now_us() + HANG_US;
    while ((b->peer = accept4(b->listening, NULL, NULL, SOCK_CLOEXEC)) < 0 && clock_now_us() < limit)
        loop_dispatch(b->loop, 5);
    assert_true(b->peer >= 0);
    say(b, "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
    while (!b->ready && clock_now_us() < limit)
        run(b);
    assert_true(b->ready);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    qmp_destroy(b->qmp);
    key_sweep_destroy(b->sweep);
    loop_destroy(b->loop);
    close(b->peer);
    close(b->listening);
    unlink(b->path);
    *strrchr(b->path, '/') = '\0';
    rmdir(b->path);
    free(b);
    return 0;
}

static void happens(struct bench *b, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 1}, \"event\": \"%s\"}\r\n", name);
    say(b, text);
    for (unsigned i = 0; i < 4; i++)
        run(b);
}

static void run_until_asked(struct bench *b)
{
    unsigned before = b->asked;
    for (uint64_t limit = clock_now_us() + HANG_US; b->asked == before && clock_now_us() < limit;)
        run(b);
    assert_true(b->asked > before);
}

static void rests(struct bench *b)
{
    unsigned before = b->asked;
    for (uint64_t until = clock_now_us() + 2 * KEY_SWEEP_REST_US; clock_now_us() < until;)
        run(b);
    assert_int_equal(b->asked, before);
}

static void what_a_former_process_pressed_is_released(void **state)
{
    struct bench *b = *state;
    key_sweep_attached(b->sweep);
    run_until_asked(b);
    run_until_asked(b); /* a few at a time */
}

/* The machine is switched on before its display can be used, as on a busy host. */
static void a_machine_whose_start_was_seen_is_left_alone(void **state)
{
    struct bench *b = *state;
    happens(b, "RESET");
    happens(b, "RESUME");
    key_sweep_attached(b->sweep);
    rests(b);
    key_sweep_key(b->sweep, 0x04, true);
    key_sweep_key(b->sweep, 0x04, false);
    key_sweep_attached(b->sweep); /* our own may have been lost */
    run_until_asked(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_former_process_pressed_is_released),
        TEST(a_machine_whose_start_was_seen_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
