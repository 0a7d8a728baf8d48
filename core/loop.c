#include "core/loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include "core/loop_internal.h"

#define BATCH 64

int loop_create(struct loop **ret)
{
    struct loop *self = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;

    int r = 0;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll_fd < 0) {
        r = -errno;
        goto fail;
    }
    r = loop_timers_init(self);
    if (r < 0)
        goto fail_epoll;
    self->objects = 0; /* the timers' own descriptor does not count */
    *ret = self;
    return 0;

fail_epoll:
    close(self->epoll_fd);
fail:
    free(self);
    return r;
}

struct loop *loop_destroy(struct loop *self)
{
    if (!self)
        return NULL;
    assert(self->depth == 0);
    assert(self->timers.existing == 0);
    self->objects++; /* the timers' own again */
    loop_timers_finish(self);
    assert(self->objects == 0);
    close(self->epoll_fd);
    free(self);
    return NULL;
}

int loop_fd(const struct loop *self)
{
    return self->epoll_fd;
}

int loop_io_add(struct loop *self, int fd, uint32_t events, loop_io_fn *fn, void *data, struct loop_io **ret)
{
    struct loop_io *io = calloc(1, sizeof(*io));
    if (!io)
        return -ENOMEM;

    *io = (struct loop_io){.loop = self, .fd = fd, .fn = fn, .data = data};
    struct epoll_event event = {.events = events, .data.ptr = io};
    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        int r = -errno;
        free(io);
        return r;
    }
    self->objects++;
    *ret = io;
    return 0;
}

int loop_io_set_events(struct loop_io *self, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = self};
    return epoll_ctl(self->loop->epoll_fd, EPOLL_CTL_MOD, self->fd, &event) < 0 ? -errno : 0;
}

struct loop_io *loop_io_remove(struct loop_io *self)
{
    if (!self)
        return NULL;

    struct loop *loop = self->loop;
    assert(!self->removed && loop->objects > 0);
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, self->fd, NULL);
    loop->objects--;
    if (loop->depth == 0) {
        free(self);
        return NULL;
    }
    self->removed = true;
    self->next_removed = loop->graveyard;
    loop->graveyard = self;
    return NULL;
}

static void empty_graveyard(struct loop *self)
{
    while (self->graveyard) {
        struct loop_io *io = self->graveyard;
        self->graveyard = io->next_removed;
        free(io);
    }
}

int loop_dispatch(struct loop *self, int timeout_ms)
{
    struct epoll_event events[BATCH];

    int n = epoll_wait(self->epoll_fd, events, BATCH, timeout_ms);
    if (n < 0)
        return errno == EINTR ? 0 : -errno;

    self->depth++;
    for (int i = 0; i < n; i++) {
        struct loop_io *io = events[i].data.ptr;
        if (!io->removed)
            io->fn(io->data, io->fd, events[i].events);
    }
    if (--self->depth == 0)
        empty_graveyard(self);
    return 0;
}

int loop_run(struct loop *self)
{
    while (!self->stopped) {
        int r = loop_dispatch(self, -1);
        if (r < 0)
            return r;
    }
    self->stopped = false;
    return self->code;
}

void loop_stop(struct loop *self, int code)
{
    self->stopped = true;
    self->code = code;
}
