#include "gateway/supervisor/supervisor_net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

/* An address that has just come may not be usable yet: IPv6 asks its neighbours first (RFC 4862 section 5.4). */
#define AGAIN_FIRST_US 1000000
#define AGAIN_MOST_US 60000000

struct net_follow {
    struct loop *loop;
    const struct config *config;
    struct listeners *listeners;
    struct roles *roles;
    struct interfaces_watch *watch; /* NULL: no interface is named */
    struct loop_timer *again;
    uint64_t again_us;
};

static void on_opened(void *data, const struct listener *listener)
{
    struct net_follow *self = data;
    roles_lend(self->roles, listener);
}

static void on_closed(void *data, uint32_t id)
{
    struct net_follow *self = data;
    roles_take_back(self->roles, id);
}

static void follow(struct net_follow *self)
{
    static const struct listeners_owner owner = {.opened = on_opened, .closed = on_closed};
    if (!listeners_follow(self->listeners, self->config, &owner, self)) {
        self->again_us = AGAIN_FIRST_US;
        loop_timer_disarm(self->again);
        return;
    }
    loop_timer_arm_in(self->again, self->again_us);
    self->again_us = MIN(2 * self->again_us, (uint64_t)AGAIN_MOST_US);
}

static void on_again(void *data)
{
    follow(data);
}

static void on_addresses(void *data)
{
    struct net_follow *self = data;
    self->again_us = AGAIN_FIRST_US;
    follow(self);
}

static int watch(struct net_follow *self)
{
    bool wanted = listen_plan_follows(&self->config->listen) || listen_plan_follows(&self->config->nbd.listen);
    if (!wanted)
        self->watch = interfaces_watch_destroy(self->watch);
    return wanted && !self->watch ? interfaces_watch_create(self->loop, on_addresses, self, &self->watch) : 0;
}

int net_follow_create(struct loop *loop, const struct config *config, struct listeners *listeners, struct roles *roles,
                      struct net_follow **ret)
{
    struct net_follow *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct net_follow){
        .loop = loop, .config = config, .listeners = listeners, .roles = roles, .again_us = AGAIN_FIRST_US};
    int r = loop_timer_add(loop, on_again, self, &self->again);
    r = r ? r : watch(self);
    if (r < 0) {
        net_follow_destroy(self);
        return r;
    }
    /* what could not be bound at the start */
    if (self->watch)
        loop_timer_arm_in(self->again, AGAIN_FIRST_US);
    *ret = self;
    return 0;
}

void net_follow_again(struct net_follow *self)
{
    int r = watch(self);
    if (r < 0)
        log_error("supervisor", "addresses of interfaces are not followed: %s", strerror(-r));
    on_addresses(self);
    roles_tell_net(self->roles);
}

struct net_follow *net_follow_destroy(struct net_follow *self)
{
    if (!self)
        return NULL;
    interfaces_watch_destroy(self->watch);
    loop_timer_remove(self->again);
    free(self);
    return NULL;
}
