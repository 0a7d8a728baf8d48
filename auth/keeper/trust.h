/* Who may vouch for client certificates, and what a certificate says of who has it. The proof that its key is there is
 * the TLS handshake's; all else is decided here: chain, dates, purpose, revocation (RFC 5280). */
#pragma once

#include "auth/keeper/request.h"

struct trust;

/* From PEM files: authorities, and (crl_fd -1: none) revocation lists. The descriptors stay the caller's. On failure
 * why says what and what to do. */
int trust_create(int ca_fd, int crl_fd, struct trust **ret, char *why, size_t size);
struct trust *trust_destroy(struct trust *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct trust, trust_destroy)

/* Each in the form of a user's certificate: "cn:...", "email:...", "upn:...", "sha256:...". */
#define TRUST_NAMES_MAX 16
struct trust_names {
    unsigned n;
    char list[TRUST_NAMES_MAX][KEEPER_MAX_MAPPING];
};

/* 0; or -EACCES and a sentence in why: nobody vouches for it, or its names are none (a NUL or another control character
 * in one, too long, too many). *ret is written in both cases, as far as it goes. */
int trust_check(const struct trust *self, const struct request_chain *chain, int64_t wall_s, struct trust_names *ret,
                char *why, size_t size);
