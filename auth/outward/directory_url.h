/* Where a directory listens: "ldaps://host[:port]" or "ldap://host[:port]", nothing behind it (RFC 4516 allows more,
 * which would only be read wrongly). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct directory_url {
    char host[254]; /* a name, or a numeric address without brackets */
    uint16_t port;  /* 636 or 389 where none is given */
    bool tls;       /* from the first byte on; else StartTLS (RFC 4511 section 4.14) before anything is said */
};

bool directory_url_parse(const char *text, struct directory_url *ret);
