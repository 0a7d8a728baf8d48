/* TLS with certificates in front of libnbd, whose version in Debian 12 cannot check the name of a server that it did
 * not connect to itself (nbd_set_tls_hostname came with 1.22). STARTTLS and TLS are done here, on our loop; what is
 * inside goes to one end of a socketpair, of which libnbd has the other and sees a server without TLS. */
#pragma once

#include "core/loop.h"

struct nbd_front;

struct nbd_front_owner {
    /* TLS stands, and the server is who it should be. fd is the receiver's: NBD from the greeting on. It ends (as a
     * socket that is closed) when the connection does, or self is destroyed. */
    void (*ready)(void *data, int fd);
    /* Instead of ready: destroy it. why: a sentence. */
    void (*failed)(void *data, int error, const char *why);
};

/* fd: connected; taken on success. ca: PEM, NULL: the system's authorities; host, ca: copied. Nothing is called before
 * it returned. -EINVAL, -ENOMEM, -errno with a sentence in why. At most 32 KiB for a connection, besides OpenSSL. */
int nbd_front_create(struct loop *loop, int fd, const char *host, const char *ca, unsigned stall_s,
                     const struct nbd_front_owner *owner, void *data, struct nbd_front **ret, char *why,
                     size_t why_size);
struct nbd_front *nbd_front_destroy(struct nbd_front *self); /* NULL allowed; returns NULL; in its callbacks, too */
