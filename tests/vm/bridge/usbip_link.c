#include "tests/vm/bridge/usbip_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define WAITING_MAX (8U << 20)
#define IN_MAX (USBIP_HEADER_SIZE + USBIP_DATA_MAX)

enum stage { CONNECTING, IMPORTING, DEVICE, RUNNING };

struct usbip_link {
    const struct usbip_link_owner *owner;
    void *data;
    const char *bus_id;
    struct loop_io *io;
    int fd;
    enum stage stage;
    uint8_t *in; /* IN_MAX */
    size_t in_size;
    uint8_t *out; /* WAITING_MAX */
    size_t out_at, out_size;
};

static int connect_loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        return -errno;
    return take_fd(&fd);
}

static void update_events(struct usbip_link *self)
{
    bool want_out = self->stage == CONNECTING || self->out_size > self->out_at;
    (void)loop_io_set_events(self->io, EPOLLIN | (want_out ? (uint32_t)EPOLLOUT : 0));
}

/* False: the connection is over. */
static bool flush(struct usbip_link *self)
{
    while (self->out_at < self->out_size) {
        ssize_t n = send(self->fd, self->out + self->out_at, self->out_size - self->out_at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0)
            break;
        self->out_at += (size_t)n;
    }
    if (self->out_at == self->out_size)
        self->out_at = self->out_size = 0;
    update_events(self);
    return true;
}

/* Room for n bytes that will be sent, or NULL. */
static uint8_t *out_room(struct usbip_link *self, size_t n)
{
    if (self->out_size + n > WAITING_MAX && self->out_at > 0) {
        memmove(self->out, self->out + self->out_at, self->out_size - self->out_at);
        self->out_size -= self->out_at;
        self->out_at = 0;
    }
    if (self->out_size + n > WAITING_MAX)
        return NULL;
    self->out_size += n;
    return self->out + self->out_size - n;
}

/* Bytes of `in` that make one message at this stage, 0: more must come, -EBADMSG. */
static ssize_t take_message(struct usbip_link *self)
{
    struct wire_reader r = wire_reader_init(self->in, self->in_size);
    if (self->stage == IMPORTING) {
        if (self->in_size < USBIP_IMPORT_REPLY_SIZE)
            return 0;
        int refused = usbip_read_import_reply(&r);
        if (refused != 0)
            return refused < 0 ? refused : -ECONNREFUSED;
        self->stage = DEVICE;
        return USBIP_IMPORT_REPLY_SIZE;
    }
    if (self->stage == DEVICE) {
        struct usbip_device device;
        if (self->in_size < USBIP_IMPORT_DEVICE_SIZE)
            return 0;
        if (usbip_read_import_device(&r, &device) < 0)
            return -EBADMSG;
        self->stage = RUNNING;
        self->owner->imported(self->data, &device);
        return USBIP_IMPORT_DEVICE_SIZE;
    }
    struct usbip_reply reply;
    if (self->in_size < USBIP_HEADER_SIZE)
        return 0;
    if (usbip_read_reply(&r, &reply) < 0)
        return -EBADMSG;
    size_t size = 0;
    if (!reply.unlinked && self->owner->has_data(self->data, reply.sequence))
        size = reply.length;
    if (size > USBIP_DATA_MAX)
        return -EBADMSG;
    if (self->in_size < USBIP_HEADER_SIZE + size)
        return 0;
    self->owner->reply(self->data, &reply, self->in + USBIP_HEADER_SIZE);
    return (ssize_t)(USBIP_HEADER_SIZE + size);
}

/* NULL: go on; else why the connection is over. */
static const char *take_messages(struct usbip_link *self)
{
    for (;;) {
        ssize_t n = take_message(self);
        if (n == 0)
            return NULL;
        if (n == -ECONNREFUSED)
            return "the device cannot be had";
        if (n < 0)
            return "the other side does not speak USB/IP";
        self->in_size -= (size_t)n;
        memmove(self->in, self->in + n, self->in_size);
    }
}

static const char *serve(struct usbip_link *self, uint32_t events)
{
    if (self->stage == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        (void)getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0 || events & EPOLLHUP)
            return "nobody listens";
        struct wire_writer w = wire_writer_init(out_room(self, USBIP_IMPORT_SIZE), USBIP_IMPORT_SIZE);
        usbip_write_import(&w, self->bus_id);
        self->stage = IMPORTING;
    }
    if (!flush(self))
        return "the connection broke";
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return NULL;
    ssize_t n = recv(self->fd, self->in + self->in_size, IN_MAX - self->in_size, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return NULL;
    if (n <= 0)
        return "the other side closed";
    self->in_size += (size_t)n;
    return take_messages(self);
}

static void ready(void *data, attr_unused int fd, uint32_t events)
{
    struct usbip_link *self = data;
    const char *why = serve(self, events);
    if (why)
        self->owner->closed(self->data, why);
}

int usbip_link_create(struct loop *loop, uint16_t port, const char *bus_id, const struct usbip_link_owner *owner,
                      void *data, struct usbip_link **ret)
{
    int fd = connect_loopback(port);
    if (fd < 0)
        return fd;
    struct usbip_link *self = calloc(1, sizeof *self);
    if (!self) {
        close(fd);
        return -ENOMEM;
    }
    *self = (struct usbip_link){.owner = owner, .data = data, .bus_id = bus_id, .fd = fd};
    self->in = malloc(IN_MAX);
    self->out = malloc(WAITING_MAX);
    int r = self->in && self->out ? loop_io_add(loop, fd, EPOLLIN | EPOLLOUT, ready, self, &self->io) : -ENOMEM;
    if (r < 0) {
        usbip_link_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct usbip_link *usbip_link_destroy(struct usbip_link *self)
{
    if (!self)
        return NULL;
    loop_io_remove(self->io);
    close(self->fd);
    free(self->in);
    free(self->out);
    free(self);
    return NULL;
}

int usbip_link_submit(struct usbip_link *self, const struct usbip_submit *submit, const uint8_t *bytes)
{
    size_t data = submit->endpoint & 0x80 ? 0 : submit->length;
    uint8_t *room = data <= USBIP_DATA_MAX ? out_room(self, USBIP_HEADER_SIZE + data) : NULL;
    if (!room)
        return -ENOBUFS;
    struct wire_writer w = wire_writer_init(room, USBIP_HEADER_SIZE + data);
    usbip_write_submit(&w, submit);
    wire_write_bytes(&w, bytes, data);
    (void)flush(self); /* a broken connection shows itself to the loop */
    return 0;
}

int usbip_link_unlink(struct usbip_link *self, uint32_t sequence, uint32_t device, uint32_t which)
{
    uint8_t *room = out_room(self, USBIP_HEADER_SIZE);
    if (!room)
        return -ENOBUFS;
    struct wire_writer w = wire_writer_init(room, USBIP_HEADER_SIZE);
    usbip_write_unlink(&w, sequence, device, which);
    (void)flush(self);
    return 0;
}

size_t usbip_link_waiting(const struct usbip_link *self)
{
    return self->out_size - self->out_at;
}
