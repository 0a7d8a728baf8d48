/* What a person at the terminal needs to begin: address, fingerprint, one-time secret. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "gateway/config.h"

/* secret: NULL or "" once set-up is done. qr: draw one, of the address with the fingerprint behind #, so that a
 * telephone's owner can compare. */
void announce(FILE *out, const struct config *config, const char *fingerprint, const char *secret, bool qr);

/* The addresses by the other public names. */
void announce_names(FILE *out, const struct config *config);

/* "https://NAME:PORT/" of the first public name. */
void announce_url(const struct config *config, char *room, size_t size);
