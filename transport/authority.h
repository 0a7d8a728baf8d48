/* Which Host and Origin headers are ours: the public names and addresses of the configuration. A browser that was led
 * to us under another name (DNS rebinding) or by another page must get nothing. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTHORITY_MAX 320 /* bytes of "https://NAME:PORT" with its NUL */

struct authority {
    const char *const *names; /* lower case; an IPv6 address without brackets */
    const uint16_t *ports;    /* of each name, 0: `port`; NULL: all 0. A proxy in front may have another */
    unsigned n_names;
    uint16_t port;
};

/* "NAME" or "NAME:PORT" as a Host header has it: the index of the name, or -1. any_port: as the plain-http redirect
 * takes it, which leads to our own port where the name has that; else the port must be the name's, and may only be
 * absent when that is 443. */
int authority_match_host(const struct authority *self, const char *host, bool any_port);

/* "https://" and an authority that is ours. */
bool authority_match_origin(const struct authority *self, const char *origin);

/* "https://NAME:PORT" of that name; false when it does not fit. */
bool authority_format(const struct authority *self, unsigned index, char *room, size_t size);
