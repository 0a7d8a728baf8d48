/* TLS towards an NBD server that proves itself by a certificate (RFC 5280, RFC 6125): the chain ends at an authority
 * that we were given, and the certificate names the host that was asked for. Both or no connection. */
#pragma once

#include <openssl/ssl.h>
#include <stddef.h>

/* For a connected socket, which must outlive it; the handshake has not begun. ca: PEM; NULL: the system's authorities.
 * host: a name, or an address. -EINVAL with a sentence in why, -ENOMEM. */
int nbd_tls_client_create(int fd, const char *host, const char *ca, SSL **ret, char *why, size_t why_size);

/* After a failed handshake: a sentence. Empties OpenSSL's queue of errors. */
void nbd_tls_client_why(SSL *ssl, const char *host, char *why, size_t why_size);
