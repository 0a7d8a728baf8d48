/* The socket's side of a channel: one datagram out, one datagram in. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/ipc_internal.h"

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * IPC_MAX_FDS)];
};

static int send_datagram(int fd, const uint8_t *bytes, size_t size, const int *fds, unsigned n_fds)
{
    union control control;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

    if (n_fds > 0) {
        memset(&control, 0, sizeof(control));
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
    }
    ssize_t n;
    do
        n = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int ipc_flush(struct ipc *self)
{
    while (self->unsent.first) {
        struct ipc_held *held = self->unsent.first;
        int r = send_datagram(self->fd, held->bytes, held->size, held->fds, held->n_fds);
        if (r < 0)
            return r == -EAGAIN ? 0 : r;
        ipc_queue_take(&self->unsent);
        ipc_close_fds(held->fds, held->n_fds);
        ipc_held_free(held);
    }
    return 0;
}

/* Descriptors go into fds, at most IPC_MAX_FDS, all others of the message are closed by the kernel (MSG_CTRUNC). */
static unsigned take_fds(struct msghdr *header, int fds[IPC_MAX_FDS])
{
    unsigned n = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (n < IPC_MAX_FDS)
                fds[n++] = fd;
            else
                close(fd);
        }
    }
    return n;
}

int ipc_receive(struct ipc *self, uint8_t room[IPC_DATAGRAM], struct ipc_message *message)
{
    union control control;
    struct iovec part = {.iov_base = room, .iov_len = IPC_DATAGRAM};
    struct msghdr header;
    ssize_t n;

    if (self->error)
        return 1;
    do {
        header = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
        header.msg_control = control.bytes;
        header.msg_controllen = sizeof(control.bytes);
        n = recvmsg(self->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        /* A reset is told before the datagrams that wait, and once: note it and read on. */
        if (n < 0 && errno == ECONNRESET && !self->was_reset) {
            self->was_reset = true;
            errno = EINTR;
        }
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        if (errno == EAGAIN)
            return -EAGAIN;
        self->error = -errno;
        return 1;
    }

    int fds[IPC_MAX_FDS];
    unsigned n_fds = take_fds(&header, fds);
    if (n == 0 && n_fds == 0) {
        self->error = self->was_reset ? -ECONNRESET : 1;
        return 1;
    }
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || ipc_parse(room, (size_t)n, message) < 0 ||
        message->n_fds != n_fds) {
        ipc_close_fds(fds, n_fds);
        self->error = -EPROTO;
        return 1;
    }
    memcpy(message->fds, fds, sizeof(int) * n_fds);
    return 0;
}
