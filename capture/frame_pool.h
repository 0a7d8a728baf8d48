/* A fixed number of equal buffers that a software screen driver draws frames into. A buffer that was published is not
 * handed out again before its last reader let go of it, so a published picture never changes. Buffers get their memory
 * when they are first needed. The pool may be destroyed while frames are still out: it goes with the last of them. */
#pragma once

#include "video/frame.h"

struct frame_pool;

/* What frame_pool_take hands out. The frame is filled in but for captured_us and hints. `colour` of YUV is what sources
 * of that height usually give: limited range, BT.709 from 720 lines on and BT.601 below (CTA-861, 5.1). */
struct pool_buffer {
    struct frame frame;
    uint8_t *pixels; /* the frame's planes one after the other, writable until the frame is published */
    size_t size;     /* bytes of all planes */
    size_t stride;   /* bytes, of the first */
    uint64_t tag;    /* the driver's note of what it drew here last; 0 in a new buffer, whose pixels are 0 */
};

/* Lines without padding. -EINVAL for a format that is not captured (video/cell_row.h), a size out of range or no
 * buffers, -ENOMEM. Any thread. */
int frame_pool_create(int width, int height, uint32_t fourcc, unsigned buffers, struct frame_pool **ret);
struct frame_pool *frame_pool_destroy(struct frame_pool *self); /* NULL allowed; returns NULL */

/* A free buffer whose frame has one reference, the caller's: pass it on, or drop it with frame_unref. NULL when all are
 * out or memory is short. */
struct pool_buffer *frame_pool_take(struct frame_pool *self);

/* Readable after a buffer came back; frame_pool_drain makes it quiet again. */
int frame_pool_fd(const struct frame_pool *self);
void frame_pool_drain(struct frame_pool *self);
