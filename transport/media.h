/* What the media websocket (docs/media-protocol.md) asks of the gateway: somebody's file becomes a target's medium, and
 * its blocks come over this socket. transport owns socket and protocol. Net thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/session.h"
#include "media/medium.h"

struct media_peer;   /* transport's: one websocket */
struct media_stream; /* the gateway's handle for it */

struct media_ops {
    /* A peer has said hello with a good ticket for this target and may use its media. The spec's origin is
     * MEDIUM_STREAM; its strings are valid during the call. The gateway answers with media_peer_ready or
     * media_peer_end, before or after returning. -ENOENT: no such target or drive; other errors with a sentence in why.
     */
    int (*open)(void *context, const char *target, unsigned drive, struct auth_session *session,
                const struct medium_spec *medium, struct media_peer *peer, char *why, size_t why_size,
                struct media_stream **ret);
    /* bytes NULL: it cannot read them any more (error: -EIO; -ESTALE: its file has changed). They are as many as were
     * asked for, valid during the call. False: it was not asked for this; the peer is ended. */
    bool (*answer)(struct media_stream *self, uint32_t id, const void *bytes, size_t size, int error);
    /* The peer is gone; orderly: it said that the file is withdrawn. */
    void (*close)(struct media_stream *self, bool orderly);
};

/* None of these calls back. After media_peer_end they do nothing until media_ops.close.
 * The medium is in the drive. id: with it the same file may be picked again. */
void media_peer_ready(struct media_peer *self, const uint8_t id[MEDIUM_ID_SIZE]);
/* At most 64 that are not answered, each of 1 byte to 256 KiB (docs/media-protocol.md). Sent as the socket takes them,
 * several in a round. */
void media_peer_ask(struct media_peer *self, uint32_t id, uint64_t offset, uint32_t length);
/* Of the copy to the library; complete: the peer may leave. */
void media_peer_progress(struct media_peer *self, uint64_t copied, uint64_t size, bool complete);

enum media_end {
    MEDIA_END_EJECTED = 1, /* the medium was taken out */
    MEDIA_END_COPIED,      /* the peer is no longer needed */
    MEDIA_END_REFUSED,     /* see why */
    MEDIA_END_PROTOCOL,
    MEDIA_END_SESSION,
    MEDIA_END_STOPPING,
    MEDIA_END_REPLACED, /* the same file is brought by another peer now */
    MEDIA_END_CHANGED,  /* it is not the same file */
};
/* media_ops.close follows from the loop, not inside. */
void media_peer_end(struct media_peer *self, enum media_end reason, const char *why);
