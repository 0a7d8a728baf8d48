/* The keeper's side of its messages with the supervisor. */
#pragma once

#include "auth/keeper/keeper.h"

struct keeper_begin {
    char names[KEEPER_MAX_NAMES][KEEPER_MAX_NAME];
    unsigned n_names;
};

/* 0 or -EPROTO. The descriptors stay in the message. */
int begin_read(const struct ipc_message *message, struct keeper_begin *ret);

int ready_send(struct ipc *ipc, const struct keeper_ready *ready);
int failed_send(struct ipc *ipc, const char *reason);
