#include "gateway/supervisor/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "gateway/supervisor/child.h"
#include "gateway/supervisor/uid.h"

#define VERSION 1
#define ABOVE (CHILD_FIRST_FD + CHILD_MAX_FDS + 8) /* out of the way of all places */

union rights {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int) * CHILD_MAX_FDS)];
};

union whose {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(struct ucred))];
};

int handover_connect(const char *folder, const char *role)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock", folder, role);
    if (n < 0 || (size_t)n >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    return take_fd(&fd);
}

int handover_send(int door, const int *fds, unsigned n)
{
    uint8_t head[2] = {VERSION, (uint8_t)n};
    union rights rights = {0};
    struct iovec part = {.iov_base = head, .iov_len = sizeof head};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (n == 0 || n > CHILD_MAX_FDS)
        return -EINVAL;
    message.msg_control = rights.room;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * n);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * n);
    memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
    return sendmsg(door, &message, MSG_NOSIGNAL) == sizeof head ? 0 : -errno;
}

pid_t handover_answer(int door)
{
    char byte;
    union whose whose = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = whose.room, .msg_controllen = sizeof whose.room};
    ssize_t n = recvmsg(door, &message, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return n == 0 ? -ECONNRESET : errno == EAGAIN || errno == EINTR ? 0 : -errno;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
        c->cmsg_len != CMSG_LEN(sizeof(struct ucred)))
        return -EPROTO;
    struct ucred peer;
    memcpy(&peer, CMSG_DATA(c), sizeof peer);
    return peer.pid > 1 ? peer.pid : -EPROTO;
}

bool handover_is_waited_for(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    return pid && fds && strtol(pid, NULL, 10) == getpid() && strcmp(fds, "1") == 0;
}

/* The socket's mode says the same; a door that was made too wide is still no door. */
static bool may_hand_over(int connection)
{
    struct uid_choice own = {.uid = geteuid()};
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == uid_of_supervisor(&own));
}

static int take_rights(struct msghdr *message, int *ret_fds, unsigned *ret_n)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return -EPROTO;
    *ret_n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    if (*ret_n > CHILD_MAX_FDS)
        return -EPROTO;
    memcpy(ret_fds, CMSG_DATA(c), sizeof(int) * *ret_n);
    return 0;
}

/* Down to their places; whatever else is open goes. */
static int place(const int *fds, unsigned n)
{
    int high[CHILD_MAX_FDS];
    for (unsigned i = 0; i < n; i++)
        if ((high[i] = fcntl(fds[i], F_DUPFD, ABOVE)) < 0)
            return -errno;
    for (unsigned i = 0; i < n; i++)
        if (dup2(high[i], CHILD_FIRST_FD + (int)i) < 0)
            return -errno;
    return syscall(SYS_close_range, CHILD_FIRST_FD + n, ~0u, 0) < 0 ? -errno : 0;
}

static int receive(int connection)
{
    uint8_t head[2] = {0};
    int fds[CHILD_MAX_FDS];
    unsigned n = 0;
    union rights rights = {0};
    struct iovec part = {.iov_base = head, .iov_len = sizeof head};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = rights.room, .msg_controllen = sizeof rights.room};
    ssize_t size;
    if (!may_hand_over(connection))
        return -EPERM;
    do
        size = recvmsg(connection, &message, 0);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return -errno;
    int r = take_rights(&message, fds, &n);
    if (r < 0 || size != sizeof head || head[0] != VERSION || head[1] != n || (message.msg_flags & MSG_CTRUNC))
        return -EPROTO;
    if (send(connection, "", 1, MSG_NOSIGNAL) != 1)
        return -errno;
    return place(fds, n);
}

int handover_receive(void)
{
    struct pollfd door = {.fd = CHILD_FIRST_FD, .events = POLLIN};
    int r = 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("NOTIFY_SOCKET"); /* the supervisor speaks for all */
    while (poll(&door, 1, -1) < 0 && errno == EINTR)
        ;
    int connection = accept4(CHILD_FIRST_FD, NULL, NULL, SOCK_CLOEXEC);
    r = connection < 0 ? -errno : receive(connection);
    if (r < 0)
        log_error("handover", "the supervisor's descriptors did not arrive: %s", strerror(-r));
    return r;
}
