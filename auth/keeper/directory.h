/* The directory that is configured, and what its groups are worth here. The supervisor tells it; nobody else can. */
#pragma once

#include <pthread.h>

#include "auth/errand_wire.h"
#include "auth/grants.h"
#include "core/ipc.h"

/* What being in a group gives: a role, or with ROLE_CUSTOM what is listed. */
struct directory_worth {
    enum auth_role role;
    struct grants grants;
};

struct directory_settings {
    struct errand_directory directory; /* n_urls 0: there is none */
    struct directory_worth worth[ERRAND_MAX_GROUPS];
};

/* The highest role of all groups wins, and all lists are added to it. False: none of the groups gives anything. Pure.
 */
bool directory_map(const struct directory_settings *settings, const struct errand_groups *groups,
                   enum auth_role *ret_role, struct grants *ret_grants);

/* ---- from the supervisor: KEEPER_DIRECTORY_GROUP for each group, in order, then KEEPER_DIRECTORY ---- */

/* 0; -EMSGSIZE: directory_fits says so before; or the channel's error. */
int directory_send(struct ipc *ipc, const struct directory_settings *settings);

/* Takes one of the two into *draft. 1: it is whole now; 0: more follows; -EPROTO. */
int directory_receive(const struct ipc_message *message, struct directory_settings *draft);

/* ---- in the keeper: read by the loop's thread and by the store's ---- */

struct directory {
    pthread_mutex_t lock;
    struct directory_settings settings;
};
int directory_create(struct directory **ret);
struct directory *directory_destroy(struct directory *self); /* wipes it; NULL allowed; returns NULL */
void directory_set(struct directory *self, const struct directory_settings *settings);
bool directory_is_configured(struct directory *self);
/* For one question: to be wiped by the caller. */
void directory_get(struct directory *self, struct errand_directory *ret);
/* As struct book_directory wants it. data: the directory. */
bool directory_judge(void *data, const struct errand_entry *entry, enum auth_role *ret_role, struct grants *ret_grants);
