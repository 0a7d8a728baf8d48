/* Head of a recording of raw frames; little endian:
 *
 *   0  7 bytes  "LSRAW1\n"
 *   7  u32      width, pixels, 1..FRAME_MAX_SIZE
 *  11  u32      height
 *  15  u32      pictures per second, 0 (as fast as they are consumed) .. 1000
 *  19  u32      fourcc of the layout, as V4L2 names it: XR24 (FOURCC_BGRX), YUYV, UYVY, NV12, NV16, YU12,
 *                   422P, 444P, RGB3 or BGR3
 *
 * Then one frame after the other, lines without padding and planes one behind the other, until the end of the stream.
 * Pure. */
#pragma once

#include "capture/screen.h"

#define REPLAY_HEADER_SIZE 23

struct replay_header {
    int width, height;
    unsigned fps;
    uint32_t fourcc;
};

/* bytes: REPLAY_HEADER_SIZE of them. SCREEN_OK and *ret filled; else the signal that fits and in *ret_why a sentence.
 */
enum screen_signal replay_header_parse(const uint8_t *bytes, struct replay_header *ret, const char **ret_why);

void replay_header_write(const struct replay_header *header, uint8_t ret[REPLAY_HEADER_SIZE]);
