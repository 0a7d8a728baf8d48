/* The client of the transmission phase: with our server at the other end, and with peers that lie. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "media/nbd_server.h"
#include "media/nbd_wire.h"
#include "media/source_memory.h"
#include "media/source_nbd.h"
#include "nbd_bytes.h"

#define SIZE (1u << 20)

struct fixture {
    struct loop *loop;
    struct nbd_server *server;
    struct source *memory; /* the server's */
    struct source *source; /* the client under test */
    int peer;              /* of a client whose server is the test itself */
    unsigned closed;
    bool close_in_closed;
};

struct answer {
    unsigned calls;
    int error;
};

static uint8_t content[SIZE];

static bool admit(void *data, pid_t pid, uid_t uid, const char *export)
{
    (void)data, (void)pid, (void)uid, (void)export;
    return false;
}

static const struct nbd_server_host host = {.admit = admit};

static void on_closed(void *data, const char *why)
{
    struct fixture *f = data;
    assert_non_null(why);
    f->closed++;
    if (f->close_in_closed)
        f->source = source_close(f->source);
}

static const struct source_nbd_listener listener = {.closed = on_closed};

static void on_done(void *data, int error)
{
    struct answer *a = data;
    a->calls++;
    a->error = error;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->peer = -1;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 13);
    return loop_create(&f->loop) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    source_close(f->source);
    if (f->peer >= 0)
        close(f->peer);
    nbd_server_destroy(f->server);
    loop_destroy(f->loop);
    free(f);
    return 0;
}

static void connect_server(struct fixture *f)
{
    int ends[2];
    assert_int_equal(nbd_server_create(f->loop, &host, f, &f->server), 0);
    assert_int_equal(source_memory_create(content, SIZE, false, &f->memory), 0);
    assert_int_equal(nbd_server_add(f->server, "m", f->memory), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(nbd_server_serve(f->server, "m", ends[0], NULL), 0);
    assert_int_equal(source_nbd_create(f->loop, ends[1], SIZE, false, &listener, f, &f->source), 0);
}

static void connect_liar(struct fixture *f)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    f->peer = ends[0];
    assert_int_equal(source_nbd_create(f->loop, ends[1], SIZE, false, &listener, f, &f->source), 0);
}

static void wait_for(struct fixture *f, const struct answer *a)
{
    uint64_t limit = clock_now_us() + 120000000;
    while (!a->calls) {
        loop_dispatch(f->loop, 10);
        assert_true(clock_now_us() < limit);
    }
    assert_int_equal(a->calls, 1);
}

static void turn(struct fixture *f, unsigned times)
{
    while (times--)
        loop_dispatch(f->loop, 0);
}

static void say(struct fixture *f, const struct bytes *b)
{
    assert_int_equal(send(f->peer, b->data, b->size, MSG_NOSIGNAL), b->size);
}

/* --- with our server --- */

static void test_reads_and_writes(void **state)
{
    struct fixture *f = *state;
    connect_server(f);
    static uint8_t room[SIZE], out[300000];
    struct answer a[6] = {{0}};
    memset(out, 0x5a, sizeof out);
    source_read(f->source, 0, room, SIZE, on_done, &a[0]);
    wait_for(f, &a[0]);
    assert_int_equal(a[0].error, 0);
    assert_memory_equal(room, content, SIZE);
    source_write(f->source, 1000, out, sizeof out, on_done, &a[1]); /* longer than the socket's buffer */
    source_read(f->source, SIZE - 8, room, 8, on_done, &a[2]);
    wait_for(f, &a[1]);
    wait_for(f, &a[2]);
    assert_int_equal(a[1].error, 0);
    assert_memory_equal(room, content + SIZE - 8, 8);
    source_flush(f->source, on_done, &a[3]);
    source_trim(f->source, 2000, 1000, on_done, &a[4]);
    wait_for(f, &a[3]);
    wait_for(f, &a[4]);
    source_read(f->source, 999, room, 3000, on_done, &a[5]);
    wait_for(f, &a[5]);
    assert_int_equal(room[0], content[999]);
    assert_int_equal(room[1000], 0x5a);
    assert_int_equal(room[1001], 0);
    assert_int_equal(room[2001], 0x5a);
}

static void test_many_in_flight_and_in_any_order(void **state)
{
    struct fixture *f = *state;
    connect_server(f);
    enum { N = 500 };
    static uint8_t room[N][1024];
    static struct answer a[N];
    memset(a, 0, sizeof a);
    source_memory_hold(f->memory);
    for (unsigned i = 0; i < N; i++)
        source_read(f->source, i * 1024, room[i], 1024, on_done, &a[i]);
    while (source_memory_held(f->memory) < 60)
        loop_dispatch(f->loop, 10);
    source_memory_let_go(f->memory, 0); /* the newest first */
    for (unsigned i = 0; i < N; i++) {
        wait_for(f, &a[i]);
        assert_int_equal(a[i].error, 0);
        assert_memory_equal(room[i], content + i * 1024, 1024);
    }
}

static void test_errors_keep_their_meaning(void **state)
{
    struct fixture *f = *state;
    connect_server(f);
    static const struct {
        int there, here;
    } rows[] = {{-EIO, -EIO},          {-ENOSPC, -ENOSPC}, {-ENOMEM, -ENOMEM},         {-ENOTCONN, -EAGAIN},
                {-ETIMEDOUT, -EAGAIN}, {-EAGAIN, -EAGAIN}, {-EOPNOTSUPP, -EOPNOTSUPP}, {-EROFS, -EPERM},
                {-ESTALE, -EIO}};
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct answer a = {0};
        uint8_t room[16];
        source_memory_hold(f->memory);
        source_read(f->source, 0, room, sizeof room, on_done, &a);
        while (!source_memory_held(f->memory))
            loop_dispatch(f->loop, 10);
        source_memory_let_go(f->memory, rows[i].there);
        wait_for(f, &a);
        assert_int_equal(a.error, rows[i].here);
    }
    struct answer a = {0};
    source_read(f->source, 0, NULL, (size_t)NBD_MAX_PAYLOAD + 1, on_done, &a);
    assert_int_equal(a.error, -EINVAL);
    assert_int_equal(f->closed, 0);
}

static void test_closing_answers_what_runs(void **state)
{
    struct fixture *f = *state;
    connect_server(f);
    struct answer a[3] = {{0}};
    uint8_t room[3][16];
    source_memory_hold(f->memory);
    for (unsigned i = 0; i < 3; i++)
        source_read(f->source, i, room[i], 16, on_done, &a[i]);
    turn(f, 5);
    f->source = source_close(f->source);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(a[i].calls, 1);
        assert_int_equal(a[i].error, -ECANCELED);
    }
    source_memory_let_go(f->memory, 0);
    assert_int_equal(f->closed, 0);
}

static void test_a_server_that_goes(void **state)
{
    struct fixture *f = *state;
    connect_server(f);
    struct answer a[2] = {{0}};
    uint8_t room[16];
    source_memory_hold(f->memory);
    source_read(f->source, 0, room, 16, on_done, &a[0]);
    turn(f, 5);
    struct source *held = f->memory;
    assert_int_equal(nbd_server_remove(f->server, "m"), 0);
    source_memory_let_go(held, -EIO);
    wait_for(f, &a[0]);
    assert_int_equal(a[0].error, -ENOTCONN);
    assert_int_equal(f->closed, 1);
    source_read(f->source, 0, room, 16, on_done, &a[1]);
    assert_int_equal(a[1].error, -ENOTCONN);
    turn(f, 5);
    assert_int_equal(f->closed, 1);
}

/* --- with peers that lie --- */

static uint64_t cookie_of_next(struct fixture *f)
{
    uint8_t header[28];
    for (int i = 0; i < 1000; i++) {
        if (recv(f->peer, header, sizeof header, 0) == sizeof header) {
            struct bytes b = {.size = 0};
            put(&b, 0x25609513, 4);
            assert_memory_equal(header, b.data, 4);
            uint64_t cookie = 0;
            for (int j = 8; j < 16; j++)
                cookie = cookie << 8 | header[j];
            return cookie;
        }
        loop_dispatch(f->loop, 1);
    }
    fail_msg("no request came");
    return 0;
}

static void expect_break(struct fixture *f, const struct answer *a)
{
    wait_for(f, a);
    assert_int_equal(a->error, -ENOTCONN);
    assert_int_equal(f->closed, 1);
    static char rest[65536];
    ssize_t n;
    while ((n = recv(f->peer, rest, sizeof rest, 0)) > 0)
        ;
    assert_true(n == 0 || errno == ECONNRESET);
}

static void test_an_answer_byte_by_byte(void **state)
{
    struct fixture *f = *state;
    connect_liar(f);
    struct answer a = {0};
    uint8_t room[32];
    struct bytes b = {.size = 0};
    source_read(f->source, 64, room, sizeof room, on_done, &a);
    put_reply(&b, 0, cookie_of_next(f));
    memcpy(b.data + b.size, content + 64, sizeof room);
    b.size += sizeof room;
    for (size_t i = 0; i < b.size; i++) {
        assert_int_equal(a.calls, 0);
        assert_int_equal(send(f->peer, b.data + i, 1, MSG_NOSIGNAL), 1);
        turn(f, 2);
    }
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.error, 0);
    assert_memory_equal(room, content + 64, sizeof room);
}

static void test_answers_that_nobody_asked_for(void **state)
{
    struct fixture *f = *state;
    for (unsigned lie = 0; lie < 5; lie++) {
        connect_liar(f);
        f->closed = 0;
        struct answer a = {0};
        uint8_t room[16];
        source_read(f->source, 0, room, sizeof room, on_done, &a);
        uint64_t cookie = cookie_of_next(f);
        struct bytes b = {.size = 0};
        put_reply(&b, 0, cookie ^ (lie == 0 ? 1 : lie == 1 ? 1ull << 32 : lie == 2 ? 1ull << 31 : 0));
        if (lie == 3)
            b.data[0] ^= 1;
        if (lie == 4)
            b.size -= 7; /* half an answer, then the end */
        say(f, &b);
        if (lie == 4)
            shutdown(f->peer, SHUT_WR);
        expect_break(f, &a);
        f->source = source_close(f->source);
        close(f->peer);
    }
    f->peer = -1;
}

static void test_an_answer_given_twice(void **state)
{
    struct fixture *f = *state;
    connect_liar(f);
    struct answer a = {0}, second = {0};
    struct bytes b = {.size = 0};
    source_flush(f->source, on_done, &a);
    uint64_t cookie = cookie_of_next(f);
    put_reply(&b, 0, cookie);
    say(f, &b);
    wait_for(f, &a);
    assert_int_equal(a.error, 0);
    source_flush(f->source, on_done, &second); /* in the first one's place */
    assert_int_not_equal(cookie_of_next(f), cookie);
    say(f, &b);
    expect_break(f, &second);
}

/* More bytes than were asked for are the next answer's header, which then is none. */
static void test_an_answer_that_is_too_long(void **state)
{
    struct fixture *f = *state;
    connect_liar(f);
    struct answer a = {0}, second = {0};
    uint8_t room[16];
    struct bytes b = {.size = 0};
    source_read(f->source, 0, room, sizeof room, on_done, &a);
    put_reply(&b, 0, cookie_of_next(f));
    b.size += 48;
    source_read(f->source, 0, room, sizeof room, on_done, &second);
    say(f, &b);
    expect_break(f, &second);
    assert_int_equal(a.error, 0);
}

static void test_an_answer_to_what_was_not_sent_yet(void **state)
{
    struct fixture *f = *state;
    connect_liar(f);
    static uint8_t much[2u << 20]; /* never fits into the socket */
    f->source->size = sizeof much;
    struct answer a[2] = {{0}};
    source_write(f->source, 0, much, sizeof much, on_done, &a[0]);
    struct bytes b = {.size = 0};
    put_reply(&b, 0, cookie_of_next(f));
    say(f, &b);
    expect_break(f, &a[0]);
}

static void test_the_source_may_be_closed_when_it_is_lost(void **state)
{
    struct fixture *f = *state;
    connect_liar(f);
    f->close_in_closed = true;
    struct answer a = {0};
    uint8_t room[16];
    source_read(f->source, 0, room, sizeof room, on_done, &a);
    close(f->peer);
    f->peer = -1;
    wait_for(f, &a);
    assert_int_equal(a.error, -ENOTCONN);
    assert_int_equal(f->closed, 1);
    assert_null(f->source);
}

/* It goes on sending, but has stopped to listen: no spinning, and the end is told by the loop. */
static void test_a_peer_that_does_not_listen(void **state)
{
    struct fixture *f = *state;
    connect_liar(f);
    struct answer a = {0};
    shutdown(f->peer, SHUT_RD);
    source_flush(f->source, on_done, &a);
    assert_int_equal(f->closed, 0);
    wait_for(f, &a);
    assert_int_equal(a.error, -ENOTCONN);
    assert_int_equal(f->closed, 1);
}

static void test_more_than_can_be_in_flight(void **state)
{
    struct fixture *f = *state;
    connect_liar(f);
    static struct answer a[SOURCE_NBD_IN_FLIGHT + 1];
    memset(a, 0, sizeof a);
    for (unsigned i = 0; i <= SOURCE_NBD_IN_FLIGHT; i++)
        source_flush(f->source, on_done, &a[i]);
    assert_int_equal(a[SOURCE_NBD_IN_FLIGHT].error, -EAGAIN);
    assert_int_equal(a[SOURCE_NBD_IN_FLIGHT - 1].calls, 0);
    f->source = source_close(f->source);
    for (unsigned i = 0; i < SOURCE_NBD_IN_FLIGHT; i++)
        assert_int_equal(a[i].calls, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_reads_and_writes),
        T(test_many_in_flight_and_in_any_order),
        T(test_errors_keep_their_meaning),
        T(test_closing_answers_what_runs),
        T(test_a_server_that_goes),
        T(test_an_answer_byte_by_byte),
        T(test_answers_that_nobody_asked_for),
        T(test_an_answer_given_twice),
        T(test_an_answer_that_is_too_long),
        T(test_an_answer_to_what_was_not_sent_yet),
        T(test_the_source_may_be_closed_when_it_is_lost),
        T(test_a_peer_that_does_not_listen),
        T(test_more_than_can_be_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
