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

/* The owner's, from descriptors (which stay the caller's): a key and the chain that begins with its certificate. Names
 * and dates are not looked at: certificate_check.h does. */
int identity_given(struct identity *self, int certificate_fd, int key_fd, char *why, size_t size);

/* The same from text and a key, of which it takes a reference; NULL: there was none. */
int identity_pair(struct identity *self, const char *certificate_pem, EVP_PKEY *key, char *why, size_t size);

/* ECDSA from 256 to 521 bits, RSA from 2048 to 4096. Else -EINVAL and why. */
int identity_key_usable(EVP_PKEY *key, char *why, size_t size);

void identity_finish(struct identity *self);

/* scheme: enum keeper_sign_scheme. A digest of 32, 48 or 64 bytes (SHA-256, -384, -512), or of RSA-PSS the whole
 * encoded block, which must be one: no other use is made of the key. *ret_size: room in, bytes out. Any thread.
 * -EINVAL: not for this key, or not one of these. */
int identity_sign(const struct identity *self, unsigned scheme, const uint8_t *bytes, size_t n, uint8_t *ret,
                  size_t *ret_size);
