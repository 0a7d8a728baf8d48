/* What QEMU's display says, put into surfaces: every number in it is checked here, once. No I/O and no threads, so that
 * the fuzzer drives it as QEMU would. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "machines/qemu/settle.h"
#include "video/surface_pool.h"

/* Formats of pixman that are B,G,R,x in memory on a little-endian host; the only ones QEMU was seen to send. */
#define CANVAS_X8R8G8B8 0x20020888u
#define CANVAS_A8R8G8B8 0x20028888u

struct canvas {
    struct surface_pool *pool;
    struct settle settle;
    uint64_t drawn_us; /* when the newest piece was complete in memory; the caller's */
};

/* Whether the pixels of a w x h rectangle at x,y can be read from size bytes. 0; -ERANGE: larger than FRAME_MAX_SIZE;
 * -ENOTSUP: a format we cannot take; -EPROTO: numbers that do not fit together. Pure. */
int canvas_check(int64_t x, int64_t y, int64_t w, int64_t h, uint32_t stride, uint32_t format, size_t size);

/* The listener's methods of the same names. 0 or an error of canvas_check; -ENOMEM. */
int canvas_scanout(struct canvas *self, uint32_t width, uint32_t height, uint32_t stride, uint32_t format,
                   const uint8_t *bytes, size_t size);
int canvas_update(struct canvas *self, int32_t x, int32_t y, int32_t w, int32_t h, uint32_t stride, uint32_t format,
                  const uint8_t *bytes, size_t size);

enum settle_action canvas_next(struct canvas *self, uint64_t now_us);
