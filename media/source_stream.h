/* A file whose owner (a browser, the command line) brings its blocks as they are asked for, in any order, many at a
 * time. The bytes' way is transport's; here stands what was asked and what may be answered. The loop's thread. */
#pragma once

#include "media/source.h"

#define STREAM_MAX_READ (256u << 10) /* bytes of one request; longer reads are divided */
#define STREAM_MAX_ASKED 64          /* requests under way; further reads wait in order */

struct source_stream_ops {
    /* Ask the owner for these bytes. */
    void (*ask)(void *data, uint32_t id, uint64_t offset, uint32_t length);
    /* The source was closed (what was asked ends with -ENOTCONN): it must not be named any more. May be NULL. */
    void (*closed)(void *data);
};

/* Read-only. size > 0. */
int source_stream_create(uint64_t size, const struct source_stream_ops *ops, void *data, struct source **ret);
/* An answer, allowed inside `ask`. -EPROTO: never asked for, or of another length: the owner must be dropped. It is
 * NULL when the owner cannot read these bytes any more, because of error (-EIO, -ESTALE: the file has changed). */
int source_stream_answer(struct source *self, uint32_t id, const void *bytes, size_t size, int error);
/* The owner is gone: what was asked ends with -ENOTCONN, and so does each further read. */
void source_stream_lost(struct source *self);
