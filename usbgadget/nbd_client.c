#include "usbgadget/nbd_client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nbd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/wire.h"

void nbd_client_init(struct nbd_client *self)
{
    memset(self, 0, sizeof *self);
    self->fd = -1;
    self->receiving = -1;
}

void nbd_client_open(struct nbd_client *self, int fd)
{
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    self->fd = fd;
}

void nbd_client_close(struct nbd_client *self)
{
    uint64_t cookies = self->cookies;
    if (self->fd >= 0)
        close(self->fd);
    nbd_client_init(self);
    self->cookies = cookies;
}

void nbd_client_read(struct nbd_client *self, unsigned request, uint64_t offset, uint32_t length, uint8_t *room)
{
    if (self->out_sent) {
        memmove(self->out, self->out + self->out_sent, self->out_size - self->out_sent);
        self->out_size -= self->out_sent;
        self->out_sent = 0;
    }
    self->requests[request].busy = true;
    self->requests[request].cookie = ++self->cookies;
    self->requests[request].length = length;
    self->requests[request].room = room;
    struct wire_writer w = wire_writer_init(self->out + self->out_size, sizeof self->out - self->out_size);
    wire_write_be32(&w, NBD_REQUEST_MAGIC);
    wire_write_be32(&w, NBD_CMD_READ);
    wire_write_be64(&w, self->cookies);
    wire_write_be64(&w, offset);
    wire_write_be32(&w, length);
    self->out_size += wire_written(&w);
}

bool nbd_client_wants_to_send(const struct nbd_client *self)
{
    return self->out_sent < self->out_size;
}

static int send_requests(struct nbd_client *self)
{
    while (nbd_client_wants_to_send(self)) {
        ssize_t n = send(self->fd, self->out + self->out_sent, self->out_size - self->out_sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        self->out_sent += (size_t)n;
    }
    self->out_size = self->out_sent = 0;
    return 0;
}

static void end_request(struct nbd_client *self, unsigned request, int error, nbd_client_done_fn *done, void *data)
{
    self->requests[request].busy = false;
    self->receiving = -1;
    self->have = 0;
    done(data, request, error);
}

/* The header is complete. */
static int take_reply(struct nbd_client *self, nbd_client_done_fn *done, void *data)
{
    struct wire_reader r = wire_reader_init(self->header, sizeof self->header);
    uint32_t magic = wire_read_be32(&r), error = wire_read_be32(&r);
    uint64_t cookie = wire_read_be64(&r);
    if (magic != NBD_REPLY_MAGIC)
        return -EPROTO;
    for (unsigned i = 0; i < NBD_CLIENT_REQUESTS; i++) {
        if (!self->requests[i].busy || self->requests[i].cookie != cookie)
            continue;
        self->have = 0;
        if (error)
            end_request(self, i, -EIO, done, data);
        else
            self->receiving = (int)i;
        return 0;
    }
    return -EPROTO;
}

/* 1: something came, there may be more; 0: nothing now. */
static int receive(struct nbd_client *self, nbd_client_done_fn *done, void *data)
{
    bool payload = self->receiving >= 0;
    uint8_t *room = payload ? self->requests[self->receiving].room : self->header;
    size_t wanted = payload ? self->requests[self->receiving].length : sizeof self->header;
    ssize_t n = recv(self->fd, room + self->have, wanted - self->have, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ECONNRESET;
    self->have += (size_t)n;
    if (self->have < wanted)
        return 1;
    if (payload) {
        end_request(self, (unsigned)self->receiving, 0, done, data);
        return 1;
    }
    int r = take_reply(self, done, data);
    return r < 0 ? r : 1;
}

int nbd_client_run(struct nbd_client *self, nbd_client_done_fn *done, void *data, bool *moved)
{
    int r = send_requests(self);
    if (r < 0)
        return r;
    while ((r = receive(self, done, data)) > 0)
        *moved = true;
    return r;
}
