/* The other end of nbd_server_serve: blocks over a socket that is in the transmission phase already. With it another
 * process of ours (outward) hands media to the gateway. Simple replies, many in flight; replies that were never asked
 * for, or lie about lengths, end the connection. The loop's thread. */
#pragma once

#include "core/loop.h"
#include "media/source.h"

struct source_nbd_listener {
    void (*closed)(void *data, const char *why); /* reads end with -ENOTCONN from now on */
};

/* Takes fd on success. size and read_only as the other side said through another channel. */
int source_nbd_create(struct loop *loop, int fd, uint64_t size, bool read_only,
                      const struct source_nbd_listener *listener, void *data, struct source **ret);
