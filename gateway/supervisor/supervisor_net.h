/* Keeps the listening sockets in step with this machine's addresses and with a configuration that was read anew. */
#pragma once

#include "gateway/supervisor/supervisor_roles.h"

struct net_follow;

/* All outlive it; roles are told of what changes. */
int net_follow_create(struct loop *loop, const struct config *config, struct listeners *listeners, struct roles *roles,
                      struct net_follow **ret);
/* The configuration's addresses or names are others now. */
void net_follow_again(struct net_follow *self);
struct net_follow *net_follow_destroy(struct net_follow *self); /* NULL allowed; returns NULL */
