#include "gateway/accept.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/log.h"
#include "gateway/config.h"
#include "transport/server.h"

#define BATCH 16        /* in one turn; the others wait in the kernel */
#define PAUSE_US 200000 /* after running out of descriptors or memory: the socket would stay readable */

#define HOLD_US 2000000 /* a browser must not wait for ever */

struct door {
    struct accept *owner;
    struct loop_io *io;
    int fd;
    bool shut; /* the loop may have fetched its event already */
    void (*enter)(struct server *server, int fd);
};

struct accept {
    struct server *server;
    struct door doors[CONFIG_MAX_LISTEN + 1];
    unsigned n, n_tcp; /* TCP stands first */
    struct loop_timer *pause;
};

static void pause_first(struct accept *self, unsigned n, uint64_t us)
{
    for (unsigned i = 0; i < n; i++) {
        self->doors[i].shut = true;
        loop_io_set_events(self->doors[i].io, 0);
    }
    loop_timer_arm_in(self->pause, us);
}

static void on_pause_over(void *data)
{
    struct accept *self = data;
    for (unsigned i = 0; i < self->n; i++) {
        self->doors[i].shut = false;
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
            pause_first(self->owner, self->owner->n, PAUSE_US);
        } else if (errno == EAGAIN) {
            return;
        } /* else a connection that went away before it was taken */
    }
}

static int add_door(struct loop *loop, struct accept *self, int fd, void (*enter)(struct server *server, int fd))
{
    struct door *door = &self->doors[self->n++];
    *door = (struct door){.owner = self, .fd = fd, .enter = enter};
    return loop_io_add(loop, fd, EPOLLIN, on_readable, door, &door->io);
}

int accept_create(struct loop *loop, struct server *server, const int *tcp, unsigned n, int control,
                  struct accept **ret)
{
    struct accept *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->server = server;
    self->n_tcp = n;
    int r = loop_timer_add(loop, on_pause_over, self, &self->pause);
    for (unsigned i = 0; r == 0 && i < n; i++)
        r = add_door(loop, self, tcp[i], server_accept_tcp);
    if (r == 0)
        r = add_door(loop, self, control, server_accept_local);
    if (r < 0) {
        accept_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

void accept_hold(struct accept *self)
{
    pause_first(self, self->n_tcp, HOLD_US);
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
    for (unsigned i = 0; i < self->n; i++)
        loop_io_remove(self->doors[i].io);
    loop_timer_remove(self->pause);
    free(self);
    return NULL;
}
