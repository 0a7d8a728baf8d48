/* One connection to an NBD export by libnbd's asynchronous calls, on our loop. It begins with a connected socket, and
 * ends once: with the first thing that goes wrong. */
#pragma once

#include "media/outward/nbd_url.h"
#include "media/outward/remote.h"

struct nbd_link;

/* Part of its owner's request. */
struct nbd_call {
    struct nbd_call *next;
    struct nbd_link *link; /* NULL: not under way */
    int error;
};

struct nbd_link_owner {
    void (*ready)(void *data, uint64_t size, bool read_only);
    /* The call has ended; not inside nbd_link_*. Calls that are under way when the link is destroyed are forgotten. */
    void (*done)(void *data, struct nbd_call *call, int error);
    void (*lost)(void *data, int error, const char *why); /* nothing comes after it; destroy it */
};

enum nbd_link_action { NBD_LINK_READ, NBD_LINK_WRITE, NBD_LINK_FLUSH, NBD_LINK_TRIM };

/* Takes fd on success. user and key NULL: no TLS here, whatever the URL says (nbd_front.h does it for certificates).
 */
int nbd_link_create(struct loop *loop, int fd, const struct nbd_url *url, const char *user, const char *key,
                    unsigned stall_s, const struct nbd_link_owner *owner, void *data, struct nbd_link **ret);
struct nbd_link *nbd_link_destroy(struct nbd_link *self); /* NULL allowed; returns NULL; in its callbacks, too */

/* After ready. room lives until done. -errno: it did not begin. */
int nbd_link_begin(struct nbd_link *self, struct nbd_call *call, enum nbd_link_action action, uint64_t offset,
                   void *room, size_t length);
