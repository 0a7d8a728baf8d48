/* Whether a certificate may take the place of the one in use. */
#pragma once

#include <openssl/types.h>
#include <stddef.h>
#include <time.h>

#define CERTIFICATE_CHAIN_MAX 8

/* pem: the server's certificate first, those that vouch for it behind it, each for the one in front of it. Refused,
 * with a sentence in why: no certificate, not for this key, not for servers, signed by MD5 or SHA-1, none of the names
 * in it, a date of the chain that is over or not yet begun, a link that does not vouch for the one before, and a
 * certificate that says where its issuer's is fetched without bringing it along (browsers do not fetch it). now:
 * seconds since 1970; before the day this program was built it counts as that day. 0 or -EINVAL. Pure. */
int certificate_check(const char *pem, EVP_PKEY *key, const char *const *names, unsigned n_names, time_t now, char *why,
                      size_t size);

/* A certificate signing request (PKCS #10, PEM) for the key and the names; malloc'ed for the caller. NULL: no memory.
 */
char *certificate_request(EVP_PKEY *key, const char *const *names, unsigned n_names);
