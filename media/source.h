/* Where a medium's blocks come from: one ops table a kind. Everything on the loop's thread.
 *
 * Requests are asynchronous and may overlap. Each ends in exactly one call of its done, on the loop's thread, perhaps
 * before the request function returned; error is 0 or -errno. A read that ends well has filled all of room with the
 * source's bytes: there is no short read. Ranges, read-only and lengths are checked here, once, for all kinds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attrs.h"

struct source;

typedef void source_done_fn(void *data, int error);

struct source_ops {
    const char *name; /* "file", "memory" */
    void (*read)(struct source *self, uint64_t offset, void *room, size_t length, source_done_fn *done, void *data);

    /* The three that change the medium may be NULL where read_only is always set. */
    void (*write)(struct source *self, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                  void *data);
    /* What was written and answered before survives a power cut. */
    void (*flush)(struct source *self, source_done_fn *done, void *data);
    /* The range's content is no longer needed. May be NULL: nothing is done. */
    void (*trim)(struct source *self, uint64_t offset, uint64_t length, source_done_fn *done, void *data);
    /* The range reads as zeros afterwards. keep_room: the room stays ours, later writes there do not run out of it. May
     * be NULL: zeros are written, a piece after the other. */
    void (*zero)(struct source *self, uint64_t offset, uint64_t length, bool keep_room, source_done_fn *done,
                 void *data);

    /* The owner is done with it. Requests that still run are answered as ever, even after this. */
    void (*close)(struct source *self);
};

/* Kinds embed this as their first member. */
struct source {
    const struct source_ops *ops;
    uint64_t size; /* bytes; fixed */
    bool read_only;
};

/* room and bytes stay the caller's and must live until done. -EINVAL: out of range; -EROFS; else what the kind says. */
void source_read(struct source *self, uint64_t offset, void *room, size_t length, source_done_fn *done, void *data);
void source_write(struct source *self, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                  void *data);
void source_flush(struct source *self, source_done_fn *done, void *data);
void source_trim(struct source *self, uint64_t offset, uint64_t length, source_done_fn *done, void *data);
void source_zero(struct source *self, uint64_t offset, uint64_t length, bool keep_room, source_done_fn *done,
                 void *data);
struct source *source_close(struct source *self); /* NULL allowed; returns NULL */
