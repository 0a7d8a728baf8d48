/* The real helper with somebody in the gateway's place: a channel by hand, because the program's own would not send
 * what the tests do. Needs root: the helper reads only a configuration that is root's. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "gateway/config/config.h"
#include "gateway/helper/helper_wire.h"
#include "gateway/role.h"

#define HANG_MS 300000

static char folder[] = "/tmp/lightsout-attack-XXXXXX", config[64], node[64], door[64];
static pid_t helper;
static int supervisor = -1;

/* --- a channel, by hand, because the program's own would not send this --- */

struct raw {
    uint16_t type;
    uint32_t serial;
    const void *body;
    size_t size;
    const int *fds;
    unsigned n_fds;
};

static inline bool send_bytes(int channel, const void *bytes, size_t size, const int *fds, unsigned n_fds)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(16 * sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (n_fds > 0) {
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
    }
    return sendmsg(channel, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

static inline bool send_raw(int channel, const struct raw *raw)
{
    uint8_t room[IPC_MAX_BODY + IPC_HEADER_SIZE];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le32(&w, IPC_MAGIC);
    wire_write_le16(&w, IPC_VERSION);
    wire_write_le16(&w, raw->type);
    wire_write_le32(&w, raw->serial);
    wire_write_le16(&w, (uint16_t)raw->size);
    wire_write_le16(&w, (uint16_t)raw->n_fds);
    wire_write_bytes(&w, raw->body, raw->size);
    return send_bytes(channel, room, wire_written(&w), raw->fds, raw->n_fds);
}

/* The next message's type and how many descriptors it came with (closed here); 0: the channel was closed. answer may be
 * NULL. */
static inline int receive(int channel, struct helper_answer *answer, unsigned *ret_fds)
{
    uint8_t room[IPC_MAX_BODY + IPC_HEADER_SIZE];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(8 * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = room, .iov_len = sizeof room};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct pollfd p = {.fd = channel, .events = POLLIN};
    if (poll(&p, 1, HANG_MS) != 1)
        fail_msg("the helper does not answer");
    ssize_t n = recvmsg(channel, &m, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return 0;
    *ret_fds = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++, ++*ret_fds)
            close(((int *)(void *)CMSG_DATA(c))[i]);
    struct ipc_message message;
    assert_int_equal(ipc_parse(room, (size_t)n, &message), 0);
    if (answer && message.type == HELPER_ANSWER)
        assert_true(helper_read_answer(message.body, message.body_size, answer));
    return message.type;
}

enum outcome { CLOSED, REFUSED, DONE };

/* What becomes of one question. States that the helper tells by itself are passed over. */
static inline enum outcome outcome_of(int channel, struct helper_answer *answer, unsigned *fds)
{
    int type;
    while ((type = receive(channel, answer, fds)) == HELPER_STATE)
        ;
    if (type == 0)
        return CLOSED;
    assert_int_equal(type, HELPER_ANSWER);
    return answer->error < 0 ? REFUSED : DONE;
}

/* Number `number` means that dongle, as a gateway says first of all. */
static inline enum outcome name_dongle(int channel, uint16_t number, const char *name)
{
    struct helper_name m = {.target = number};
    struct helper_answer answer;
    uint8_t room[128];
    unsigned fds;
    struct wire_writer w = wire_writer_init(room, sizeof room);
    snprintf(m.name, sizeof m.name, "%s", name);
    helper_write_name(&w, &m);
    struct raw raw = {.type = HELPER_NAME, .serial = 1, .body = room, .size = wire_written(&w)};
    assert_true(send_raw(channel, &raw));
    return outcome_of(channel, &answer, &fds);
}

static inline int connect_helper(void)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    struct raw peer = {.type = HELPER_PEER, .fds = &pair[1], .n_fds = 1};
    assert_true(send_raw(supervisor, &peer));
    close(pair[1]);
    assert_int_equal(name_dongle(pair[0], 0, "d"), DONE);
    assert_int_equal(name_dongle(pair[0], 2, "e"), DONE);
    return pair[0];
}

static inline enum outcome try(const struct raw *raw)
{
    struct helper_answer answer;
    unsigned fds = 0;
    _cleanup_close_ int channel = connect_helper();
    if (!send_raw(channel, raw))
        return CLOSED;
    enum outcome outcome = outcome_of(channel, &answer, &fds);
    if (outcome == REFUSED)
        assert_int_equal(fds, 0);
    return outcome;
}

static inline unsigned count_fds(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)helper);
    DIR *d = opendir(path);
    unsigned n = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* A question that is always answered; how many descriptors the helper has while its channel is open. */
static inline unsigned assert_alive(void)
{
    struct helper_answer answer;
    unsigned fds = 0;
    uint8_t body[2] = {0, 0};
    struct raw describe = {.type = HELPER_DESCRIBE, .serial = 1, .body = body, .size = sizeof body};
    _cleanup_close_ int channel = connect_helper();
    assert_int_equal(waitpid(helper, NULL, WNOHANG), 0);
    assert_true(send_raw(channel, &describe));
    assert_int_equal(outcome_of(channel, &answer, &fds), DONE);
    return count_fds();
}

/* --- the helper --- */

static inline void begin_helper(int end)
{
    struct options options = {.config = config};
    if (end != HELPER_FD_SUPERVISOR) {
        dup2(end, HELPER_FD_SUPERVISOR);
        close(end);
    }
    close_range(HELPER_FD_SUPERVISOR + 1, ~0u, 0);
    _exit(helper_role_main(&options));
}

static inline int set_up(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: the helper reads only a configuration that belongs to root; run this as root\n");
        exit(77);
    }
    assert_non_null(mkdtemp(folder));
    snprintf(config, sizeof config, "%s/test.conf", folder);
    FILE *f = fopen(config, "we");
    snprintf(node, sizeof node, "%s/node", folder);
    (void)mknod(node, S_IFCHR | 0600, makedev(1, 3)); /* containers have no right to */
    snprintf(door, sizeof door, "/dev/%s", folder + strlen("/tmp/"));
    assert_int_equal(symlink(node, door), 0);
    fprintf(f,
            "[target d]\nmachine = dongle\ncapture = /dev/null\n"
            "[target t]\nmachine = testcard\n"
            "[target e]\nmachine = dongle\nudc = nowhere\nbig-cd = no\ncapture = %s\n",
            door);
    fclose(f);
    assert_int_equal(chmod(config, 0644), 0);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    helper = fork();
    if (helper == 0) {
        close(pair[0]);
        begin_helper(pair[1]);
    }
    close(pair[1]);
    supervisor = pair[0];
    unsigned fds;
    assert_int_equal(receive(supervisor, NULL, &fds), HELPER_PEER); /* it is ready */
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    int status;
    close(supervisor); /* it ends with its supervisor */
    assert_int_equal(waitpid(helper, &status, 0), helper);
    assert_int_equal(status, 0);
    unlink(config);
    unlink(node);
    unlink(door);
    rmdir(folder);
    return 0;
}
