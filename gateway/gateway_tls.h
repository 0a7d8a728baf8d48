/* The gateway's certificate in use: what the page is told of it, changes on trial, and word of its end. The key is the
 * keeper's. Net thread. */
#pragma once

#include "api/certificate.h"
#include "core/ipc.h"

struct gateway;
struct gateway_tls;

extern const struct api_certificate_ops gateway_tls_ops; /* context: struct gateway_tls */

/* After the server was created. state: the folder of the gateway's notes. 0 or -errno. */
int gateway_tls_create(struct gateway *gateway, const char *folder, struct gateway_tls **ret);
struct gateway_tls *gateway_tls_destroy(struct gateway_tls *self); /* NULL allowed; returns NULL */

bool gateway_tls_waits(const struct gateway_tls *self); /* a change of it is to be confirmed; NULL allowed */

/* The keeper uses another certificate, or is a new one: looked at from the loop. */
void gateway_tls_changed(struct gateway_tls *self);

/* CONTROL_CLIENT_CA: authorities of client certificates, and revocation lists; may come before the server is there.
 * False: malformed. */
bool gateway_tls_client_ca(struct gateway *gateway, struct ipc_message *message);
