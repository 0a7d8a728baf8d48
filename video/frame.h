/* One captured picture: planes, stride, format, times. Immutable from the moment it is published; one producer, many
 * readers on any thread; the last unref gives it back by `release` (on the thread of that unref, so release must only
 * hand over: a pool's lock or an eventfd). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/ref.h"
#include "video/rect.h"

#define FRAME_MAX_SIZE 8192 /* pixels, each way */
#define FRAME_MAX_PLANES 3

/* V4L2 / DRM style fourcc of the memory layout. */
#define FOURCC(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define FOURCC_BGRX FOURCC('X', 'R', '2', '4') /* bytes B,G,R,x; x is never looked at */

struct frame_plane {
    const uint8_t *data;
    size_t stride; /* bytes from one row to the next */
};

struct frame {
    struct ref ref;
    int width, height; /* pixels, 1..FRAME_MAX_SIZE */
    uint32_t fourcc;
    struct frame_plane planes[FRAME_MAX_PLANES];
    uint64_t captured_us; /* CLOCK_MONOTONIC when the picture was complete in memory */

    /* What may differ from the frame this source published just before. hints_valid false: anything may. */
    bool hints_valid;
    struct rect_set hints;

    void (*release)(struct frame *self);
    void *release_data;
};

struct frame *frame_ref(struct frame *self);
struct frame *frame_unref(struct frame *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct frame, frame_unref)
