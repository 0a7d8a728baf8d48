/* The bytes below the protocol: a socket in the clear, or TLS on it. */
#include <errno.h>
#include <sys/socket.h>

#include "media/nbd_connection_internal.h"

ssize_t nbd_link_receive(struct nbd_connection *self, void *room, size_t size)
{
    if (self->tls)
        return nbd_tls_receive(self->tls, room, size);
    ssize_t n = recv(self->fd, room, size, MSG_DONTWAIT);
    return n >= 0 ? n : errno == EINTR ? -EAGAIN : -errno;
}

ssize_t nbd_link_send(struct nbd_connection *self, const struct iovec *pieces, unsigned n)
{
    if (self->tls)
        return nbd_tls_send(self->tls, pieces, n);
    struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = n};
    ssize_t sent = sendmsg(self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent >= 0 ? sent : errno == EINTR ? -EAGAIN : -errno;
}

bool nbd_link_unsent(const struct nbd_connection *self)
{
    return self->tls && nbd_tls_unsent(self->tls);
}

void nbd_link_advance(struct nbd_connection *self)
{
    if (self->fd < 0 || !(self->starting || self->shaking))
        return;
    if (self->starting) {
        if (nbd_connection_unsent(self))
            return; /* the answer to STARTTLS goes in the clear */
        self->starting = false;
        if (nbd_tls_create(self->tls_context, self->fd, &self->tls) < 0) {
            nbd_connection_end(self, "memory is short");
            return;
        }
        self->shaking = true;
    }
    int r = nbd_tls_handshake(self->tls);
    if (r < 0) {
        nbd_connection_end(self, nbd_tls_why(self->tls));
    } else if (r == 0) {
        self->shaking = false;
        self->peer.identity = nbd_tls_identity(self->tls);
    }
}
