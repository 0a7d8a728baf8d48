#include "media/outward/nbd_link.h"

#include <errno.h>
#include <fcntl.h>
#include <libnbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "core/cleanup.h"
#include "core/ref.h"
#include "core/text.h"

struct nbd_link {
    struct ref ref; /* the owner's, and one for each callback of the loop's */
    struct nbd_handle *nbd;
    const struct nbd_link_owner *owner;
    void *data;
    int fd; /* ours, of the same socket: libnbd closes its own when it likes */
    int key_fd;
    struct loop_io *io;
    struct loop_timer *timer; /* handshake; then the answer that is due */
    uint64_t stall_us;
    unsigned under_way;
    bool ready, closing;
    struct nbd_call *ended, **ended_end;
};

static void unref(struct nbd_link *self)
{
    if (ref_put(&self->ref))
        free(self);
}

struct nbd_link *nbd_link_destroy(struct nbd_link *self)
{
    if (!self || self->closing)
        return NULL;
    self->closing = true;
    self->io = loop_io_remove(self->io);
    self->timer = loop_timer_remove(self->timer);
    nbd_close(self->nbd);
    self->nbd = NULL;
    if (self->fd >= 0)
        close(take_fd(&self->fd));
    if (self->key_fd >= 0)
        close(take_fd(&self->key_fd));
    unref(self);
    return NULL;
}

static uint32_t wanted_events(struct nbd_link *self)
{
    unsigned direction = nbd_aio_get_direction(self->nbd);
    return (direction & LIBNBD_AIO_DIRECTION_READ ? EPOLLIN : 0u) |
           (direction & LIBNBD_AIO_DIRECTION_WRITE ? EPOLLOUT : 0u);
}

static int error_of_libnbd(void)
{
    switch (nbd_get_errno()) {
    case ENOENT:
        return -ENOENT;
    case EPERM:
    case EACCES:
    case EKEYREJECTED:
        return -EACCES;
    case EPROTO:
    case EINVAL:
        return -EPROTO;
    case ENOTSUP:
        return -ENOTSUP;
    default:
        return -ECONNRESET;
    }
}

static void lose(struct nbd_link *self, int error, const char *text)
{
    char why[256];
    if (self->closing)
        return;
    text = text ? text : nbd_get_error();
    snprintf(why, sizeof why, "%.250s.", text ? text : "The connection to the NBD server ended");
    self->owner->lost(self->data, error, why);
}

/* 1 retires the command at once. No call of libnbd's is allowed here. */
static int on_completed(void *data, int *error)
{
    struct nbd_call *call = data;
    struct nbd_link *self = call->link;
    if (!self || self->closing)
        return 1;
    self->under_way--;
    call->error = *error == 0 ? 0 : *error == ENOTCONN || *error == ESHUTDOWN ? -ECONNRESET : -*error;
    call->next = NULL;
    *self->ended_end = call;
    self->ended_end = &call->next;
    return 1;
}

static void tell_ended(struct nbd_link *self)
{
    while (self->ended && !self->closing) {
        struct nbd_call *call = self->ended;
        self->ended = call->next;
        if (!self->ended)
            self->ended_end = &self->ended;
        call->link = NULL;
        self->owner->done(self->data, call, call->error);
    }
}

static void become_ready(struct nbd_link *self)
{
    int64_t size = nbd_get_size(self->nbd);
    int read_only = nbd_is_read_only(self->nbd);
    self->ready = true;
    loop_timer_disarm(self->timer);
    if (size <= 0 || read_only < 0)
        lose(self, -ENOTSUP, "The export is empty, or of unknown size");
    else
        self->owner->ready(self->data, (uint64_t)size, read_only != 0);
}

/* After each call into libnbd from the loop. */
static void settle(struct nbd_link *self)
{
    tell_ended(self);
    if (self->closing)
        return;
    if (nbd_aio_is_dead(self->nbd) || nbd_aio_is_closed(self->nbd)) {
        lose(self, self->ready ? -ECONNRESET : error_of_libnbd(),
             self->ready ? "The connection to the NBD server broke" : NULL);
        return;
    }
    if (!self->ready && nbd_aio_is_ready(self->nbd))
        become_ready(self);
    if (self->closing)
        return;
    loop_io_set_events(self->io, wanted_events(self));
    if (self->ready && self->under_way)
        loop_timer_arm_in(self->timer, self->stall_us);
    else if (self->ready)
        loop_timer_disarm(self->timer);
}

static void on_socket(void *data, int fd, uint32_t events)
{
    struct nbd_link *self = data;
    unsigned direction = nbd_aio_get_direction(self->nbd);
    (void)fd;
    ref_get(&self->ref);
    /* the end of a connection is what a read or a write then says */
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) && (direction & LIBNBD_AIO_DIRECTION_READ))
        nbd_aio_notify_read(self->nbd);
    else if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) && (direction & LIBNBD_AIO_DIRECTION_WRITE))
        nbd_aio_notify_write(self->nbd);
    settle(self);
    unref(self);
}

static void on_timer(void *data)
{
    struct nbd_link *self = data;
    ref_get(&self->ref);
    if (self->ended || nbd_aio_is_dead(self->nbd))
        settle(self);
    else
        lose(self, -ETIMEDOUT, "The NBD server does not answer");
    unref(self);
}

/* libnbd takes keys from a file, "user:key" a line; this one has no name. */
static int make_key_file(struct nbd_link *self, const char *user, const char *key)
{
    char line[1024], path[64];
    int n = snprintf(line, sizeof line, "%s:%s\n", user, key);
    if (n < 0 || (size_t)n >= sizeof line || strpbrk(user, ":\n") || key[strspn(key, "0123456789abcdefABCDEF")])
        return -EINVAL;
    self->key_fd = memfd_create("psk", MFD_CLOEXEC);
    int r = self->key_fd < 0 ? -errno : write(self->key_fd, line, (size_t)n) == n ? 0 : -EIO;
    explicit_bzero(line, sizeof line);
    snprintf(path, sizeof path, "/proc/self/fd/%d", self->key_fd);
    if (r == 0 && (nbd_set_tls_psk_file(self->nbd, path) < 0 || nbd_set_tls_username(self->nbd, user) < 0))
        r = -EIO;
    return r;
}

static int configure(struct nbd_link *self, const struct nbd_url *url, const char *user, const char *key)
{
    if (nbd_set_export_name(self->nbd, url->export) < 0 ||
        nbd_set_tls(self->nbd, key ? LIBNBD_TLS_REQUIRE : LIBNBD_TLS_DISABLE) < 0 ||
        /* simple replies: an answer is all of the bytes, never a part of them */
        nbd_set_request_structured_replies(self->nbd, false) < 0)
        return -EIO;
    return key ? make_key_file(self, user, key) : 0;
}

int nbd_link_create(struct loop *loop, int fd, const struct nbd_url *url, const char *user, const char *key,
                    unsigned stall_s, const struct nbd_link_owner *owner, void *data, struct nbd_link **ret)
{
    struct nbd_link *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct nbd_link){
        .owner = owner, .data = data, .fd = -1, .key_fd = -1, .nbd = nbd_create(), .stall_us = stall_s * 1000000ull};
    self->ended_end = &self->ended;
    ref_init(&self->ref);
    int r = self->nbd ? configure(self, url, user, key) : -ENOMEM;
    r = r ? r : loop_timer_add(loop, on_timer, self, &self->timer);
    _cleanup_close_ int watched = r == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
    if (r == 0 && watched < 0)
        r = -errno;
    r = r ? r : loop_io_add(loop, watched, EPOLLIN | EPOLLOUT, on_socket, self, &self->io);
    if (r == 0)
        self->fd = take_fd(&watched);
    /* closes fd whatever comes of it */
    if (r == 0 && nbd_aio_connect_socket(self->nbd, fd) < 0)
        r = 0; /* on_socket finds it dead */
    if (r < 0) {
        nbd_link_destroy(self);
        return r;
    }
    loop_timer_arm_in(self->timer, self->stall_us);
    *ret = self;
    return 0;
}

int nbd_link_begin(struct nbd_link *self, struct nbd_call *call, enum nbd_link_action action, uint64_t offset,
                   void *room, size_t length)
{
    nbd_completion_callback completed = {.callback = on_completed, .user_data = call};
    int64_t r = -1;
    call->link = self;
    self->under_way++;
    switch (action) {
    case NBD_LINK_READ:
        r = nbd_aio_pread(self->nbd, room, length, offset, completed, 0);
        break;
    case NBD_LINK_WRITE:
        r = nbd_aio_pwrite(self->nbd, room, length, offset, completed, 0);
        break;
    case NBD_LINK_FLUSH:
        r = nbd_aio_flush(self->nbd, completed, 0);
        break;
    case NBD_LINK_TRIM:
        r = nbd_aio_trim(self->nbd, length, offset, completed, 0);
        break;
    }
    if (r < 0) {
        self->under_way--;
        call->link = NULL;
        return -(nbd_get_errno() ? nbd_get_errno() : EIO);
    }
    loop_io_set_events(self->io, wanted_events(self));
    /* what went wrong in it is told from the loop */
    loop_timer_arm_in(self->timer, self->ended || nbd_aio_is_dead(self->nbd) ? 0 : self->stall_us);
    return 0;
}
