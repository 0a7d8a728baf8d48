/* The TLS key as OpenSSL sees it: the public half, and signatures made by the keeper. */
#pragma once

#include <openssl/types.h>

#include "auth/keeper_client.h"

/* The key of the first certificate in the PEM text, ECDSA or RSA. Its signatures come from keeper_client_sign, on the
 * thread that does the handshake; the client must outlive the key. *ret_key: EVP_PKEY_free. -EPROTO: the certificate is
 * not usable. */
int tls_key_of(struct keeper_client *client, const char *pem, EVP_PKEY **ret_key);

/* The same of the certificate that the keeper uses now: asks for it. */
int tls_key_create(struct keeper_client *client, EVP_PKEY **ret_key);
