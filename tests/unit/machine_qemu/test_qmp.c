/* The monitor client against a monitor of the test's own, which sends what it likes, one byte at a time. */
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
#include "core/text.h"
#include "machines/qemu/qmp.h"
#include "machines/qemu/qmp_sequence.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"

struct bench {
    struct loop *loop;
    struct qmp *qmp;
    char path[64];
    int listening, peer;
    unsigned ready, events, lost;
    char last_event[64], last_lost[160];
    char got[8192]; /* by the monitor */
    size_t n_got;
    int got_fd;
};

static void on_ready(void *data)
{
    ((struct bench *)data)->ready++;
}

static void on_event(void *data, const char *name, const json_t *body)
{
    struct bench *b = data;
    b->events++;
    snprintf(b->last_event, sizeof b->last_event, "%s %lld", name,
             (long long)json_integer_value(json_object_get(body, "n")));
}

static void on_lost(void *data, const char *why)
{
    struct bench *b = data;
    b->lost++;
    snprintf(b->last_lost, sizeof b->last_lost, "%s", why);
}

static void run_for(struct bench *b, uint64_t us)
{
    for (uint64_t until = clock_now_us() + us; clock_now_us() < until;)
        loop_dispatch(b->loop, 1);
}

#define WAIT(b, condition)                                                                                             \
    do {                                                                                                               \
        uint64_t until_ = clock_now_us() + 120000000;                                                                  \
        while (!(condition)) {                                                                                         \
            assert_true(clock_now_us() < until_);                                                                      \
            loop_dispatch((b)->loop, 5);                                                                               \
        }                                                                                                              \
    } while (0)

static void accept_peer(struct bench *b)
{
    if (b->peer >= 0)
        close(b->peer);
    b->peer = -1;
    WAIT(b, (b->peer = accept4(b->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0);
    b->n_got = 0;
}

static void say(struct bench *b, const char *text)
{
    for (; *text; text++) {
        assert_int_equal(send(b->peer, text, 1, MSG_NOSIGNAL), 1);
        loop_dispatch(b->loop, 0);
    }
}

/* True when the client's bytes hold this text; a descriptor that came along is kept. */
static bool heard(struct bench *b, const char *text)
{
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec io = {b->got + b->n_got, sizeof b->got - 1 - b->n_got};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(b->peer, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n > 0) {
        b->n_got += (size_t)n;
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        if (h && h->cmsg_type == SCM_RIGHTS)
            memcpy(&b->got_fd, CMSG_DATA(h), sizeof b->got_fd);
    }
    b->got[b->n_got] = '\0';
    return strstr(b->got, text);
}

/* Answers the command that was heard last. */
static void answer(struct bench *b, const char *value)
{
    char text[256];
    const char *id = NULL;
    for (const char *at = b->got; (at = strstr(at, "\"id\":")); at++)
        id = at + 5;
    assert_non_null(id);
    snprintf(text, sizeof text, "{\"return\": %s, \"id\": %d}\r\n", value, atoi(id));
    say(b, text);
}

static void negotiate(struct bench *b)
{
    say(b, GREETING);
    WAIT(b, heard(b, "qmp_capabilities"));
    unsigned before = b->ready;
    answer(b, "{}");
    WAIT(b, b->ready == before + 1);
    b->n_got = 0;
}

static int setup(void **state)
{
    static const struct qmp_listener listener = {on_ready, on_event, on_lost};
    struct bench *b = calloc(1, sizeof *b);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    b->peer = b->got_fd = -1;
    snprintf(b->path, sizeof b->path, "/tmp/qmp-%d", (int)getpid());
    text_copy(address.sun_path, sizeof address.sun_path, b->path);
    unlink(b->path);
    b->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(b->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(b->listening, 4), 0);
    assert_int_equal(loop_create(&b->loop), 0);
    assert_int_equal(qmp_create(b->loop, b->path, &listener, b, &b->qmp), 0);
    accept_peer(b);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    qmp_destroy(b->qmp);
    loop_destroy(b->loop);
    close(b->listening);
    if (b->peer >= 0)
        close(b->peer);
    if (b->got_fd >= 0)
        close(b->got_fd);
    unlink(b->path);
    free(b);
    return 0;
}

struct result {
    unsigned calls;
    int error;
    char text[128];
};

static void on_done(void *data, int error, const json_t *value, const char *why)
{
    struct result *r = data;
    r->calls++;
    r->error = error;
    snprintf(r->text, sizeof r->text, "%s", error ? why : json_string_value(value) ? json_string_value(value) : "");
}

static void commands_go_one_after_the_other(void **state)
{
    struct bench *b = *state;
    struct result first = {0}, second = {0};
    assert_int_equal(qmp_call(b->qmp, "early", NULL, -1, NULL, NULL), -ENOTCONN);
    negotiate(b);
    assert_int_equal(qmp_call(b->qmp, "first", json_pack("{s:i}", "x", 1), -1, on_done, &first), 0);
    assert_int_equal(qmp_call(b->qmp, "second", NULL, b->listening, on_done, &second), 0);
    WAIT(b, heard(b, "\"first\""));
    run_for(b, 20000);
    assert_false(heard(b, "\"second\""));
    say(b, "{\"event\": \"TICK\", \"data\": {\"n\": 7}}\n");
    WAIT(b, b->events == 1);
    assert_string_equal(b->last_event, "TICK 7");
    answer(b, "\"one\"");
    WAIT(b, first.calls == 1);
    assert_string_equal(first.text, "one");
    WAIT(b, heard(b, "\"second\""));
    assert_true(b->got_fd >= 0);
    char *id = strrchr(b->got, ':');
    char text[160];
    snprintf(text, sizeof text, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}, \"id\": %d}\n",
             atoi(id + 1));
    say(b, text);
    WAIT(b, second.calls == 1);
    assert_int_equal(second.error, -EREMOTEIO);
    assert_string_equal(second.text, "no such thing");
}

static void nonsense_is_named_and_the_connection_made_anew(void **state)
{
    static const struct {
        const char *text, *names;
    } nonsense[] = {
        {"hello\n", "not JSON"},
        {"{\"a\": 1}\n", "no message"},
        {"[]\n", "no message"},
        {"{\"error\": 3}\n", "no message"},
        {"{\"QMP\": {}}\n", "greeted twice"},
        {"{\"return\": {}, \"id\": 4711}\n", "nobody asked"},
        {"\xff\xfe\n", "not JSON"},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        struct result open = {0};
        negotiate(b);
        qmp_call(b->qmp, "open", NULL, -1, on_done, &open);
        unsigned before = b->lost;
        say(b, nonsense[i].text);
        WAIT(b, b->lost == before + 1);
        assert_non_null(strstr(b->last_lost, nonsense[i].names));
        assert_int_equal(open.calls, 1);
        assert_int_equal(open.error, -ENOTCONN);
        accept_peer(b);
    }
}

static void an_endless_line_is_refused(void **state)
{
    struct bench *b = *state;
    static char block[65536];
    memset(block, 'x', sizeof block);
    negotiate(b);
    for (int i = 0; i < 1000 && !b->lost; i++) {
        send(b->peer, block, sizeof block, MSG_NOSIGNAL | MSG_DONTWAIT);
        loop_dispatch(b->loop, 1);
    }
    assert_int_equal(b->lost, 1);
    assert_non_null(strstr(b->last_lost, "1 MiB"));
}

static void a_monitor_that_comes_later_is_found(void **state)
{
    struct bench *b = *state;
    negotiate(b);
    close(b->peer);
    b->peer = -1;
    close(b->listening);
    unlink(b->path);
    WAIT(b, b->lost == 2); /* ended, then not there */
    assert_non_null(strstr(b->last_lost, "not there"));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    text_copy(address.sun_path, sizeof address.sun_path, b->path);
    b->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(b->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(b->listening, 4), 0);
    qmp_retry_now(b->qmp);
    accept_peer(b);
    negotiate(b);
    assert_true(qmp_is_ready(b->qmp));
}

struct chain {
    unsigned calls;
    int error;
};

static void on_chain(void *data, int error, const char *why)
{
    struct chain *c = data;
    (void)why;
    c->calls++;
    c->error = error;
}

static void a_sequence_stops_at_the_first_refusal(void **state)
{
    struct bench *b = *state;
    struct chain c = {0};
    negotiate(b);
    struct qmp_sequence *s = qmp_sequence_new(b->qmp);
    qmp_sequence_add(s, "may", NULL, true);
    qmp_sequence_add(s, "must", NULL, false);
    qmp_sequence_add(s, "never", json_pack("{}"), false);
    qmp_sequence_run(s, on_chain, &c);
    static const char *const commands[] = {"\"may\"", "\"must\""};
    for (int i = 0; i < 2; i++) {
        WAIT(b, heard(b, commands[i]));
        char text[160];
        snprintf(text, sizeof text, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}, \"id\": %d}\n",
                 atoi(strrchr(b->got, ':') + 1));
        say(b, text);
    }
    WAIT(b, c.calls == 1);
    assert_int_equal(c.error, -EREMOTEIO);
    run_for(b, 20000);
    assert_false(heard(b, "never"));
}

static void what_is_open_ends_when_the_client_goes(void **state)
{
    struct bench *b = *state;
    struct result open[3] = {0};
    negotiate(b);
    for (int i = 0; i < 3; i++)
        qmp_call(b->qmp, "open", NULL, -1, on_done, &open[i]);
    b->qmp = qmp_destroy(b->qmp);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open[i].calls, 1);
        assert_int_equal(open[i].error, -ECANCELED);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(commands_go_one_after_the_other),
        TEST(nonsense_is_named_and_the_connection_made_anew),
        TEST(an_endless_line_is_refused),
        TEST(a_monitor_that_comes_later_is_found),
        TEST(a_sequence_stops_at_the_first_refusal),
        TEST(what_is_open_ends_when_the_client_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
