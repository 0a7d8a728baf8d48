/* Small PEM files of the keeper's folder, and what stands in them. */
#pragma once

#include <openssl/types.h>
#include <stddef.h>

/* The whole of it as a string of at most KEEPER_MAX_PEM bytes, malloc'ed for the caller. -EFBIG, -errno; by name also
 * 1: there is none. */
int pem_file_read_fd(int fd, char **ret, size_t *ret_size);
int pem_file_read(const char *name, char **ret, size_t *ret_size);

/* All of it or nothing, also when the machine loses power. Mode 0600. */
int pem_file_write(const char *name, const char *bytes, size_t size);

/* The first private key, or certificate, in the text; NULL: none. A key with a pass phrase is none. */
EVP_PKEY *pem_key(const char *pem);
X509 *pem_certificate(const char *pem);
