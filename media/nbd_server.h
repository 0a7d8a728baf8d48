/* Our NBD server: hands out media under export names over unix sockets, and over others through TLS only. On the loop's
 * thread; the reading and writing itself is the sources' affair (media/source.h).
 *
 * Every connection has a budget of requests and bytes in flight, counted from a request's header until its reply has
 * left; beyond it nothing more is read from that peer, so a slow one holds up only itself. Connections are counted for
 * the whole server: give each target a server of its own, then none can use up the others'. */
#pragma once

#include <sys/types.h>

#include "core/loop.h"
#include "media/source.h"

#define NBD_MAX_CONNECTIONS 32 /* of one server */
#define NBD_MAX_PER_EXPORT 16  /* connections */
#define NBD_MAX_PER_ADDRESS 24 /* connections from one address of the network (IPv6: from one /64) */
#define NBD_MAX_STRANGERS 8    /* of those, that have not proved yet who they are */
#define NBD_MAX_EXPORTS 64
#define NBD_INFLIGHT_REQUESTS 64      /* of one connection */
#define NBD_INFLIGHT_BYTES (4u << 20) /* of one connection; the request that reaches it may stand out by its length */
#define NBD_DEVICE_BLOCK 2048         /* see nbd_server_serve */
#define NBD_NEGOTIATION_US 10000000   /* a peer that has not chosen an export by then is dropped */

struct nbd_server;
struct nbd_tls_context;

struct nbd_server_host {
    /* May the process that connected (SO_PEERCRED: as it was at connect time) have this export? Asked for each name it
     * names, and for each when it lists. What it may not have does not exist for it. */
    bool (*admit)(void *data, pid_t pid, uid_t uid, const char *export);
    /* The same for who came through TLS, by what it proved to be (media/nbd_tls.h). Asked before the export is looked
     * for, so that it may be added inside; and which names are there for it. Both NULL: nothing for nobody. */
    bool (*admit_identity)(void *data, const char *identity, const char *export);
    void (*list_identity)(void *data, const char *identity, void (*fn)(void *fn_data, const char *name), void *fn_data);
    /* The number of connections that use an export changed. May be NULL. */
    void (*used)(void *data, const char *export, unsigned connections);
};

struct nbd_export_stats {
    uint64_t size;
    uint64_t bytes_read, bytes_written; /* answered without error */
    uint64_t requests, errors;          /* answered; of them with an error */
    unsigned connections;
};

/* host and data must outlive the server. -ENOMEM. */
int nbd_server_create(struct loop *loop, const struct nbd_server_host *host, void *data, struct nbd_server **ret);

/* Ends all connections, closes all sources, removes the sockets that it made. NULL allowed; returns NULL. Not inside
 * its callbacks. */
struct nbd_server *nbd_server_destroy(struct nbd_server *self);
DEFINE_CLEANUP(struct nbd_server, nbd_server_destroy)

/* Binds a socket of mode 0600 at path, in place of a stale one, and listens. May be called 4 times. -EADDRINUSE:
 * somebody listens there, or something else than a socket is there; -ENAMETOOLONG; -errno. */
int nbd_server_listen(struct nbd_server *self, const char *path);

/* Takes one connected socket (accepted elsewhere, or an end of a socketpair), on success. -ENOSPC: too many. */
int nbd_server_adopt(struct nbd_server *self, int fd);

/* The same for a socket of the network: nothing but the greeting, ABORT and STARTTLS in the clear. The context must
 * outlive the server. When all places are taken, who has proved nothing for longest gives way. -EUSERS: too many from
 * that address; -ENOSPC: too many; -errno. */
int nbd_server_adopt_tls(struct nbd_server *self, int fd, struct nbd_tls_context *tls);

/* Takes a socket, on success, whose peer is already in the transmission phase of that export: one end of a socketpair,
 * the other end being for the kernel's nbd driver (media/nbd_device.h) or a client of ours. *ret_flags, which may be
 * NULL: NBD_FLAG_* that the peer is to be told. What is read-only may be told as rounded up to a multiple of
 * NBD_DEVICE_BLOCK: zeros are behind its end. A read that such a peer asks for again while the first is at the source,
 * over this connection or another, waits for the same bytes; none waits for longer than NBD_READ_PATIENCE_US, then it
 * fails with EIO. -ENOENT, -ENOSPC. */
int nbd_server_serve(struct nbd_server *self, const char *name, int fd, uint16_t *ret_flags);

/* Offers a source and, on success, owns it. name: 1..63 bytes of printable UTF-8. -EINVAL, -EEXIST, -ENOSPC, -ENOMEM.
 */
int nbd_server_add(struct nbd_server *self, const char *name, struct source *source);

/* For people who ask for it (NBD_INFO_DESCRIPTION); at most 255 bytes are sent. -ENOENT, -ENOMEM. */
int nbd_server_describe(struct nbd_server *self, const char *name, const char *description);

/* Ends the export's connections and closes its source. Not inside admit or used; inside a source's callbacks it may be.
 * -ENOENT. */
int nbd_server_remove(struct nbd_server *self, const char *name);

bool nbd_server_stats(const struct nbd_server *self, const char *name, struct nbd_export_stats *ret);
