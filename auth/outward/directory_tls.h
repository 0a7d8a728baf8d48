/* TLS with a directory: the server must be the one that was meant. */
#pragma once

#include <openssl/ssl.h>
#include <stddef.h>

/* 1.2 with AEAD, or 1.3. authorities: PEM, "" the system's. host: a name or an address, which the certificate must
 * bear. fd stays the caller's. 0, or -EINVAL or -ENOMEM with a sentence in why. */
int directory_tls_create(int fd, const char *host, const char *authorities, SSL **ret, char *why, size_t why_size);

/* Why the handshake failed. */
void directory_tls_why(SSL *ssl, const char *host, char *why, size_t why_size);
