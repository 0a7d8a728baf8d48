#include "gateway/accept.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/log.h"
#include "gateway/supervisor/listen.h"
#include "transport/server.h"

#define BATCH 16        /* in one turn; the others wait in the kernel */
#define PAUSE_US 200000 /* after running out of descriptors or memory: the socket would stay readable */

#define HOLD_US 2000000 /* a browser must not wait for ever */

struct door {
    struct accept *owner;
    struct loop_io *io; /* NULL: free */
    int fd;
    bool shut; /* the loop may have fetched its event already */
    bool tcp;
    void (*enter)(struct server *server, int fd);
};

struct accept {
    struct loop *loop;
    struct server *server;
    struct door doors[LISTENERS_MAX + 1];
    struct loop_timer *pause;
};

static void pause_doors(struct accept *self, bool tcp_only, uint64_t us)
{
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++) {
        struct door *door = &self->doors[i];
        if (!door->io || (tcp_only && !door->tcp))
            continue;
        door->shut = true;
        loop_io_set_events(door->io, 0);
    }
    loop_timer_arm_in(self->pause, us);
}

static void on_pause_over(void *data)
{
    struct accept *self = data;
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++) {
        self->doors[i].shut = false;
        if (self->doors[i].io)
            loop_io_set_events(self->doors[i].io, EPOLLIN);
    }
}

static void on_readable(void *data, int fd, uint32_t events)
{
    struct door *self = data;
    (void)events;
    for (int i = 0; i < BATCH && !self->shut; i++) {
        int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection >= 0) {
            self->enter(self->owner->server, connection);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            log_error("gateway", "no connection can be taken now: %s", strerror(errno));
            pause_doors(self->owner, false, PAUSE_US);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EINVAL) { /* it listens no more: its owner has ended it, and says so in a moment */
            self->shut = true;
            self->io = loop_io_remove(self->io);
        } /* else a connection that went away before it was taken */
    }
}

static int add_door(struct accept *self, int fd, bool tcp, void (*enter)(struct server *server, int fd))
{
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++) {
        struct door *door = &self->doors[i];
        if (door->io)
            continue;
        *door = (struct door){.owner = self, .fd = fd, .tcp = tcp, .enter = enter};
        return loop_io_add(self->loop, fd, EPOLLIN, on_readable, door, &door->io);
    }
    return -ENOSPC;
}

int accept_create(struct loop *loop, struct server *server, int control, struct accept **ret)
{
    struct accept *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->server = server;
    int r = loop_timer_add(loop, on_pause_over, self, &self->pause);
    if (r == 0)
        r = add_door(self, control, false, server_accept_local);
    if (r < 0) {
        accept_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

int accept_listen(struct accept *self, int fd)
{
    return add_door(self, fd, true, server_accept_tcp);
}

void accept_unlisten(struct accept *self, int fd)
{
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++)
        if (self->doors[i].io && self->doors[i].fd == fd) {
            self->doors[i].shut = true; /* the loop may be about to call it */
            self->doors[i].io = loop_io_remove(self->doors[i].io);
        }
}

void accept_hold(struct accept *self)
{
    pause_doors(self, true, HOLD_US);
}

void accept_go_on(struct accept *self)
{
    loop_timer_disarm(self->pause);
    on_pause_over(self);
}

struct accept *accept_destroy(struct accept *self)
{
    if (!self)
        return NULL;
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++)
        loop_io_remove(self->doors[i].io);
    loop_timer_remove(self->pause);
    free(self);
    return NULL;
}
