#include "media/outward/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/cleanup.h"
#include "core/text.h"

#define ADDRESS_US 5000000 /* an address that does not answer by then is left for the next */

struct dial {
    struct loop *loop;
    const struct remote_settings *settings;
    dial_done_fn *done; /* NULL: cancelled */
    void *data;
    char host[256], port[8];
    int resolved; /* EAI_* */
    struct addrinfo *addresses, *next;
    int fd;
    struct loop_io *io;
    struct loop_timer *timer;
    bool resolving;
    int error;
    char why[256];
};

static void free_dial(struct dial *self)
{
    loop_io_remove(self->io);
    loop_timer_remove(self->timer);
    if (self->fd >= 0)
        close(self->fd);
    if (self->addresses)
        freeaddrinfo(self->addresses);
    free(self);
}

static void finish(struct dial *self, int error)
{
    dial_done_fn *done = self->done;
    void *data = self->data;
    char why[sizeof self->why];
    int fd = error < 0 ? -1 : take_fd(&self->fd);
    text_copy(why, sizeof why, self->why);
    self->io = loop_io_remove(self->io);
    free_dial(self);
    done(data, error, why, fd);
}

static bool may_connect(struct dial *self, const struct sockaddr *address)
{
    const char *why = address_policy_check(&self->settings->policy, address);
    char text[ADDRESS_TEXT];
    if (!why)
        return true;
    address_text(address, text);
    self->error = -EPERM;
    snprintf(self->why, sizeof self->why, "%s %s; outward-allow of the configuration can allow it.", text, why);
    return false;
}

static void fail_address(struct dial *self, int error)
{
    self->error = error == -ETIMEDOUT ? -ETIMEDOUT : -ECONNRESET;
    snprintf(self->why, sizeof self->why, "%.200s port %s: %s.", self->host, self->port, strerror(-error));
}

static void try_next(struct dial *self);

static void on_connected(void *data, int fd, uint32_t events)
{
    struct dial *self = data;
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer, error_size = sizeof(int);
    int error = 0, one = 1;
    (void)events;
    self->io = loop_io_remove(self->io);
    loop_timer_disarm(self->timer);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0 || error) {
        fail_address(self, error ? -error : -EIO);
    } else if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0) {
        fail_address(self, -errno);
    } else if (may_connect(self, (const struct sockaddr *)&peer)) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
        finish(self, 0);
        return;
    }
    try_next(self);
}

static int connect_to(struct dial *self, const struct addrinfo *address)
{
    if (!may_connect(self, address->ai_addr))
        return -EPERM;
    self->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd < 0)
        return -errno;
    if (connect(self->fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
        return -errno;
    loop_timer_arm_in(self->timer, ADDRESS_US);
    return loop_io_add(self->loop, self->fd, EPOLLOUT, on_connected, self, &self->io);
}

static void try_next(struct dial *self)
{
    while (self->next) {
        const struct addrinfo *address = self->next;
        self->next = address->ai_next;
        if (self->fd >= 0)
            close(take_fd(&self->fd));
        int r = connect_to(self, address);
        if (r == 0)
            return;
        if (r != -EPERM)
            fail_address(self, r);
    }
    finish(self, self->error);
}

static void on_timer(void *data)
{
    struct dial *self = data;
    self->io = loop_io_remove(self->io);
    fail_address(self, -ETIMEDOUT);
    try_next(self);
}

/* On a thread of the pool: touches host, port, addresses and resolved alone. */
static void resolve(void *data)
{
    struct dial *self = data;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    self->resolved = getaddrinfo(self->host, self->port, &hints, &self->addresses);
}

static void on_resolved(void *data)
{
    struct dial *self = data;
    self->resolving = false;
    if (!self->done) {
        free_dial(self);
        return;
    }
    self->next = self->addresses;
    if (self->resolved || !self->next) {
        self->error = -EAGAIN;
        snprintf(self->why, sizeof self->why, "The address of %.150s cannot be found: %s.", self->host,
                 gai_strerror(self->resolved));
    }
    try_next(self);
}

int dial_start(struct loop *loop, const struct remote_settings *settings, const char *host, const char *port,
               dial_done_fn *done, void *data, struct dial **ret)
{
    struct dial *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct dial){.loop = loop,
                          .settings = settings,
                          .done = done,
                          .data = data,
                          .fd = -1,
                          .error = -EAGAIN,
                          .resolved = EAI_AGAIN};
    bool fits = text_copy(self->host, sizeof self->host, host) && text_copy(self->port, sizeof self->port, port);
    int r = fits ? loop_timer_add(loop, on_timer, self, &self->timer) : -ENAMETOOLONG;
    r = r ? r : worker_pool_submit(settings->resolver, resolve, on_resolved, self);
    if (r < 0) {
        free_dial(self);
        return r;
    }
    self->resolving = true;
    *ret = self;
    return 0;
}

struct dial *dial_cancel(struct dial *self)
{
    if (!self)
        return NULL;
    self->done = NULL;
    if (!self->resolving)
        free_dial(self);
    return NULL;
}
