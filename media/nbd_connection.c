#include "media/nbd_connection_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define ROUNDS 16            /* reads, and writes, in one callback: others wait meanwhile */
#define MAX_TALK (64u << 10) /* bytes of negotiation that wait to be sent */
#define SEND_PIECES 16

void nbd_connection_unref(struct nbd_connection *self)
{
    if (ref_put(&self->ref))
        free(self);
}

void nbd_connection_close(struct nbd_connection *self)
{
    if (self->fd < 0)
        return;
    self->io = loop_io_remove(self->io);
    self->timer = loop_timer_remove(self->timer);
    close(take_fd(&self->fd));
    self->export = NULL;
    free(take(self->talk));
    free(take(self->incoming));
    while (self->first) {
        struct nbd_request *request = self->first;
        self->first = request->next;
        free(request);
    }
    self->last = &self->first;
    nbd_connection_unref(self);
}

static void end(struct nbd_connection *self, const char *why)
{
    if (self->fd < 0)
        return;
    self->host->ended(self->data, self, why);
    nbd_connection_close(self);
}

static bool unsent(const struct nbd_connection *self)
{
    return self->talk_sent < self->talk_size || self->first;
}

static bool over_budget(const struct nbd_connection *self)
{
    return self->requests >= NBD_INFLIGHT_REQUESTS || self->bytes >= NBD_INFLIGHT_BYTES ||
           self->talk_size - self->talk_sent >= MAX_TALK;
}

/* Wants of the loop what can be done now; ends when the peer has gone and all is answered. */
void nbd_connection_settle(struct nbd_connection *self)
{
    if (self->fd < 0)
        return;
    if (self->finishing && !self->requests && !unsent(self)) {
        end(self, NULL);
        return;
    }
    uint32_t events = 0;
    if (!self->finishing && !over_budget(self))
        events |= EPOLLIN;
    if (unsent(self))
        events |= EPOLLOUT;
    if (events == self->events)
        return;
    self->events = events;
    if (loop_io_set_events(self->io, events) < 0)
        end(self, "the event loop failed");
}

/* --- answers --- */

static unsigned gather(struct nbd_connection *self, struct iovec pieces[SEND_PIECES])
{
    unsigned n = 0;
    if (self->talk_sent < self->talk_size)
        pieces[n++] = (struct iovec){self->talk + self->talk_sent, self->talk_size - self->talk_sent};
    size_t skip = self->sent;
    for (struct nbd_request *r = self->first; r && n + 2 <= SEND_PIECES; r = r->next) {
        size_t in_header = MIN(skip, sizeof r->header);
        if (in_header < sizeof r->header)
            pieces[n++] = (struct iovec){r->header + in_header, sizeof r->header - in_header};
        if (r->payload_size)
            pieces[n++] = (struct iovec){r->payload + (skip - in_header), r->payload_size - (skip - in_header)};
        skip = 0;
    }
    return n;
}

void nbd_connection_finish_request(struct nbd_connection *self, struct nbd_request *request)
{
    self->requests--;
    self->bytes -= request->charged;
    free(request);
}

static void account_sent(struct nbd_connection *self, size_t n)
{
    size_t talk = MIN(n, self->talk_size - self->talk_sent);
    self->talk_sent += talk;
    if (self->talk_sent == self->talk_size) {
        free(take(self->talk));
        self->talk_size = self->talk_sent = 0;
    }
    self->sent += n - talk;
    while (self->first && self->sent >= sizeof self->first->header + self->first->payload_size) {
        struct nbd_request *done = self->first;
        self->sent -= sizeof done->header + done->payload_size;
        self->first = done->next;
        if (!self->first)
            self->last = &self->first;
        nbd_connection_finish_request(self, done);
    }
}

void nbd_connection_flush(struct nbd_connection *self)
{
    for (unsigned i = 0; i < ROUNDS && self->fd >= 0 && unsent(self); i++) {
        struct iovec pieces[SEND_PIECES];
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = gather(self, pieces)};
        ssize_t n = sendmsg(self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0 && errno != EINTR)
            end(self, self->finishing ? NULL : "it closed before it had its answers");
        else if (n > 0)
            account_sent(self, (size_t)n);
    }
}

void nbd_connection_answer(struct nbd_connection *self, struct nbd_request *request, enum nbd_error error)
{
    struct nbd_export_stats *stats = &self->export->stats;
    stats->requests++;
    stats->errors += error != NBD_OK;
    if (error == NBD_OK && request->command.type == NBD_CMD_READ) {
        request->payload_size = request->command.length;
        stats->bytes_read += request->command.length;
    }
    if (error == NBD_OK && request->command.type == NBD_CMD_WRITE)
        stats->bytes_written += request->command.length;
    nbd_reply_write(request->header, request->command.cookie, error);
    request->next = NULL;
    *self->last = request;
    self->last = &request->next;
}

/* --- commands --- */

void nbd_connection_served(void *data, int error)
{
    struct nbd_request *request = data;
    struct nbd_connection *self = request->connection;
    if (self->fd < 0) {
        free(request);
    } else if (error == 0 && request->command.fua && request->command.type != NBD_CMD_READ) {
        request->command.fua = false;
        source_flush(self->export->source, nbd_connection_served, request);
        return; /* with its reference */
    } else {
        nbd_connection_answer(self, request, nbd_error_from_errno(error));
        nbd_connection_flush(self);
        nbd_connection_settle(self);
    }
    nbd_connection_unref(self);
}

static void serve(struct nbd_connection *self, struct nbd_request *request)
{
    const struct nbd_command *c = &request->command;
    struct source *source = self->export->source;
    if (c->error != NBD_OK) {
        nbd_connection_answer(self, request, c->error);
        return;
    }
    ref_get(&self->ref);
    switch (c->type) {
    case NBD_CMD_READ:
        nbd_connection_read(self, request);
        return;
    case NBD_CMD_WRITE:
        source_write(source, c->offset, request->payload, c->length, nbd_connection_served, request);
        return;
    case NBD_CMD_TRIM:
        source_trim(source, c->offset, c->length, nbd_connection_served, request);
        return;
    case NBD_CMD_FLUSH:
        source_flush(source, nbd_connection_served, request);
        return;
    case NBD_CMD_DISC:
        break;
    }
    nbd_connection_served(request, -EINVAL);
}

/* Room for the bytes of a read or a write, charged to the connection until its answer has left. */
static struct nbd_request *make_request(struct nbd_connection *self)
{
    const struct nbd_command *c = &self->wire.command;
    bool moves_bytes = c->type == NBD_CMD_READ || c->type == NBD_CMD_WRITE;
    size_t room = c->error == NBD_OK && moves_bytes ? c->length : 0;
    struct nbd_request *request = malloc(sizeof *request + room);
    if (!request)
        return NULL;
    *request = (struct nbd_request){.connection = self, .charged = room};
    self->requests++;
    self->bytes += room;
    return request;
}

static void command(struct nbd_connection *self)
{
    struct nbd_request *request = self->incoming ? take(self->incoming) : make_request(self);
    if (!request) {
        end(self, "memory is short");
        return;
    }
    request->command = self->wire.command;
    serve(self, request);
}

/* --- what the peer sends --- */

static void handle(struct nbd_connection *self, int event, const char *why)
{
    if (event < 0) {
        end(self, why);
    } else if (event == NBD_PAYLOAD) {
        self->incoming = make_request(self);
        nbd_wire_payload(&self->wire, self->incoming ? self->incoming->payload : NULL);
    } else if (event == NBD_COMMAND) {
        command(self);
    } else if (event == NBD_FINISHED) {
        self->finishing = true;
    }
}

static const char *why_it_left(const struct nbd_connection *self, const char *words)
{
    /* a kernel that detaches, or a VM that is killed, says no good-bye: nothing to report when nothing was running */
    return self->requests || self->incoming || !self->export ? words : NULL;
}

static void receive(struct nbd_connection *self)
{
    for (unsigned i = 0; i < ROUNDS && self->fd >= 0 && !self->finishing && !over_budget(self); i++) {
        size_t size;
        uint8_t *room = nbd_wire_room(&self->wire, &size);
        ssize_t n = recv(self->fd, room, size, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            end(self, why_it_left(self, n < 0 ? strerrordesc_np(errno) : "it left in the middle"));
            return;
        }
        const char *why = NULL;
        int event = nbd_wire_filled(&self->wire, (size_t)n, &why);
        handle(self, event, why);
    }
}

static void on_io(void *data, int fd, uint32_t events)
{
    struct nbd_connection *self = data;
    (void)fd;
    ref_get(&self->ref);
    if (events & EPOLLOUT)
        nbd_connection_flush(self);
    if (events & EPOLLIN)
        receive(self);
    else if (events & (EPOLLHUP | EPOLLERR))
        end(self, why_it_left(self, "it left in the middle"));
    nbd_connection_flush(self);
    nbd_connection_settle(self);
    nbd_connection_unref(self);
}

static void on_timer(void *data)
{
    struct nbd_connection *self = data;
    end(self, "it did not choose an export in time");
}

/* --- what the protocol asks for --- */

static void wire_send(void *data, const void *bytes, size_t size)
{
    struct nbd_connection *self = data;
    uint8_t *talk = realloc(self->talk, self->talk_size + size);
    if (!talk) {
        self->finishing = true; /* it would wait for this answer for ever */
        return;
    }
    memcpy(talk + self->talk_size, bytes, size);
    self->talk = talk;
    self->talk_size += size;
}

struct nbd_export_info nbd_export_info(const struct nbd_export *export)
{
    return (struct nbd_export_info){.size = export->source->size, .read_only = export->source->read_only};
}

static bool wire_find(void *data, const char *name, struct nbd_export_info *ret)
{
    struct nbd_connection *self = data;
    struct nbd_export *export = self->host->find(self->data, self->pid, self->uid, name);
    if (!export)
        return false;
    *ret = nbd_export_info(export);
    return true;
}

static void wire_list(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data)
{
    struct nbd_connection *self = data;
    self->host->list(self->data, self->pid, self->uid, fn, fn_data);
}

static bool wire_chosen(void *data, const char *name)
{
    struct nbd_connection *self = data;
    struct nbd_export *export = self->host->find(self->data, self->pid, self->uid, name);
    if (!export || !self->host->chosen(self->data, self, export))
        return false;
    self->export = export;
    loop_timer_disarm(self->timer);
    return true;
}

static const struct nbd_wire_host wire_host = {
    .send = wire_send,
    .find = wire_find,
    .list = wire_list,
    .chosen = wire_chosen,
};

struct nbd_export *nbd_connection_export(const struct nbd_connection *self)
{
    return self->export;
}

pid_t nbd_connection_pid(const struct nbd_connection *self)
{
    return self->pid;
}

static int set_up(struct nbd_connection *self, struct loop *loop, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    self->pid = peer.pid;
    self->uid = peer.uid;
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0)
        return r;
    self->events = EPOLLIN | EPOLLOUT; /* the greeting, if there is one, wants to go out */
    return loop_io_add(loop, fd, self->events, on_io, self, &self->io);
}

static int make(struct loop *loop, int fd, const struct nbd_connection_host *host, void *data,
                struct nbd_connection **ret)
{
    struct nbd_connection *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    self->fd = fd;
    self->host = host;
    self->data = data;
    self->last = &self->first;
    int r = set_up(self, loop, fd);
    if (r < 0) {
        loop_timer_remove(self->timer);
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

int nbd_connection_create(struct loop *loop, int fd, const struct nbd_connection_host *host, void *data,
                          struct nbd_connection **ret)
{
    int r = make(loop, fd, host, data, ret);
    if (r < 0)
        return r;
    loop_timer_arm_in((*ret)->timer, NBD_NEGOTIATION_US);
    nbd_wire_init(&(*ret)->wire, &wire_host, *ret);
    return 0;
}

int nbd_connection_create_chosen(struct loop *loop, int fd, const struct nbd_connection_host *host, void *data,
                                 struct nbd_export *export, struct nbd_connection **ret)
{
    int r = make(loop, fd, host, data, ret);
    if (r < 0)
        return r;
    struct nbd_export_info info = nbd_export_info(export);
    if (info.read_only) /* a block device would otherwise lose what is behind its last whole block */
        info.size = (info.size + NBD_DEVICE_BLOCK - 1) / NBD_DEVICE_BLOCK * NBD_DEVICE_BLOCK;
    nbd_wire_init_chosen(&(*ret)->wire, &wire_host, *ret, &info);
    (*ret)->export = export;
    (*ret)->kernel = true;
    return 0;
}
