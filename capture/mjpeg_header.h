/* A look at a JPEG's markers (ITU-T T.81, annex B) before a decoder works on it: only what motion JPEG is made of is
 * let through, so that the work is bounded by the picture's size. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 0: one sequential 8-bit picture of this size with one or three components in a single scan, whose data begins within
 * these bytes. -EBADMSG: anything else. */
int mjpeg_header_check(const uint8_t *bytes, size_t size, int width, int height);
