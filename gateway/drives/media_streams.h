/* Files that browsers and the command line bring: between the media websocket (transport/media.h) and a drive's medium.
 * A peer that goes away leaves its medium in the drive, waiting; the same file picked again goes on. Net thread. */
#pragma once

#include "gateway/gateway.h"
#include "transport/media.h"

extern const struct media_ops media_stream_ops; /* context: struct gateway */

/* What the drive says, which forgets the stream with the first two. */
void media_stream_ejected(struct media_stream *self);
void media_stream_copied(struct media_stream *self, uint64_t size); /* the library has it, nobody need bring it */
void media_stream_progress(struct media_stream *self, uint64_t copied, uint64_t size);
