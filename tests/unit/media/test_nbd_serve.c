/* Connections that begin in the transmission phase, as the kernel's nbd driver has them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "media/nbd_server.h"
#include "media/source_memory.h"
#include "nbd_bytes.h"

#define SIZE (1u << 18)
#define FLAGS_DISC 0x10f /* HAS_FLAGS, READ_ONLY, FLUSH, FUA, CAN_MULTI_CONN */
#define FLAGS_DISK 0x16d /* TRIM and WRITE_ZEROES instead of READ_ONLY */

struct fixture {
    struct loop *loop;
    struct nbd_server *server;
    unsigned used, admitted;
};

static uint8_t content[SIZE];

static bool admit(void *data, pid_t pid, uid_t uid, const char *export)
{
    struct fixture *f = data;
    (void)pid, (void)uid, (void)export;
    f->admitted++;
    return false; /* who hands over a socket needs no admission */
}

static void used(void *data, const char *export, unsigned connections)
{
    struct fixture *f = data;
    (void)export;
    f->used = connections;
}

static const struct nbd_server_host host = {.admit = admit, .used = used};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct source *disc, *disk;
    *state = f;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 11);
    if (loop_create(&f->loop) < 0 || nbd_server_create(f->loop, &host, f, &f->server) < 0)
        return -1;
    if (source_memory_create(content, SIZE, true, &disc) < 0 || source_memory_create(content, SIZE, false, &disk) < 0)
        return -1;
    return nbd_server_add(f->server, "disc", disc) < 0 || nbd_server_add(f->server, "disk", disk) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    nbd_server_destroy(f->server);
    loop_destroy(f->loop);
    free(f);
    return 0;
}

static int serve(struct fixture *f, const char *name, uint16_t flags)
{
    int ends[2];
    uint16_t told = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(nbd_server_serve(f->server, name, ends[1], &told), 0);
    assert_int_equal(told, flags);
    return ends[0];
}

/* Exactly size bytes; false: the server closed. */
static bool receive_all(struct fixture *f, int fd, void *room, size_t size)
{
    uint64_t limit = clock_now_us() + 120000000;
    for (size_t have = 0; have < size;) {
        ssize_t n = recv(fd, (uint8_t *)room + have, size - have, MSG_DONTWAIT);
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

static void ask(int fd, unsigned type, uint64_t cookie, uint64_t offset, uint32_t length)
{
    struct bytes in = {.size = 0};
    put_request(&in, 0, type, cookie, offset, length);
    assert_int_equal(send(fd, in.data, in.size, MSG_NOSIGNAL), in.size);
}

static void expect_reply(struct fixture *f, int fd, uint32_t error, uint64_t cookie)
{
    struct bytes out = {.size = 0};
    uint8_t got[16];
    put_reply(&out, error, cookie);
    assert_true(receive_all(f, fd, got, sizeof got));
    assert_memory_equal(got, out.data, sizeof got);
}

static void test_commands_at_once(void **state)
{
    struct fixture *f = *state;
    int fd = serve(f, "disc", FLAGS_DISC);
    assert_int_equal(f->used, 1);
    ask(fd, 0, 7, 5000, 3000);
    expect_reply(f, fd, 0, 7);
    uint8_t got[3000];
    assert_true(receive_all(f, fd, got, sizeof got));
    assert_memory_equal(got, content + 5000, sizeof got);
    ask(fd, 0, 8, SIZE - 10, 20);
    expect_reply(f, fd, EINVAL, 8);
    ask(fd, 4, 9, 0, 4096);
    expect_reply(f, fd, EPERM, 9); /* it is read-only */
    assert_int_equal(f->admitted, 0);
    close(fd);
    while (f->used)
        loop_dispatch(f->loop, 1);
}

static void test_zeros_behind_an_odd_end(void **state)
{
    struct fixture *f = *state;
    struct source *odd;
    assert_int_equal(source_memory_create(content, 5000, true, &odd), 0);
    assert_int_equal(nbd_server_add(f->server, "odd", odd), 0);
    int fd = serve(f, "odd", FLAGS_DISC);
    static const struct {
        uint32_t offset, length;
    } rows[] = {{4096, 2048}, {4999, 1}, {5000, 1144}, {0, 6144}, {6143, 1}};
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t got[6144], expected[6144] = {0};
        memcpy(expected, content, 5000);
        ask(fd, 0, i, rows[i].offset, rows[i].length);
        expect_reply(f, fd, 0, i);
        assert_true(receive_all(f, fd, got, rows[i].length));
        assert_memory_equal(got, expected + rows[i].offset, rows[i].length);
    }
    ask(fd, 0, 20, 6144, 1);
    expect_reply(f, fd, EINVAL, 20);
    ask(fd, 0, 21, 6000, 2048);
    expect_reply(f, fd, EINVAL, 21);
    close(fd);
}

static void test_two_connections_of_one_disk(void **state)
{
    struct fixture *f = *state;
    int first = serve(f, "disk", FLAGS_DISK), second = serve(f, "disk", FLAGS_DISK);
    assert_int_equal(f->used, 2);
    ask(first, 1, 1, 512, 4);
    assert_int_equal(send(first, "abcd", 4, MSG_NOSIGNAL), 4);
    expect_reply(f, first, 0, 1);
    ask(second, 0, 2, 510, 8);
    expect_reply(f, second, 0, 2);
    uint8_t got[8];
    assert_true(receive_all(f, second, got, sizeof got));
    assert_memory_equal(got + 2, "abcd", 4);
    close(first);
    while (f->used != 1)
        loop_dispatch(f->loop, 1);
    ask(second, 3, 3, 0, 0);
    expect_reply(f, second, 0, 3);
    close(second);
}

static void test_a_removed_export_hangs_up(void **state)
{
    struct fixture *f = *state;
    int fd = serve(f, "disc", FLAGS_DISC);
    uint8_t byte;
    assert_int_equal(nbd_server_remove(f->server, "disc"), 0);
    assert_false(receive_all(f, fd, &byte, 1));
    close(fd);
}

static void test_who_speaks_otherwise_is_dropped(void **state)
{
    struct fixture *f = *state;
    int fd = serve(f, "disk", FLAGS_DISK);
    uint8_t byte;
    const char words[28] = "NBDMAGICIHAVEOPT";
    assert_int_equal(send(fd, words, sizeof words, MSG_NOSIGNAL), sizeof words);
    assert_false(receive_all(f, fd, &byte, 1));
    assert_int_equal(f->used, 0);
    close(fd);
}

static void test_refusals_leave_the_socket_alone(void **state)
{
    struct fixture *f = *state;
    int ends[2], taken[NBD_MAX_PER_EXPORT];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(nbd_server_serve(f->server, "nothing", ends[1], NULL), -ENOENT);
    for (unsigned i = 0; i < NBD_MAX_PER_EXPORT; i++)
        taken[i] = serve(f, "disk", FLAGS_DISK);
    assert_int_equal(nbd_server_serve(f->server, "disk", ends[1], NULL), -ENOSPC);
    assert_int_equal(send(ends[0], "x", 1, MSG_NOSIGNAL), 1);
    char byte;
    assert_int_equal(recv(ends[1], &byte, 1, 0), 1);
    for (unsigned i = 0; i < NBD_MAX_PER_EXPORT; i++)
        close(taken[i]);
    close(ends[0]);
    close(ends[1]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_commands_at_once),
        T(test_zeros_behind_an_odd_end),
        T(test_two_connections_of_one_disk),
        T(test_a_removed_export_hangs_up),
        T(test_who_speaks_otherwise_is_dropped),
        T(test_refusals_leave_the_socket_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
