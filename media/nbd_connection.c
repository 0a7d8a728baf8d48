#include "media/nbd_connection_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SEND_BUFFER (256 << 10) /* what is more has left the processor's cache when it is read */
#define MAX_TALK (64u << 10)    /* bytes of negotiation that wait to be sent */

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
    self->again = loop_timer_remove(self->again);
    self->tls = nbd_tls_destroy(self->tls);
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
    nbd_spare_drop(&self->spare);
    nbd_connection_unref(self);
}

void nbd_connection_end(struct nbd_connection *self, const char *why)
{
    if (self->fd < 0)
        return;
    self->host->ended(self->data, self, why);
    nbd_connection_close(self);
}

bool nbd_connection_over_budget(const struct nbd_connection *self)
{
    if (self->incoming)
        return false; /* its rest must come, or it would never be answered */
    return self->requests >= NBD_INFLIGHT_REQUESTS || self->bytes >= NBD_INFLIGHT_BYTES ||
           self->talk_size - self->talk_sent >= MAX_TALK;
}

/* Wants of the loop what can be done now; ends when the peer has gone and all is answered. */
void nbd_connection_settle(struct nbd_connection *self)
{
    if (self->fd < 0)
        return;
    if (self->finishing && !self->requests && !nbd_connection_unsent(self)) {
        nbd_connection_end(self, NULL);
        return;
    }
    bool listens = !self->finishing && !self->starting && !nbd_connection_over_budget(self);
    uint32_t events = (listens ? EPOLLIN : 0u) | (nbd_connection_unsent(self) ? EPOLLOUT : 0u);
    if (self->shaking)
        events = nbd_tls_events(self->tls);
    else if (listens && (self->ahead || (self->tls && nbd_tls_pending(self->tls))))
        loop_timer_arm_in(self->again, 0);
    if (events == self->events)
        return;
    self->events = events;
    if (loop_io_set_events(self->io, events) < 0)
        nbd_connection_end(self, "the event loop failed");
}

/* --- what the peer sends --- */

static void handle(struct nbd_connection *self, int event, const char *why)
{
    if (event < 0) {
        nbd_connection_end(self, why);
    } else if (event == NBD_PAYLOAD) {
        self->incoming = nbd_connection_make_request(self);
        nbd_wire_payload(&self->wire, self->incoming ? self->incoming->payload : NULL);
    } else if (event == NBD_COMMAND) {
        nbd_connection_command(self);
    } else if (event == NBD_STARTTLS) {
        self->starting = true;
    } else if (event == NBD_FINISHED) {
        self->finishing = true;
    }
}

static const char *why_it_left(const struct nbd_connection *self, const char *words)
{
    /* a kernel that detaches, or a VM that is killed, says no good-bye: nothing to report when nothing was running */
    return self->requests || self->incoming || !self->export ? words : NULL;
}

static bool can_listen(const struct nbd_connection *self)
{
    return self->fd >= 0 && !self->finishing && !self->starting && !self->shaking && !nbd_connection_over_budget(self);
}

/* Fills some of the protocol's room. As recv, but -errno. Commands are short: after the negotiation (behind which TLS
 * may begin) as many of them are taken at once as there are. */
static ssize_t receive_some(struct nbd_connection *self)
{
    size_t size;
    uint8_t *room = nbd_wire_room(&self->wire, &size);
    if (self->ahead == 0 && self->export && size < sizeof self->commands) {
        ssize_t n = nbd_link_receive(self, self->commands, sizeof self->commands);
        if (n <= 0)
            return n;
        self->ahead = (size_t)n;
        self->ahead_at = 0;
    }
    if (self->ahead == 0)
        return nbd_link_receive(self, room, size);
    size = MIN(size, self->ahead);
    memcpy(room, self->commands + self->ahead_at, size);
    self->ahead_at += size;
    self->ahead -= size;
    return (ssize_t)size;
}

static void receive(struct nbd_connection *self)
{
    self->busy = true;
    for (unsigned rounds = 0; rounds < NBD_CONNECTION_ROUNDS && can_listen(self); rounds += self->ahead == 0) {
        ssize_t n = receive_some(self);
        if (n == -EAGAIN)
            break;
        if (n <= 0) {
            nbd_connection_end(self, why_it_left(self, n < 0 ? strerrordesc_np((int)-n) : "it left in the middle"));
            break;
        }
        const char *why = NULL;
        int event = nbd_wire_filled(&self->wire, (size_t)n, &why);
        handle(self, event, why);
    }
    self->busy = false;
}

/* Whatever there is to do: bytes to send, TLS to begin, bytes to take. */
static void work(struct nbd_connection *self, bool readable)
{
    nbd_connection_flush(self);
    nbd_link_advance(self);
    if (readable)
        receive(self);
    nbd_connection_flush(self);
    nbd_link_advance(self); /* STARTTLS may just have been answered */
    nbd_connection_settle(self);
}

static void on_io(void *data, int fd, uint32_t events)
{
    struct nbd_connection *self = data;
    (void)fd;
    ref_get(&self->ref);
    if (events & (EPOLLIN | EPOLLOUT))
        work(self, events & EPOLLIN);
    else if (events & (EPOLLHUP | EPOLLERR))
        nbd_connection_end(self, why_it_left(self, "it left in the middle"));
    nbd_connection_unref(self);
}

static void on_again(void *data)
{
    struct nbd_connection *self = data;
    ref_get(&self->ref);
    work(self, true);
    nbd_connection_unref(self);
}

static void on_timer(void *data)
{
    struct nbd_connection *self = data;
    if (self->export) {
        self->resting = !nbd_spare_rest(&self->spare);
        if (self->resting)
            loop_timer_arm_in(self->timer, NBD_SPARE_REST_US);
        return;
    }
    nbd_connection_end(self, self->shaking ? "it did not finish the TLS handshake in time"
                                           : "it did not choose an export in time");
}

/* --- what the protocol asks for --- */

static void wire_send(void *data, const void *bytes, size_t size)
{
    nbd_connection_talk(data, bytes, size);
}

struct nbd_export_info nbd_export_info(const struct nbd_export *export)
{
    return (struct nbd_export_info){
        .size = export->source->size, .read_only = export->source->read_only, .description = export->description};
}

static bool wire_find(void *data, const char *name, struct nbd_export_info *ret)
{
    struct nbd_connection *self = data;
    struct nbd_export *export = self->host->find(self->data, &self->peer, name);
    if (!export)
        return false;
    *ret = nbd_export_info(export);
    return true;
}

static void wire_list(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data)
{
    struct nbd_connection *self = data;
    self->host->list(self->data, &self->peer, fn, fn_data);
}

static bool wire_chosen(void *data, const char *name)
{
    struct nbd_connection *self = data;
    struct nbd_export *export = self->host->find(self->data, &self->peer, name);
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

const struct nbd_peer *nbd_connection_peer(const struct nbd_connection *self)
{
    return &self->peer;
}

/* Each time that a local socket is full costs two threads a turn of waiting for a processor, so it shall hold much. TCP
 * finds its size itself. */
static void widen(int fd)
{
    int domain, size = SEND_BUFFER;
    socklen_t domain_size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) == 0 && domain == AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static int set_up(struct nbd_connection *self, struct loop *loop, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    self->peer = (struct nbd_peer){.pid = peer.pid, .uid = peer.uid};
    widen(fd);
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r == 0)
        r = loop_timer_add(loop, on_again, self, &self->again);
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
        loop_timer_remove(self->again);
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

int nbd_connection_create(struct loop *loop, int fd, const struct nbd_connection_host *host, void *data,
                          struct nbd_tls_context *tls, struct nbd_connection **ret)
{
    int r = make(loop, fd, host, data, ret);
    if (r < 0)
        return r;
    (*ret)->tls_context = tls;
    loop_timer_arm_in((*ret)->timer, NBD_NEGOTIATION_US);
    nbd_wire_init(&(*ret)->wire, &wire_host, *ret, tls ? NBD_TLS_REQUIRED : NBD_TLS_NEVER);
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
