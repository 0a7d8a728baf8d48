/* The keeper's side of its messages with the supervisor. */
#pragma once

#include "auth/errand_wire.h"
#include "auth/keeper/audit_outside.h"
#include "auth/keeper/keeper.h"
#include "auth/session.h"

struct keeper_begin {
    char names[KEEPER_MAX_NAMES][KEEPER_MAX_NAME];
    unsigned n_names;
};

/* 0 or -EPROTO. The descriptors stay in the message. */
int begin_read(const struct ipc_message *message, struct keeper_begin *ret);

/* KEEPER_FIRST_USER. 0 or -EPROTO. */
struct keeper_account {
    char name[AUTH_USER_MAX], hash[KEEPER_MAX_HASH];
};
int account_read(const struct ipc_message *message, struct keeper_account *ret);

/* KEEPER_AUDIT_SETTINGS. 0, with the file's descriptor taken, or -EPROTO. */
int audit_settings_read(struct ipc_message *message, struct audit_settings *ret, struct errand_syslog *ret_server);

int setup_send(struct ipc *ipc, const char *secret);
int ready_send(struct ipc *ipc, const struct keeper_ready *ready);
int failed_send(struct ipc *ipc, const char *reason);
