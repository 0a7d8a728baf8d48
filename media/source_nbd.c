#include "media/source_nbd.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/cleanup.h"
#include "core/ref.h"
#include "core/wire.h"
#include "media/nbd_reply.h"

#define ROUNDS 32      /* receives, and sends, in one callback: others wait meanwhile */
#define SEND_PIECES 32 /* of one sendmsg */
#define CHUNK 64       /* requests made at a time */
#define TRIM_AT_ONCE (1u << 30)

struct request {
    struct request *next; /* unused, or in the queue to be sent */
    uint32_t index, serial;
    bool used, sent;
    uint8_t type; /* enum nbd_command_type */
    uint32_t length;
    uint8_t *room;        /* of a read */
    const uint8_t *bytes; /* of a write */
    source_done_fn *done;
    void *data;
    uint8_t header[NBD_REQUEST_SIZE];
};

struct nbd {
    struct source source;
    struct ref ref; /* the owner's, and one for each callback */
    struct loop_io *io;
    int fd;   /* -1: the connection has ended */
    int gone; /* what is asked then gets this */
    uint32_t events;
    const struct source_nbd_listener *listener;
    void *data;

    struct request *chunks[SOURCE_NBD_IN_FLIGHT / CHUNK];
    unsigned n_chunks;
    struct request *unused;
    struct request *first, **last; /* to be sent */
    size_t sent;                   /* bytes of the first */

    uint8_t header[NBD_REPLY_SIZE];
    size_t have_header;
    struct request *reading; /* its bytes are on their way */
    size_t have;
};

static struct nbd *nbd_of(struct source *source)
{
    return container_of(source, struct nbd, source);
}

static void unref(struct nbd *self)
{
    if (!ref_put(&self->ref))
        return;
    for (unsigned i = 0; i < self->n_chunks; i++)
        free(self->chunks[i]);
    free(self);
}

/* --- requests --- */

static int make_chunk(struct nbd *self)
{
    if (self->n_chunks == ARRAY_SIZE(self->chunks))
        return -EAGAIN;
    struct request *chunk = calloc(CHUNK, sizeof *chunk);
    if (!chunk)
        return -ENOMEM;
    for (unsigned i = CHUNK; i-- > 0;) {
        chunk[i].index = self->n_chunks * CHUNK + i;
        chunk[i].next = self->unused;
        self->unused = &chunk[i];
    }
    self->chunks[self->n_chunks++] = chunk;
    return 0;
}

static struct request *request_at(struct nbd *self, uint32_t index)
{
    return index / CHUNK < self->n_chunks ? &self->chunks[index / CHUNK][index % CHUNK] : NULL;
}

/* The request's place may be used again inside done. */
static void finish(struct nbd *self, struct request *request, int error)
{
    request->used = false;
    request->serial++; /* a second answer to it is found out */
    request->next = self->unused;
    self->unused = request;
    request->done(request->data, error);
}

/* self must be held by a reference. */
static void hang_up(struct nbd *self, int gone)
{
    self->io = loop_io_remove(self->io);
    close(take_fd(&self->fd));
    self->gone = gone;
    self->first = self->reading = NULL;
    self->last = &self->first;
    for (uint32_t i = 0; i < self->n_chunks * CHUNK; i++) {
        struct request *request = request_at(self, i);
        if (request->used)
            finish(self, request, gone);
    }
}

static void lose(struct nbd *self, const char *why)
{
    if (self->fd < 0)
        return;
    hang_up(self, -ENOTCONN);
    if (self->listener && self->listener->closed)
        self->listener->closed(self->data, why);
}

/* --- sending --- */

static size_t size_of(const struct request *request)
{
    return sizeof request->header + (request->bytes ? request->length : 0);
}

static unsigned gather(struct nbd *self, struct iovec pieces[SEND_PIECES])
{
    unsigned n = 0;
    size_t skip = self->sent;
    for (struct request *r = self->first; r && n + 2 <= SEND_PIECES; r = r->next) {
        size_t in_header = MIN(skip, sizeof r->header);
        if (in_header < sizeof r->header)
            pieces[n++] = (struct iovec){r->header + in_header, sizeof r->header - in_header};
        if (r->bytes)
            pieces[n++] = (struct iovec){(uint8_t *)r->bytes + (skip - in_header), r->length - (skip - in_header)};
        skip = 0;
    }
    return n;
}

static void account_sent(struct nbd *self, size_t n)
{
    self->sent += n;
    while (self->first && self->sent >= size_of(self->first)) {
        self->sent -= size_of(self->first);
        self->first->sent = true;
        self->first = self->first->next;
        if (!self->first)
            self->last = &self->first;
    }
}

/* The loop tells of the end soon: the listener is never called inside a request. */
static void break_off(struct nbd *self)
{
    shutdown(self->fd, SHUT_RDWR);
}

static void flush(struct nbd *self)
{
    for (unsigned i = 0; i < ROUNDS && self->fd >= 0 && self->first; i++) {
        struct iovec pieces[SEND_PIECES];
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = gather(self, pieces)};
        ssize_t n = sendmsg(self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n > 0)
            account_sent(self, (size_t)n);
        else if (errno != EINTR) {
            break_off(self);
            return;
        }
    }
}

static void settle(struct nbd *self)
{
    uint32_t events = EPOLLIN | (self->first ? EPOLLOUT : 0);
    if (self->fd < 0 || events == self->events)
        return;
    self->events = events;
    if (loop_io_set_events(self->io, events) < 0)
        break_off(self);
}

static void write_header(struct request *request, uint64_t offset)
{
    struct wire_writer w = wire_writer_init(request->header, sizeof request->header);
    wire_write_be32(&w, NBD_MAGIC_REQUEST);
    wire_write_be16(&w, 0);
    wire_write_be16(&w, request->type);
    wire_write_be64(&w, (uint64_t)request->serial << 32 | request->index);
    wire_write_be64(&w, offset);
    wire_write_be32(&w, request->length);
}

static void submit(struct source *source, uint64_t offset, struct request asked)
{
    struct nbd *self = nbd_of(source);
    int r = self->fd < 0 ? self->gone : 0;
    if (r == 0 && !self->unused)
        r = make_chunk(self);
    if (r < 0) {
        asked.done(asked.data, r);
        return;
    }
    struct request *request = self->unused;
    self->unused = request->next;
    asked.index = request->index;
    asked.serial = request->serial;
    asked.used = true;
    *request = asked;
    write_header(request, offset);
    *self->last = request;
    self->last = &request->next;
    ref_get(&self->ref);
    if (self->first == request) /* else the socket is full */
        flush(self);
    settle(self);
    unref(self);
}

static void nbd_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                     void *data)
{
    if (length > NBD_MAX_PAYLOAD)
        done(data, -EINVAL);
    else
        submit(source, offset,
               (struct request){
                   .type = NBD_CMD_READ, .length = (uint32_t)length, .room = room, .done = done, .data = data});
}

static void nbd_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                      void *data)
{
    if (length > NBD_MAX_PAYLOAD)
        done(data, -EINVAL);
    else
        submit(source, offset,
               (struct request){
                   .type = NBD_CMD_WRITE, .length = (uint32_t)length, .bytes = bytes, .done = done, .data = data});
}

static void nbd_flush(struct source *source, source_done_fn *done, void *data)
{
    submit(source, 0, (struct request){.type = NBD_CMD_FLUSH, .done = done, .data = data});
}

/* Only a hint: what is beyond a request's longest stays as it is. */
static void nbd_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    submit(
        source, offset,
        (struct request){
            .type = NBD_CMD_TRIM, .length = (uint32_t)MIN(length, (uint64_t)TRIM_AT_ONCE), .done = done, .data = data});
}

/* --- receiving --- */

static const char *reply_header(struct nbd *self)
{
    struct wire_reader r = wire_reader_init(self->header, sizeof self->header);
    uint32_t magic = wire_read_be32(&r), error = wire_read_be32(&r);
    uint64_t cookie = wire_read_be64(&r);
    self->have_header = 0;
    if (magic != NBD_MAGIC_SIMPLE_REPLY)
        return "it sent an answer without its magic";
    struct request *request = request_at(self, (uint32_t)cookie);
    if (!request || !request->used || !request->sent || request->serial != cookie >> 32)
        return "it answered what was not asked";
    if (error) {
        finish(self, request, nbd_error_to_errno(error));
    } else if (request->type == NBD_CMD_READ) {
        self->reading = request;
        self->have = 0;
    } else {
        finish(self, request, 0);
    }
    return NULL;
}

/* NULL, or why the connection must end. */
static const char *received(struct nbd *self, size_t n)
{
    if (self->reading) {
        size_t here = MIN(n, self->reading->length - self->have);
        self->have += here;
        n -= here;
        if (self->have == self->reading->length)
            finish(self, take(self->reading), 0);
    }
    if (self->fd < 0)
        return NULL; /* closed by who was answered */
    self->have_header += n;
    return self->have_header == sizeof self->header ? reply_header(self) : NULL;
}

/* The bytes of one answer and the next one's header come in one call. */
static ssize_t receive_some(struct nbd *self)
{
    struct iovec pieces[2];
    struct msghdr message = {.msg_iov = pieces};
    if (self->reading)
        pieces[message.msg_iovlen++] =
            (struct iovec){self->reading->room + self->have, self->reading->length - self->have};
    pieces[message.msg_iovlen++] =
        (struct iovec){self->header + self->have_header, sizeof self->header - self->have_header};
    return recvmsg(self->fd, &message, MSG_DONTWAIT);
}

static void receive(struct nbd *self)
{
    for (unsigned i = 0; i < ROUNDS && self->fd >= 0; i++) {
        ssize_t n = receive_some(self);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0 && errno == EINTR)
            continue;
        const char *why = n > 0 ? received(self, (size_t)n) : n < 0 ? strerrordesc_np(errno) : "it hung up";
        if (why)
            lose(self, why);
    }
}

static void on_io(void *data, int fd, uint32_t events)
{
    struct nbd *self = data;
    (void)fd;
    ref_get(&self->ref);
    if (events & EPOLLOUT)
        flush(self);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(self);
    settle(self);
    unref(self);
}

/* --- life --- */

static void nbd_close(struct source *source)
{
    struct nbd *self = nbd_of(source);
    self->listener = NULL;
    if (self->fd >= 0)
        hang_up(self, -ECANCELED);
    unref(self);
}

static const struct source_ops nbd_ops = {
    .name = "nbd",
    .read = nbd_read,
    .write = nbd_write,
    .flush = nbd_flush,
    .trim = nbd_trim,
    .close = nbd_close,
};

int source_nbd_create(struct loop *loop, int fd, uint64_t size, bool read_only,
                      const struct source_nbd_listener *listener, void *data, struct source **ret)
{
    struct nbd *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    self->source = (struct source){.ops = &nbd_ops, .size = size, .read_only = read_only};
    self->listener = listener;
    self->data = data;
    self->last = &self->first;
    self->events = EPOLLIN;
    int r = loop_io_add(loop, fd, self->events, on_io, self, &self->io);
    if (r < 0) {
        free(self);
        return r;
    }
    self->fd = fd;
    *ret = &self->source;
    return 0;
}
