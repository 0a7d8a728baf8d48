/* Client certificates at the TLS layer: asked for, never required. A handshake goes on whatever the client shows; what
 * was shown and is good is handed on, and whose it is the keeper decides. */
#pragma once

#include "transport/server_internal.h"

/* Authorities and revocation lists. */
struct tls_clients;

/* crl_pem NULL: nothing is revoked. Lists that are given are needed of every authority. *ret NULL when nobody vouches
 * for clients (ca_pem NULL). -EINVAL: it makes no sense. */
int tls_clients_create(const char *ca_pem, const char *crl_pem, struct tls_clients **ret);
void tls_clients_destroy(struct tls_clients *self);

/* Once for the context: how certificates are judged. */
void tls_client_prepare(SSL_CTX *context);
/* For one handshake. self may be NULL: the client is not asked. */
void tls_client_ask(const struct tls_clients *self, SSL *ssl);

/* What the peer of an established connection has shown, leaf first, when it was found good: DER in *ret_room (malloc'ed
 * for the caller), of which ret has at most max pieces. 0: nothing, or nothing good, and *ret_why says so ("": nothing
 * was shown). */
unsigned tls_client_chain(SSL *ssl, uint8_t **ret_room, struct route_der *ret, unsigned max, const char **ret_why);
