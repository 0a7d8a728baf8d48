/* The page's backups: asked of the supervisor, which makes them. Net thread. */
#pragma once

#include "api/config.h"
#include "core/ipc.h"

struct gateway;

struct gateway_backup {
    api_backup_done_fn *done; /* NULL: none is being made */
    void *done_data;
    uint32_t serial;
};

/* done once; its descriptor is the callee's. */
void gateway_backup_ask(struct gateway *gateway, const char *passphrase, api_backup_done_fn *done, void *data);
bool gateway_backup_told(struct gateway *gateway, struct ipc_message *message); /* CONTROL_BACKUP; false: malformed */
void gateway_backup_lost(struct gateway *gateway);                              /* the supervisor is gone */
