/* Certificates of the lying server, made on the spot. */
#pragma once

#include <openssl/ssl.h>

/* A context with a certificate that vouches for itself; its PEM goes to *ret_pem (freed with free). */
SSL_CTX *lying_tls_create(char **ret_pem);
