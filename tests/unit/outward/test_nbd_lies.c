/* NBD peers that lie: about lengths, about what was asked, about themselves. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/wire.h"
#include "url_fixture.h"

static unsigned port;
static pid_t server;

static int open_liar(struct url_fixture *f)
{
    char url[64];
    snprintf(url, sizeof url, "nbd://127.0.0.1:%u/x", port);
    return url_open(f, &(struct remote_spec){.url = url});
}

static void on_end(void *data, int error)
{
    *(int *)data = error;
}

static int await(struct url_fixture *f, const int *error)
{
    uint64_t limit = clock_now_us() + 120000000;
    while (*error > 0) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    return *error;
}

/* A server that negotiates well and then answers a read in its own way. */
enum nbd_lie {
    LIE_OTHER_COOKIE,
    LIE_OTHER_MAGIC,
    LIE_TOO_SHORT,
    LIE_STRUCTURED,
    LIE_HUGE_EXPORT,
    LIE_EMPTY_EXPORT,
    NBD_LIES
};

static void put(int fd, const void *bytes, size_t size)
{
    if (send(fd, bytes, size, MSG_NOSIGNAL) < 0)
        _exit(0);
}

static void get(int fd, void *bytes, size_t size)
{
    if (recv(fd, bytes, size, MSG_WAITALL) != (ssize_t)size)
        _exit(0);
}

static void answer_option(int fd, uint32_t option, uint32_t type, const void *data, uint32_t size)
{
    uint8_t head[20];
    struct wire_writer w = wire_writer_init(head, sizeof head);
    wire_write_be64(&w, 0x3e889045565a9ull);
    wire_write_be32(&w, option);
    wire_write_be32(&w, type);
    wire_write_be32(&w, size);
    put(fd, head, sizeof head);
    if (size)
        put(fd, data, size);
}

/* NBD_OPT_GO is answered with the export's size; every other option is unknown. */
static void negotiate(int fd, uint64_t size)
{
    uint8_t head[16], data[4096], info[12];
    put(fd, "NBDMAGICIHAVEOPT\0\3", 18);
    get(fd, data, 4);
    for (;;) {
        get(fd, head, sizeof head);
        struct wire_reader r = wire_reader_init(head + 8, 8);
        uint32_t option = wire_read_be32(&r), length = wire_read_be32(&r);
        get(fd, data, MIN(length, sizeof data));
        if (option != 7) {
            answer_option(fd, option, 0x80000001u, NULL, 0);
            continue;
        }
        struct wire_writer w = wire_writer_init(info, sizeof info);
        wire_write_be16(&w, 0);
        wire_write_be64(&w, size);
        wire_write_be16(&w, 3); /* has flags, read-only */
        answer_option(fd, option, 3, info, sizeof info);
        answer_option(fd, option, 1, NULL, 0);
        return;
    }
}

static void lie_about_read(int fd, enum nbd_lie lie)
{
    uint8_t request[28], reply[20] = {0};
    static uint8_t zeros[4096];
    get(fd, request, sizeof request);
    struct wire_writer w = wire_writer_init(reply, sizeof reply);
    wire_write_be32(&w, lie == LIE_OTHER_MAGIC ? 0x12345678u : lie == LIE_STRUCTURED ? 0x668e33efu : 0x67446698u);
    wire_write_be32(&w, 0);
    wire_write_bytes(&w, request + 8, 8);
    reply[15] ^= lie == LIE_OTHER_COOKIE ? 0x55 : 0;
    put(fd, reply, lie == LIE_STRUCTURED ? 20 : 16);
    put(fd, zeros, lie == LIE_TOO_SHORT ? 100 : sizeof zeros);
    shutdown(fd, SHUT_WR);
    get(fd, request, sizeof request); /* until the other side has gone */
}

static void start_liar(enum nbd_lie lie)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
    server = fork();
    if (server == 0) {
        int fd = accept(listener, NULL, NULL); /* one connection, then it is gone */
        close(listener);
        negotiate(fd, lie == LIE_HUGE_EXPORT ? UINT64_MAX : lie == LIE_EMPTY_EXPORT ? 0 : 1 << 20);
        lie_about_read(fd, lie);
        _exit(0);
    }
    close(listener);
}

static void peers_that_lie(void **state)
{
    struct url_fixture *f = *state;
    for (enum nbd_lie lie = 0; lie < NBD_LIES; lie++) {
        start_liar(lie);
        int r = open_liar(f);
        if (lie >= LIE_HUGE_EXPORT) {
            assert_true(r < 0);
        } else {
            static uint8_t room[4096];
            int error = 1;
            assert_int_equal(r, 0);
            source_read(f->source, 0, room, sizeof room, on_end, &error);
            assert_true(await(f, &error) < 0);
            assert_int_equal(f->link, REMOTE_AWAY);
            url_close(f);
        }
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
}

/* Anything but an NBD server. */
static void peers_that_speak_otherwise(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){.lie = LIE_NONSENSE}, false);
    port = lying_server_port(f->server);
    assert_true(open_liar(f) < 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, url_set_up, url_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(peers_that_lie),
        T(peers_that_speak_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
