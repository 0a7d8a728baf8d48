/* The server with a client in the same thread: the test turns the loop whenever the client waits. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "media/nbd_server.h"
#include "media/source_memory.h"
#include "nbd_bytes.h"

#define SIZE (1u << 20)

struct fixture {
    struct loop *loop;
    struct nbd_server *server;
    struct source *disk, *cd;
    char forbidden[64];
    pid_t asked_pid;
    uid_t asked_uid;
    unsigned used;
    char folder[32], path[64];
};

static uint8_t content[SIZE];

static bool admit(void *data, pid_t pid, uid_t uid, const char *export)
{
    struct fixture *f = data;
    f->asked_pid = pid;
    f->asked_uid = uid;
    return strcmp(export, f->forbidden) != 0;
}

static void used(void *data, const char *export, unsigned connections)
{
    struct fixture *f = data;
    if (strcmp(export, "disk") == 0)
        f->used = connections;
}

static const struct nbd_server_host host = {.admit = admit, .used = used};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 13);
    if (loop_create(&f->loop) < 0 || nbd_server_create(f->loop, &host, f, &f->server) < 0)
        return -1;
    if (source_memory_create(content, SIZE, false, &f->disk) < 0 ||
        source_memory_create(content, SIZE, true, &f->cd) < 0)
        return -1;
    if (nbd_server_add(f->server, "disk", f->disk) < 0 || nbd_server_add(f->server, "cd", f->cd) < 0)
        return -1;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/nbd.sock", f->folder);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    nbd_server_destroy(f->server);
    loop_destroy(f->loop);
    rmdir(f->folder);
    free(f);
    return 0;
}

/* --- the client --- */

static int connect_pair(struct fixture *f)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(nbd_server_adopt(f->server, ends[1]), 0);
    return ends[0];
}

static void send_all(struct fixture *f, int fd, const struct bytes *b, size_t step)
{
    uint64_t limit = clock_now_us() + 120000000;
    for (size_t sent = 0; sent < b->size;) {
        ssize_t n = send(fd, b->data + sent, step < b->size - sent ? step : b->size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return; /* what the server says tells the rest */
        if (n > 0)
            sent += (size_t)n;
        loop_dispatch(f->loop, 0);
        assert_true(clock_now_us() < limit);
    }
}

/* Reads exactly size bytes; false: the server closed. */
static bool receive_all(struct fixture *f, int fd, void *room, size_t size)
{
    uint64_t limit = clock_now_us() + 120000000;
    for (size_t have = 0; have < size;) {
        ssize_t n = recv(fd, (uint8_t *)room + have, size - have, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return false;
        if (n > 0)
            have += (size_t)n;
        else
            loop_dispatch(f->loop, 1);
        assert_true(clock_now_us() < limit);
    }
    return true;
}

static bool closed_by_server(struct fixture *f, int fd)
{
    uint8_t byte;
    return !receive_all(f, fd, &byte, 1);
}

static void expect_bytes(struct fixture *f, int fd, const struct bytes *expected)
{
    static uint8_t room[sizeof expected->data];
    assert_true(receive_all(f, fd, room, expected->size));
    assert_memory_equal(room, expected->data, expected->size);
}

static int open_export(struct fixture *f, const char *name, size_t step)
{
    int fd = connect_pair(f);
    struct bytes in = {.size = 0}, out = {.size = 0};
    put_client_flags(&in, 3);
    put_info(&in, 7, name);
    put_greeting(&out);
    put_info_replies(&out, 7, name, SIZE, strcmp(name, "cd") == 0 ? 0x10f : 0x16d);
    send_all(f, fd, &in, step);
    expect_bytes(f, fd, &out);
    return fd;
}

static void ask(struct fixture *f, int fd, unsigned flags, unsigned type, uint64_t cookie, uint64_t offset,
                uint32_t length)
{
    struct bytes in = {.size = 0};
    put_request(&in, flags, type, cookie, offset, length);
    send_all(f, fd, &in, in.size);
}

static void expect_reply(struct fixture *f, int fd, uint32_t error, uint64_t cookie)
{
    struct bytes out = {.size = 0};
    put_reply(&out, error, cookie);
    expect_bytes(f, fd, &out);
}

/* --- tests --- */

static void test_one_byte_at_a_time(void **state)
{
    struct fixture *f = *state;
    int fd = open_export(f, "disk", 1);
    struct bytes in = {.size = 0};
    put_request(&in, 0, 1, 5, 1000, 4);
    put_text(&in, "abcd");
    put_request(&in, 0, 0, 6, 998, 8);
    send_all(f, fd, &in, 1);
    expect_reply(f, fd, 0, 5);
    expect_reply(f, fd, 0, 6);
    uint8_t got[8];
    assert_true(receive_all(f, fd, got, 8));
    assert_memory_equal(got, content + 998, 2);
    assert_memory_equal(got + 2, "abcd", 4);
    assert_memory_equal(got + 6, content + 1004, 2);
    assert_int_equal(f->used, 1);
    close(fd);
    while (f->used)
        loop_dispatch(f->loop, 1);
}

static void test_every_byte_equals_the_source(void **state)
{
    struct fixture *f = *state;
    int fd = open_export(f, "cd", 4096);
    uint8_t *room = malloc(SIZE);
    unsigned seed = 1;
    for (unsigned i = 0; i < 300; i++) {
        seed = seed * 1103515245 + 12345;
        uint32_t offset = seed % SIZE, length = (seed >> 8) % (i % 10 ? 5000 : SIZE);
        if (length > SIZE - offset)
            length = SIZE - offset;
        ask(f, fd, 0, 0, i, offset, length);
        expect_reply(f, fd, 0, i);
        assert_true(receive_all(f, fd, room, length));
        assert_memory_equal(room, content + offset, length);
    }
    struct nbd_export_stats stats;
    assert_true(nbd_server_stats(f->server, "cd", &stats));
    assert_int_equal(stats.requests, 300);
    assert_int_equal(stats.errors, 0);
    assert_int_equal(stats.connections, 1);
    free(room);
    close(fd);
}

static void test_answers_in_any_order_carry_their_cookies(void **state)
{
    struct fixture *f = *state;
    int fd = open_export(f, "disk", 4096);
    source_memory_hold(f->disk);
    for (unsigned i = 0; i < 5; i++)
        ask(f, fd, 0, 0, 100 + i, i * 16, 16);
    while (source_memory_held(f->disk) < 5)
        loop_dispatch(f->loop, 1);
    source_memory_let_go(f->disk, 0); /* the newest first */
    for (unsigned i = 5; i-- > 0;) {
        uint8_t got[16];
        expect_reply(f, fd, 0, 100 + i);
        assert_true(receive_all(f, fd, got, 16));
        assert_memory_equal(got, content + i * 16, 16);
    }
    close(fd);
}

static void test_errors_of_the_source_reach_the_peer(void **state)
{
    struct fixture *f = *state;
    int fd = open_export(f, "disk", 4096);
    source_memory_hold(f->disk);
    ask(f, fd, 0, 0, 1, 0, 16);
    while (!source_memory_held(f->disk))
        loop_dispatch(f->loop, 1);
    source_memory_let_go(f->disk, -EIO);
    expect_reply(f, fd, 5, 1);
    ask(f, fd, 1, 1, 2, 0, 4); /* write, FUA */
    struct bytes in = {.size = 0};
    put_text(&in, "wxyz");
    send_all(f, fd, &in, 4);
    expect_reply(f, fd, 0, 2);
    ask(f, fd, 0, 3, 3, 0, 0);
    expect_reply(f, fd, 0, 3);
    ask(f, fd, 0, 4, 4, 0, 4);
    expect_reply(f, fd, 0, 4);
    struct nbd_export_stats stats;
    assert_true(nbd_server_stats(f->server, "disk", &stats));
    assert_int_equal(stats.errors, 1);
    assert_int_equal(stats.bytes_written, 4);
    close(fd);
}

/* A peer that asks for much and reads nothing: its own requests stop at the budget, another is served meanwhile. */
static void test_a_slow_reader_hurts_itself_only(void **state)
{
    struct fixture *f = *state;
    int slow = open_export(f, "cd", 4096);
    unsigned sent = 0;
    for (; sent < 200; sent++) {
        struct bytes in = {.size = 0};
        put_request(&in, 0, 0, sent, 0, SIZE / 2);
        if (send(slow, in.data, in.size, MSG_NOSIGNAL) != (ssize_t)in.size)
            break;
        for (int i = 0; i < 4; i++)
            loop_dispatch(f->loop, 0);
    }
    struct nbd_export_stats stats;
    assert_true(nbd_server_stats(f->server, "cd", &stats));
    assert_true(stats.requests <= NBD_INFLIGHT_BYTES / (SIZE / 2) + 2);
    int quick = open_export(f, "disk", 4096);
    for (unsigned i = 0; i < 50; i++) {
        uint8_t got[512];
        ask(f, quick, 0, 0, i, i * 512, 512);
        expect_reply(f, quick, 0, i);
        assert_true(receive_all(f, quick, got, sizeof got));
        assert_memory_equal(got, content + i * 512, 512);
    }
    uint8_t *room = malloc(SIZE / 2); /* and when it reads at last, it gets all */
    for (unsigned i = 0; i < sent; i++) {
        expect_reply(f, slow, 0, i);
        assert_true(receive_all(f, slow, room, SIZE / 2));
        assert_memory_equal(room, content, SIZE / 2);
    }
    free(room);
    close(slow);
    close(quick);
}

static void test_too_many_requests_wait_in_the_socket(void **state)
{
    struct fixture *f = *state;
    int fd = open_export(f, "disk", 4096);
    source_memory_hold(f->disk);
    for (unsigned i = 0; i < NBD_INFLIGHT_REQUESTS + 10; i++)
        ask(f, fd, 0, 0, i, 0, 1);
    for (unsigned i = 0; i < 50; i++)
        loop_dispatch(f->loop, 0);
    assert_int_equal(source_memory_held(f->disk), NBD_INFLIGHT_REQUESTS);
    source_memory_let_go(f->disk, 0);
    for (unsigned i = 0; i < NBD_INFLIGHT_REQUESTS + 10; i++) {
        uint8_t got[17];
        assert_true(receive_all(f, fd, got, sizeof got));
        assert_int_equal(got[16], content[0]);
    }
    close(fd);
}

static void test_a_removed_export_ends_its_connections(void **state)
{
    struct fixture *f = *state;
    int disk = open_export(f, "disk", 4096), cd = open_export(f, "cd", 4096);
    source_memory_hold(f->disk);
    ask(f, disk, 0, 0, 1, 0, 100);
    while (!source_memory_held(f->disk))
        loop_dispatch(f->loop, 1);
    struct source *held = f->disk;
    assert_int_equal(nbd_server_remove(f->server, "disk"), 0);
    assert_int_equal(nbd_server_remove(f->server, "disk"), -ENOENT);
    assert_true(closed_by_server(f, disk));
    source_memory_let_go(held, 0); /* the answer comes after the connection has gone */
    ask(f, cd, 0, 0, 2, 0, 1);
    expect_reply(f, cd, 0, 2);
    close(disk);
    close(cd);
}

static void test_broken_peers_disturb_no_other(void **state)
{
    struct fixture *f = *state;
    int good = open_export(f, "disk", 4096);
    for (unsigned i = 0; i < 40; i++) {
        struct bytes in = {.size = 0};
        put_client_flags(&in, i % 4 ? 3 : 0xffffffff);
        put_info(&in, 7, i % 3 ? "cd" : "nothing");
        put(&in, i, 8);
        put(&in, i * 77, 8);
        put(&in, i * 78, 8);
        put(&in, i * 79, 8);
        int fd = connect_pair(f);
        send_all(f, fd, &in, 7);
        if (i % 2)
            shutdown(fd, SHUT_WR);
        for (unsigned j = 0; j < 4; j++)
            loop_dispatch(f->loop, 0);
        close(fd);
    }
    ask(f, good, 0, 0, 2, 0, 1);
    expect_reply(f, good, 0, 2);
    close(good);
}

static void test_goodbye_waits_for_the_answers(void **state)
{
    struct fixture *f = *state;
    int fd = open_export(f, "disk", 4096);
    source_memory_hold(f->disk);
    ask(f, fd, 0, 0, 1, 0, 1);
    ask(f, fd, 0, 2, 0, 0, 0);
    while (!source_memory_held(f->disk))
        loop_dispatch(f->loop, 1);
    for (int i = 0; i < 5; i++)
        loop_dispatch(f->loop, 0);
    source_memory_let_go(f->disk, 0);
    uint8_t got[17];
    assert_true(receive_all(f, fd, got, sizeof got));
    assert_true(closed_by_server(f, fd));
    close(fd);
}

static void test_the_process_decides_what_it_may_have(void **state)
{
    struct fixture *f = *state;
    text_copy(f->forbidden, sizeof f->forbidden, "disk");
    int fd = connect_pair(f);
    struct bytes in = {.size = 0}, out = {.size = 0};
    put_client_flags(&in, 3);
    put_info(&in, 7, "disk");
    put_option(&in, 3, 0);
    put_greeting(&out);
    put_option_reply(&out, 7, 0x80000006, "no such export for this client", 30);
    put_option_reply(&out, 3, 2, "\0\0\0\2cd", 6);
    put_option_reply(&out, 3, 1, NULL, 0);
    send_all(f, fd, &in, in.size);
    expect_bytes(f, fd, &out);
    assert_int_equal(f->asked_pid, getpid());
    assert_int_equal(f->asked_uid, getuid());
    close(fd);
}

static void test_names_and_numbers_of_exports_are_limited(void **state)
{
    struct fixture *f = *state;
    struct source *source;
    assert_int_equal(source_memory_create(NULL, 512, false, &source), 0);
    assert_int_equal(nbd_server_add(f->server, "", source), -EINVAL);
    assert_int_equal(nbd_server_add(f->server, "a\nb", source), -EINVAL);
    assert_int_equal(nbd_server_add(f->server, "\xff", source), -EINVAL);
    assert_int_equal(nbd_server_add(f->server, "disk", source), -EEXIST);
    char name[70];
    memset(name, 'x', 64);
    name[64] = 0;
    assert_int_equal(nbd_server_add(f->server, name, source), -EINVAL);
    name[63] = 0;
    assert_int_equal(nbd_server_add(f->server, name, source), 0);
    for (int i = 3; i < NBD_MAX_EXPORTS; i++) {
        assert_int_equal(source_memory_create(NULL, 512, false, &source), 0);
        snprintf(name, sizeof name, "m%d", i);
        assert_int_equal(nbd_server_add(f->server, name, source), 0);
    }
    assert_int_equal(source_memory_create(NULL, 512, false, &source), 0);
    assert_int_equal(nbd_server_add(f->server, "more", source), -ENOSPC);
    source_close(source);
    int fds[NBD_MAX_CONNECTIONS], ends[2];
    for (unsigned i = 0; i < NBD_MAX_CONNECTIONS; i++)
        fds[i] = connect_pair(f);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(nbd_server_adopt(f->server, ends[0]), -ENOSPC);
    close(ends[0]);
    close(ends[1]);
    for (unsigned i = 0; i < NBD_MAX_CONNECTIONS; i++)
        close(fds[i]);
}

static int connect_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void test_the_socket_file(void **state)
{
    struct fixture *f = *state;
    /* a stale one, left by a server that was killed */
    pid_t child = fork();
    if (child == 0) {
        _exit(nbd_server_listen(f->server, f->path) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(nbd_server_listen(f->server, f->path), 0);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(nbd_server_listen(f->server, f->path), -EADDRINUSE);
    int fd = connect_path(f->path);
    struct bytes out = {.size = 0};
    put_greeting(&out);
    expect_bytes(f, fd, &out);
    close(fd);
    char other[80];
    snprintf(other, sizeof other, "%s/file", f->folder);
    close(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(nbd_server_listen(f->server, other), -EADDRINUSE);
    assert_int_equal(access(other, F_OK), 0);
    unlink(other);
    char longer[200];
    memset(longer, 'x', sizeof longer);
    longer[150] = 0;
    assert_int_equal(nbd_server_listen(f->server, longer), -ENAMETOOLONG);
    f->server = nbd_server_destroy(f->server);
    assert_int_equal(access(f->path, F_OK), -1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_one_byte_at_a_time),
        T(test_every_byte_equals_the_source),
        T(test_answers_in_any_order_carry_their_cookies),
        T(test_errors_of_the_source_reach_the_peer),
        T(test_a_slow_reader_hurts_itself_only),
        T(test_too_many_requests_wait_in_the_socket),
        T(test_a_removed_export_ends_its_connections),
        T(test_broken_peers_disturb_no_other),
        T(test_goodbye_waits_for_the_answers),
        T(test_the_process_decides_what_it_may_have),
        T(test_names_and_numbers_of_exports_are_limited),
        T(test_the_socket_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
