/* Channels over real socket pairs; the hostile other side writes raw datagrams. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/ipc.h"

enum { HELLO = 1, QUESTION, ANSWER, NOISE };

struct side {
    struct ipc *ipc;
    unsigned messages, closed;
    int error, fd_kept;
    bool keep_fd, destroy_on_message, call_on_message;
    struct ipc_message last;
    uint8_t body[IPC_MAX_BODY];
    uint32_t serials[16];
    int call_result;
};

static struct loop *loop;
static struct side a, b;
static int raw = -1; /* the other end of a when there is no b */

static void on_message(void *data, struct ipc_message *message)
{
    struct side *side = data;
    if (side->messages < ARRAY_SIZE(side->serials))
        side->serials[side->messages] = message->serial;
    side->messages++;
    side->last = *message;
    if (message->body_size)
        memcpy(side->body, message->body, message->body_size);
    if (side->keep_fd && message->n_fds > 0) {
        side->fd_kept = message->fds[0];
        message->fds[0] = -1;
    }
    if (side->call_on_message) {
        uint16_t type;
        size_t size;
        uint8_t answer[4];
        side->call_on_message = false;
        side->call_result = ipc_call(side->ipc, QUESTION, "q", 1, 20000, &type, answer, sizeof(answer), &size);
        /* The message in hand is still the one it was. */
        if (message->body_size)
            assert_memory_equal(message->body, side->body, message->body_size);
    }
    if (side->destroy_on_message)
        side->ipc = ipc_destroy(side->ipc);
}

static void on_closed(void *data, int error)
{
    struct side *side = data;
    side->closed++;
    side->error = error;
    side->ipc = ipc_destroy(side->ipc);
}

static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};

static void make_pair(int ret[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret), 0);
}

static int set_up(attr_unused void **state)
{
    a = b = (struct side){.fd_kept = -1};
    return loop_create(&loop);
}

static int tear_down(attr_unused void **state)
{
    ipc_destroy(a.ipc);
    ipc_destroy(b.ipc);
    if (raw >= 0)
        close(raw);
    raw = -1;
    loop_destroy(loop);
    return 0;
}

static void connect_both(void)
{
    int ends[2];
    make_pair(ends);
    assert_int_equal(ipc_create(loop, ends[0], &listener, &a, &a.ipc), 0);
    assert_int_equal(ipc_create(loop, ends[1], &listener, &b, &b.ipc), 0);
}

static void connect_raw(void)
{
    int ends[2];
    make_pair(ends);
    assert_int_equal(ipc_create(loop, ends[0], &listener, &a, &a.ipc), 0);
    raw = ends[1];
}

#define DISPATCH_UNTIL(condition)                                                                                      \
    do {                                                                                                               \
        uint64_t give_up_ = clock_now_us() + 120 * 1000000ull;                                                         \
        while (!(condition) && clock_now_us() < give_up_)                                                              \
            assert_int_equal(loop_dispatch(loop, 1000), 0);                                                            \
        assert_true(condition);                                                                                        \
    } while (0)

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void message_arrives_whole(attr_unused void **state)
{
    uint8_t body[IPC_MAX_BODY];
    memset(body, 0xA5, sizeof(body));
    connect_both();
    assert_int_equal(ipc_send(a.ipc, HELLO, 77, body, sizeof(body), NULL, 0), 0);
    DISPATCH_UNTIL(b.messages == 1);
    assert_int_equal(b.last.type, HELLO);
    assert_int_equal(b.last.serial, 77);
    assert_int_equal(b.last.body_size, sizeof(body));
    assert_memory_equal(b.body, body, sizeof(body));
    assert_int_equal(ipc_send(a.ipc, HELLO, 0, body, sizeof(body) + 1, NULL, 0), -EMSGSIZE);
    assert_int_equal(ipc_send(a.ipc, HELLO, 0, NULL, 0, NULL, 0), 0);
    DISPATCH_UNTIL(b.messages == 2);
    assert_int_equal(b.last.body_size, 0);
}

static void descriptors_pass_and_what_is_not_taken_is_closed(attr_unused void **state)
{
    int fds[IPC_MAX_FDS], ends[2];
    struct stat sent, received;
    connect_both();
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    for (int i = 0; i < IPC_MAX_FDS; i++)
        fds[i] = ends[i % 2];
    unsigned before = open_descriptors();
    b.keep_fd = true;
    assert_int_equal(ipc_send(a.ipc, HELLO, 0, "x", 1, fds, IPC_MAX_FDS), 0);
    DISPATCH_UNTIL(b.messages == 1);
    assert_int_equal(b.last.n_fds, IPC_MAX_FDS);
    assert_int_equal(open_descriptors(), before + 1);
    assert_true(fcntl(b.fd_kept, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fstat(ends[0], &sent), 0);
    assert_int_equal(fstat(b.fd_kept, &received), 0);
    assert_int_equal(sent.st_ino, received.st_ino);
    close(b.fd_kept);
    close(ends[0]);
    close(ends[1]);
}

static void queue_is_bounded_and_drains_in_order(attr_unused void **state)
{
    uint8_t body[8000] = {0};
    unsigned sent = 0;
    int fd = STDERR_FILENO;
    connect_both();
    unsigned before = open_descriptors();
    while (ipc_send(a.ipc, HELLO, sent, body, sizeof(body), &fd, 1) == 0) {
        sent++;
        assert_true(sent < 1000);
    }
    assert_int_equal(ipc_send(a.ipc, HELLO, sent, body, sizeof(body), NULL, 0), -ENOBUFS);
    DISPATCH_UNTIL(b.messages == sent);
    assert_int_equal(b.last.serial, sent - 1);
    for (unsigned i = 0; i < ARRAY_SIZE(b.serials); i++)
        assert_int_equal(b.serials[i], i);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(ipc_send(a.ipc, HELLO, sent, body, sizeof(body), NULL, 0), 0); /* there is room again */
}

static void closing_is_told_once_after_the_last_message(attr_unused void **state)
{
    connect_both();
    assert_int_equal(ipc_send(a.ipc, HELLO, 0, "x", 1, NULL, 0), 0);
    a.ipc = ipc_destroy(a.ipc);
    DISPATCH_UNTIL(b.closed == 1);
    assert_int_equal(b.messages, 1);
    assert_int_equal(b.error, 0);
}

/* A process that dies with unread messages resets the channel; what it said before still counts. */
static void reset_loses_no_message(attr_unused void **state)
{
    connect_both();
    assert_int_equal(ipc_send(a.ipc, HELLO, 0, "x", 1, NULL, 0), 0);
    assert_int_equal(ipc_send(b.ipc, HELLO, 0, "x", 1, NULL, 0), 0);
    a.ipc = ipc_destroy(a.ipc);
    DISPATCH_UNTIL(b.closed == 1);
    assert_int_equal(b.messages, 1);
    assert_int_equal(b.error, -ECONNRESET);
}

static void sending_into_a_closed_channel_fails_without_a_signal(attr_unused void **state)
{
    connect_both();
    a.ipc = ipc_destroy(a.ipc);
    assert_true(ipc_send(b.ipc, HELLO, 0, "x", 1, NULL, 0) < 0);
    DISPATCH_UNTIL(b.closed == 1);
}

static void listener_may_destroy_the_channel(attr_unused void **state)
{
    connect_both();
    b.destroy_on_message = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(ipc_send(a.ipc, HELLO, 0, "x", 1, NULL, 0), 0);
    DISPATCH_UNTIL(a.closed == 1);
    assert_int_equal(b.messages, 1);
    assert_int_equal(b.closed, 0);
}

static size_t good_datagram(uint8_t *room, size_t room_size, uint16_t fds)
{
    struct wire_writer w = wire_writer_init(room, room_size);
    wire_write_le32(&w, IPC_MAGIC);
    wire_write_le16(&w, IPC_VERSION);
    wire_write_le16(&w, HELLO);
    wire_write_le32(&w, 5);
    wire_write_le16(&w, 3);
    wire_write_le16(&w, fds);
    wire_write_bytes(&w, "abc", 3);
    assert_false(w.full);
    return wire_written(&w);
}

static void every_cut_or_altered_header_is_refused(attr_unused void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 0}, {3, 0}, {4, 2}, {5, 1}, {12, 2}, {12, 4}, {13, 1}, {14, IPC_MAX_FDS + 1}, {15, 1}};
    uint8_t good[64], bytes[64];
    size_t size = good_datagram(good, sizeof(good), 0);
    struct ipc_message message;

    assert_int_equal(ipc_parse(good, size, &message), 0);
    assert_int_equal(message.body_size, 3);
    assert_memory_equal(message.body, "abc", 3);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(ipc_parse(good, cut, &message), -EPROTO);
    memcpy(bytes, good, size);
    assert_int_equal(ipc_parse(bytes, size + 1, &message), -EPROTO);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        memcpy(bytes, good, size);
        bytes[wrong[i].at] = wrong[i].value;
        assert_int_equal(ipc_parse(bytes, size, &message), -EPROTO);
    }
}

static void malformed_datagram_closes_the_channel(attr_unused void **state)
{
    uint8_t bytes[64];
    connect_raw();
    size_t size = good_datagram(bytes, sizeof(bytes), 0);
    assert_int_equal(send(raw, bytes, size, 0), size);
    assert_int_equal(send(raw, bytes, size - 1, 0), size - 1);
    assert_int_equal(send(raw, bytes, size, 0), size);
    DISPATCH_UNTIL(a.closed == 1);
    assert_int_equal(a.error, -EPROTO);
    assert_int_equal(a.messages, 1);
}

static void oversized_datagram_closes_the_channel(attr_unused void **state)
{
    static uint8_t bytes[IPC_HEADER_SIZE + IPC_MAX_BODY + 1];
    connect_raw();
    good_datagram(bytes, sizeof(bytes), 0);
    assert_int_equal(send(raw, bytes, sizeof(bytes), 0), sizeof(bytes));
    DISPATCH_UNTIL(a.closed == 1);
    assert_int_equal(a.error, -EPROTO);
}

static void send_with_fds(int fd, const void *bytes, size_t size, unsigned n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes};
    header.msg_controllen = CMSG_SPACE(n * sizeof(int));
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof(int))};
    memset(CMSG_DATA(c), 0, n * sizeof(int)); /* descriptor 0 each time */
    assert_int_equal(sendmsg(fd, &header, 0), size);
}

/* Neither may stay open here: a peer could fill our descriptor table with them. */
static void descriptors_that_were_not_announced_close_the_channel(attr_unused void **state)
{
    uint8_t bytes[64];
    for (unsigned n = 1; n <= 8; n += 7) {
        connect_raw();
        unsigned before = open_descriptors();
        size_t size = good_datagram(bytes, sizeof(bytes), n == 8 ? 4 : 0);
        send_with_fds(raw, bytes, size, n);
        a.closed = 0;
        DISPATCH_UNTIL(a.closed == 1);
        assert_int_equal(a.error, -EPROTO);
        assert_int_equal(open_descriptors(), before - 1); /* the channel's own is gone */
        close(raw);
        raw = -1;
    }
}

static void announced_descriptor_that_is_missing_closes_the_channel(attr_unused void **state)
{
    uint8_t bytes[64];
    connect_raw();
    size_t size = good_datagram(bytes, sizeof(bytes), 1);
    assert_int_equal(send(raw, bytes, size, 0), size);
    DISPATCH_UNTIL(a.closed == 1);
    assert_int_equal(a.error, -EPROTO);
}

/* The other side of a call, on a thread: two messages of its own first, then the answer. */
static void *answer_calls(void *data)
{
    int fd = *(int *)data;
    uint8_t bytes[IPC_HEADER_SIZE + IPC_MAX_BODY];
    struct ipc_message message;
    struct ipc *channel;
    ssize_t n;

    if (ipc_create(NULL, dup(fd), NULL, NULL, &channel) < 0)
        return NULL;
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        if (ipc_parse(bytes, (size_t)n, &message) < 0)
            break;
        ipc_send(channel, NOISE, 1, "n1", 2, NULL, 0);
        ipc_send(channel, NOISE, 2, "n2", 2, NULL, 0);
        ipc_send(channel, ANSWER, message.serial, "yes", 3, NULL, 0);
    }
    ipc_destroy(channel);
    return NULL;
}

static void call_gets_its_answer_and_the_listener_the_rest(attr_unused void **state)
{
    pthread_t thread;
    uint16_t type = 0;
    char answer[8];
    size_t size = 0;
    connect_raw();
    assert_int_equal(pthread_create(&thread, NULL, answer_calls, &raw), 0);
    assert_int_equal(ipc_call(a.ipc, QUESTION, "q", 1, 20000, &type, answer, sizeof(answer), &size), 0);
    assert_int_equal(type, ANSWER);
    assert_int_equal(size, 3);
    assert_memory_equal(answer, "yes", 3);
    assert_int_equal(a.messages, 0); /* not from inside the call */
    DISPATCH_UNTIL(a.messages == 2);
    assert_int_equal(a.serials[0], 1);
    assert_int_equal(a.serials[1], 2);

    assert_int_equal(ipc_call(a.ipc, QUESTION, "q", 1, 20000, &type, answer, 2, &size), -EMSGSIZE);
    assert_int_equal(size, 3);
    a.ipc = ipc_destroy(a.ipc);
    pthread_join(thread, NULL);
}

static void listener_may_call_while_it_handles_a_message(attr_unused void **state)
{
    pthread_t thread;
    uint8_t bytes[64];
    connect_raw();
    a.call_on_message = true;
    a.call_result = -1;
    size_t length = good_datagram(bytes, sizeof(bytes), 0);
    assert_int_equal(send(raw, bytes, length, 0), length);
    assert_int_equal(pthread_create(&thread, NULL, answer_calls, &raw), 0);
    DISPATCH_UNTIL(a.messages == 3);
    assert_int_equal(a.call_result, 0);
    assert_int_equal(a.serials[0], 5);
    assert_int_equal(a.serials[1], 1);
    assert_int_equal(a.serials[2], 2);
    a.ipc = ipc_destroy(a.ipc);
    pthread_join(thread, NULL);
}

static void call_times_out_and_the_late_answer_harms_nobody(attr_unused void **state)
{
    uint8_t bytes[64];
    uint16_t type;
    char answer[8];
    size_t size;
    connect_raw();
    assert_int_equal(ipc_call(a.ipc, QUESTION, NULL, 0, 20, &type, answer, sizeof(answer), &size), -ETIMEDOUT);
    ssize_t n = recv(raw, bytes, sizeof(bytes), 0);
    assert_int_equal(n, IPC_HEADER_SIZE);
    assert_int_equal(send(raw, bytes, (size_t)n, 0), n);
    DISPATCH_UNTIL(a.messages == 1);
    assert_true(a.serials[0] & IPC_CALL_SERIAL);
}

static void call_on_a_dead_channel_says_so(attr_unused void **state)
{
    uint16_t type;
    char answer[8];
    size_t size;
    connect_raw();
    close(raw);
    raw = -1;
    assert_int_equal(ipc_call(a.ipc, QUESTION, "q", 1, 20000, &type, answer, sizeof(answer), &size), -ECONNRESET);
    DISPATCH_UNTIL(a.closed == 1);

    int ends[2];
    make_pair(ends);
    assert_int_equal(ipc_create(NULL, ends[0], NULL, NULL, &b.ipc), 0);
    assert_int_equal(send(ends[1], "nonsense", 8, 0), 8);
    assert_int_equal(ipc_call(b.ipc, QUESTION, "q", 1, 20000, &type, answer, sizeof(answer), &size), -EPROTO);
    close(ends[1]);
}

static void strings_are_bounded(attr_unused void **state)
{
    uint8_t bytes[32];
    char room[6];
    struct wire_writer w = wire_writer_init(bytes, sizeof(bytes));
    ipc_write_string(&w, "disk0");
    ipc_write_string(&w, "");
    ipc_write_string(&w, "longer");
    size_t size = wire_written(&w);
    ipc_write_string(&w, "this one does not fit any more");
    assert_true(w.full);
    assert_int_equal(wire_written(&w), size);

    struct wire_reader r = wire_reader_init(bytes, size);
    assert_true(ipc_read_string(&r, room, sizeof(room)));
    assert_string_equal(room, "disk0");
    assert_true(ipc_read_string(&r, room, sizeof(room)));
    assert_string_equal(room, "");
    assert_false(ipc_read_string(&r, room, sizeof(room)));
    assert_true(r.bad);
    r = wire_reader_init("\3\0a\0b", 5);
    assert_false(ipc_read_string(&r, room, sizeof(room)));
    r = wire_reader_init("\3\0ab", 4);
    assert_false(ipc_read_string(&r, room, sizeof(room)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(message_arrives_whole),
        TEST(descriptors_pass_and_what_is_not_taken_is_closed),
        TEST(queue_is_bounded_and_drains_in_order),
        TEST(closing_is_told_once_after_the_last_message),
        TEST(reset_loses_no_message),
        TEST(sending_into_a_closed_channel_fails_without_a_signal),
        TEST(listener_may_destroy_the_channel),
        cmocka_unit_test(every_cut_or_altered_header_is_refused),
        TEST(malformed_datagram_closes_the_channel),
        TEST(oversized_datagram_closes_the_channel),
        TEST(descriptors_that_were_not_announced_close_the_channel),
        TEST(announced_descriptor_that_is_missing_closes_the_channel),
        TEST(call_gets_its_answer_and_the_listener_the_rest),
        TEST(listener_may_call_while_it_handles_a_message),
        TEST(call_times_out_and_the_late_answer_harms_nobody),
        TEST(call_on_a_dead_channel_says_so),
        cmocka_unit_test(strings_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
