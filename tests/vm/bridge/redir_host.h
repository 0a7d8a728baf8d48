/* The "usb-host" side of a usbredir connection to QEMU's usb-redir device: the socket and the parser. What the peer
 * asks for comes out as calls of the parser's own functions, which the owner sets. One thread, in a loop. */
#pragma once

#include <usbredirparser.h>

#include "core/loop.h"

struct redir_host;

struct redir_host_owner {
    void (*set_functions)(struct usbredirparser *parser); /* those of packets; priv is `data` */
    /* Over; the owner destroys it, but not from inside a function of the parser. */
    void (*closed)(void *data, const char *why);
};

/* path: QEMU's socket (server=on). -errno. */
int redir_host_create(struct loop *loop, const char *path, const struct redir_host_owner *owner, void *data,
                      struct redir_host **ret);
struct redir_host *redir_host_destroy(struct redir_host *self); /* NULL allowed; returns NULL */

struct usbredirparser *redir_host_parser(struct redir_host *self);
void redir_host_flush(struct redir_host *self); /* sends what the parser has queued */
/* While paused nothing is taken from the peer; from inside a function of the parser too. */
void redir_host_pause(struct redir_host *self, bool paused);
