/* The gateway's messages about the TLS certificate and its key: quick ones, answered at once. */
#pragma once

#include "auth/keeper/tls_identities.h"
#include "core/ipc.h"

bool tls_desk_takes(uint16_t type);

/* Writes the whole answer to body, which has IPC_MAX_BODY bytes. *ret_changed: another certificate is in use than
 * before. -EPROTO: malformed. */
int tls_desk_answer(struct tls_identities *identities, const struct ipc_message *message, uint8_t *body,
                    size_t *ret_size, bool *ret_changed);
