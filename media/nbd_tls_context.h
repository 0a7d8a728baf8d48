/* What all TLS connections of one server share, and how a peer's name is known. For nbd_tls.c. */
#pragma once

#include <openssl/ssl.h>

#include "media/nbd_tls.h"

struct nbd_tls_peer {
    char key[NBD_PSK_NAME_MAX + 1]; /* whose key it used; it may have proved itself otherwise at last */
    char name[NBD_IDENTITY_MAX];
};

BIO *nbd_tls_socket(int fd);                                               /* without SIGPIPE; does not own fd */
struct nbd_tls_context *nbd_tls_context_ref(struct nbd_tls_context *self); /* given up by nbd_tls_context_destroy */
SSL *nbd_tls_context_session(struct nbd_tls_context *self, struct nbd_tls_peer *peer);
bool nbd_tls_peer_name(SSL *ssl, struct nbd_tls_peer *peer); /* after the handshake; false: it has none */
