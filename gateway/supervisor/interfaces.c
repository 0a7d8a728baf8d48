#include "gateway/supervisor/interfaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/cleanup.h"

#define TOGETHER_US 200000 /* a cable that is plugged in changes several things */
#define READS 64           /* in one turn; what is left makes the socket readable again */

static void add(struct interfaces *self, const struct ifaddrs *entry)
{
    int family = entry->ifa_addr ? entry->ifa_addr->sa_family : AF_UNSPEC;
    if (self->n == INTERFACES_MAX) {
        self->cut = true;
        return;
    }
    struct interface_address *at = &self->list[self->n];
    *at = (struct interface_address){.index = if_nametoindex(entry->ifa_name)};
    if (family == AF_INET)
        at->size = sizeof(struct sockaddr_in);
    else if (family == AF_INET6)
        at->size = sizeof(struct sockaddr_in6);
    snprintf(at->name, sizeof at->name, "%s", entry->ifa_name);
    if (at->size && entry->ifa_addr)
        memcpy(&at->address, entry->ifa_addr, at->size);
    self->n++;
}

int interfaces_read(struct interfaces *ret)
{
    struct ifaddrs *all;
    memset(ret, 0, sizeof *ret);
    if (getifaddrs(&all) < 0)
        return -errno;
    for (const struct ifaddrs *entry = all; entry; entry = entry->ifa_next)
        add(ret, entry);
    freeifaddrs(all);
    return 0;
}

struct interfaces_watch {
    int fd;
    struct loop_io *io;
    struct loop_timer *timer;
    void (*changed)(void *data);
    void *data;
};

/* What the kernel says is not read: its word is only that something changed, and a lost one says so too. */
static void on_readable(void *data, int fd, uint32_t events)
{
    struct interfaces_watch *self = data;
    char waste[8192];
    (void)events;
    for (unsigned i = 0; i < READS && recv(fd, waste, sizeof waste, MSG_DONTWAIT | MSG_TRUNC) >= 0; i++)
        continue;
    loop_timer_arm_in(self->timer, TOGETHER_US);
}

static void on_timer(void *data)
{
    struct interfaces_watch *self = data;
    self->changed(self->data);
}

static int subscribe(int *ret)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    *ret = take_fd(&fd);
    return 0;
}

int interfaces_watch_create(struct loop *loop, void (*changed)(void *data), void *data, struct interfaces_watch **ret)
{
    struct interfaces_watch *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct interfaces_watch){.fd = -1, .changed = changed, .data = data};
    int r = subscribe(&self->fd);
    r = r ? r : loop_timer_add(loop, on_timer, self, &self->timer);
    r = r ? r : loop_io_add(loop, self->fd, EPOLLIN, on_readable, self, &self->io);
    if (r < 0) {
        interfaces_watch_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct interfaces_watch *interfaces_watch_destroy(struct interfaces_watch *self)
{
    if (!self)
        return NULL;
    loop_io_remove(self->io);
    loop_timer_remove(self->timer);
    if (self->fd >= 0)
        close(self->fd);
    free(self);
    return NULL;
}
