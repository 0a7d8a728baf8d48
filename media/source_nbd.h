/* The other end of nbd_server_serve: blocks over a socket that is in the transmission phase already. With it another
 * process of ours (outward) hands media to the gateway. Simple replies, many in flight; replies that were never asked
 * for, or lie about lengths, end the connection. The loop's thread.
 *
 * Errors are those of the protocol. "A short loss" at the other side (nbd_error_from_errno of a peer that is served)
 * arrives as -EAGAIN, so that media/layers.h's patience asks again. A read or write of more than NBD_MAX_PAYLOAD is
 * -EINVAL. What still runs when the source is closed is answered inside source_close, with -ECANCELED. */
#pragma once

#include "core/loop.h"
#include "media/source.h"

#define SOURCE_NBD_IN_FLIGHT 4096 /* requests; one more is answered with -EAGAIN at once */

struct source_nbd_listener {
    /* The connection has ended by itself: what was under way got -ENOTCONN, as all that comes gets. Once. The source
     * may be closed inside. */
    void (*closed)(void *data, const char *why);
};

/* Takes fd on success. size and read_only as the other side said through another channel. */
int source_nbd_create(struct loop *loop, int fd, uint64_t size, bool read_only,
                      const struct source_nbd_listener *listener, void *data, struct source **ret);
