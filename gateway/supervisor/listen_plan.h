/* Which sockets the configuration's `listen` comes to on the addresses that this machine has just now. Pure. */
#pragma once

#include "gateway/config/config.h"
#include "gateway/supervisor/interfaces.h"

#define LISTEN_PLAN_MAX 48

struct listen_wish {
    struct sockaddr_storage address;
    socklen_t size;
    char text[96];
    bool required; /* stands in the configuration as an address: without it nothing starts */
};

struct listen_plan {
    struct listen_wish list[LISTEN_PLAN_MAX];
    unsigned n;
    bool cut;         /* an interface has more addresses than there is room for */
    char missing[16]; /* an interface that is not there; "" none */
};

/* Each address once; an address that one of all addresses ("*") covers stands for itself no more, for the two could not
 * be bound together. */
void listen_plan_make(const struct config_listens *wanted, const struct interfaces *here, struct listen_plan *ret);

/* 0.0.0.0 or ::. */
bool listen_plan_is_any(const struct sockaddr_storage *address);

/* Whether the plan may change when this machine's addresses do. */
bool listen_plan_follows(const struct config_listens *wanted);
