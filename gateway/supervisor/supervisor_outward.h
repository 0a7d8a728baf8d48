/* The supervisor's link to the outward process: kept alive, told the configuration, and given a channel to each
 * gateway and to each keeper. */
#pragma once

#include "gateway/config/config.h"
#include "gateway/owner/state.h"
#include "gateway/supervisor/uid.h"

struct outward_link;

struct outward_link_owner {
    /* A channel for the gateway; fd stays ours. False: there is no gateway just now. */
    bool (*give)(void *data, int fd);
    /* The same for the keeper's errands. */
    bool (*give_errands)(void *data, int fd);
};

/* config, state and user outlive it. */
int outward_link_create(struct loop *loop, const struct config *config, const struct state *state,
                        const struct uid_choice *user, const char *units, const struct outward_link_owner *owner,
                        void *data, struct outward_link **ret);
void outward_link_offer(struct outward_link *self);         /* a new gateway is there */
void outward_link_offer_errands(struct outward_link *self); /* a new keeper is there */
/* The configuration may be another one: if it is, outward begins anew with it, and what it fetches goes on then. */
void outward_link_tell(struct outward_link *self);
void outward_link_stop(struct outward_link *self, int timeout_ms);    /* NULL allowed */
struct outward_link *outward_link_destroy(struct outward_link *self); /* NULL allowed; returns NULL */
