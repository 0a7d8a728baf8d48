/* The TLS key and its certificate. Names of files are relative to the keeper's folder, the working directory. */
#pragma once

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

struct identity {
    EVP_PKEY *key;
    char *pem; /* certificate and chain */
    size_t pem_size;
    uint8_t fingerprint[32]; /* SHA-256 of the certificate */
};

#define IDENTITY_KEY_FILE "tls.key"
#define IDENTITY_CERTIFICATE_FILE "tls.crt"

/* Our own: made at the first start (ECDSA P-256), kept, and the certificate made anew for the same key when a public
 * name was added. On failure why (size bytes) says what and what to do. */
int identity_own(struct identity *self, const char *const *names, unsigned n_names, char *why, size_t size);

/* The owner's, from descriptors (which stay the caller's): an EC key of 256 to 521 bits and the chain that begins with
 * its certificate. */
int identity_given(struct identity *self, int certificate_fd, int key_fd, char *why, size_t size);

void identity_finish(struct identity *self);

/* ECDSA over a digest of 32, 48 or 64 bytes. *ret_size: room in, bytes out. Any thread. */
int identity_sign(const struct identity *self, const uint8_t *digest, size_t digest_size, uint8_t *ret,
                  size_t *ret_size);
