/* nbd://HOST[:PORT]/EXPORT and nbds://... (NetworkBlockDevice/nbd doc/uri.md, as far as it is about TCP). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define NBD_URL_EXPORT_MAX 4097 /* the protocol's limit, and a NUL */

struct nbd_url {
    bool tls;
    char host[256]; /* without brackets */
    char port[6];
    char export[NBD_URL_EXPORT_MAX]; /* decoded */
};

/* False: why is a sentence. */
bool nbd_url_parse(const char *text, struct nbd_url *ret, const char **why);
