#include "machines/qemu/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "core/attrs.h"
#include "core/clock.h"

#define CALL_TIMEOUT_US 10000000

/* Messages served before the loop's other descriptors get their turn. */
#define BATCH 32

struct bus_source {
    struct loop_io *io;
    struct loop_timer *timer;
    sd_bus *bus;
    void (*ended)(void *data, int error);
    void *data;
    bool processing, dead;
};

int bus_open_peer(int fd, sd_bus **ret)
{
    sd_bus *bus = NULL;
    int r = sd_bus_new(&bus);
    if (r < 0) {
        close(fd);
        return r;
    }
    r = sd_bus_set_fd(bus, fd, fd);
    if (r < 0)
        close(fd);
    if (r >= 0)
        r = sd_bus_set_bus_client(bus, false);
    if (r >= 0)
        r = sd_bus_negotiate_fds(bus, true);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(bus, CALL_TIMEOUT_US);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r < 0) {
        sd_bus_unref(bus);
        return r;
    }
    *ret = bus;
    return 0;
}

int bus_timeout_ms(sd_bus *bus)
{
    uint64_t when;
    if (sd_bus_get_timeout(bus, &when) < 0 || when == UINT64_MAX)
        return -1;
    uint64_t now = clock_now_us();
    return when <= now ? 0 : (int)MIN((when - now) / 1000 + 1, (uint64_t)60000);
}

static void end(struct bus_source *self, int error)
{
    self->io = loop_io_remove(self->io);
    loop_timer_disarm(self->timer);
    void (*ended)(void *, int) = self->ended;
    self->ended = NULL;
    if (ended)
        ended(self->data, error);
}

void bus_source_update(struct bus_source *self)
{
    if (!self->io)
        return;
    int events = sd_bus_get_events(self->bus);
    loop_io_set_events(self->io, events < 0 ? EPOLLIN : (uint32_t)events);
    int ms = bus_timeout_ms(self->bus);
    if (ms < 0)
        loop_timer_disarm(self->timer);
    else
        loop_timer_arm_in(self->timer, (uint64_t)ms * 1000);
}

static void process(void *data)
{
    struct bus_source *self = data;
    int r = 1;
    self->processing = true;
    for (int i = 0; i < BATCH && r > 0 && !self->dead; i++)
        r = sd_bus_process(self->bus, NULL);
    self->processing = false;
    if (self->dead) {
        free(self);
        return;
    }
    if (r < 0)
        end(self, r);
    else if (r > 0)
        loop_timer_arm_in(self->timer, 0);
    else
        bus_source_update(self);
}

static void on_io(void *data, int fd, uint32_t events)
{
    (void)fd;
    (void)events;
    process(data);
}

int bus_source_create(struct loop *loop, sd_bus *bus, void (*ended)(void *data, int error), void *data,
                      struct bus_source **ret)
{
    _cleanup_free_ struct bus_source *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct bus_source){.bus = bus, .ended = ended, .data = data};
    int r = loop_timer_add(loop, process, self, &self->timer);
    if (r < 0)
        return r;
    r = loop_io_add(loop, sd_bus_get_fd(bus), EPOLLIN, on_io, self, &self->io);
    if (r < 0) {
        loop_timer_remove(self->timer);
        return r;
    }
    bus_source_update(self);
    *ret = take(self);
    return 0;
}

struct bus_source *bus_source_destroy(struct bus_source *self)
{
    if (!self)
        return NULL;
    loop_io_remove(self->io);
    loop_timer_remove(self->timer);
    self->io = NULL;
    self->timer = NULL;
    self->ended = NULL;
    if (self->processing)
        self->dead = true;
    else
        free(self);
    return NULL;
}
