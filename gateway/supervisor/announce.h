/* What a person at the terminal needs to begin: address, fingerprint, one-time secret. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "gateway/config/config.h"

/* By what the owner knows this gateway again. */
struct announce_marks {
    char fingerprint[32 * 3 + 1]; /* of the certificate: SHA-256, hexadecimal pairs with colons between them */
    char audit_key[32 * 2 + 1]; /* the first public key of the audit log, as `lightsout audit verify --key` takes it */
};

/* secret: NULL or "" once set-up is done. qr: draw one, of the address with the fingerprint behind #, so that a
 * telephone's owner can compare. */
void announce(FILE *out, const struct config *config, const struct announce_marks *marks, const char *secret, bool qr);

/* The addresses by the other public names. */
void announce_names(FILE *out, const struct config *config);

/* "https://NAME:PORT/" of the first public name. */
void announce_url(const struct config *config, char *room, size_t size);
