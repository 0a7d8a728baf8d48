/* How the pixel formats of V4L2 lie in memory, as our frames see them. What a driver says of strides and sizes is
 * checked here, once. Pure. */
#pragma once

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "video/frame.h"

#define V4L2_MAX_MEMORIES FRAME_MAX_PLANES

struct v4l2_kind {
    uint32_t pixelformat; /* V4L2's */
    uint32_t fourcc;      /* ours: FOURCC_* of video/frame.h, or FOURCC_MJPG */
    uint8_t planes;       /* of the frame; MJPEG: 0 */
    uint8_t memories;     /* buffers of their own that they lie in: 1, or as many as planes */
    uint8_t group;        /* bytes that two pixels side by side take in the first plane */
    uint8_t chroma;       /* the same in each other plane */
    uint8_t halved;       /* 1: the other planes have half the lines */
    const char *name;     /* as people write it */
    const char *quality;  /* what its pictures are, for people */
};

/* All that can be captured, best pictures first (docs/capture.md). */
extern const struct v4l2_kind v4l2_kinds[];
extern const unsigned v4l2_n_kinds;

/* NULL: unknown. */
const struct v4l2_kind *v4l2_kind_of(uint32_t pixelformat);

struct v4l2_place {
    unsigned memory; /* which of the buffer's */
    size_t offset, stride;
};

struct v4l2_layout {
    const struct v4l2_kind *kind;
    int width, height;
    uint8_t colour; /* enum colour */
    unsigned memories;
    size_t sizes[V4L2_MAX_MEMORIES]; /* what the driver says each takes, padding included */
    size_t used[V4L2_MAX_MEMORIES];  /* what must be filled for a whole picture; MJPEG: 1 */
    struct v4l2_place planes[FRAME_MAX_PLANES];
};

/* From the driver's answer to VIDIOC_S_FMT or G_FMT, single- or multi-planar. 0; -EINVAL with one sentence in why:
 * unknown format, size out of range, fields, too narrow lines, too small images. */
int v4l2_layout_read(const struct v4l2_format *format, struct v4l2_layout *ret, char *why, size_t why_size);

/* Matrix and range of what the driver says, with the defaults that V4L2 defines, and where the driver does not know
 * the colour space, those of the size. */
uint8_t v4l2_colour(bool yuv, int height, uint32_t colorspace, uint32_t ycbcr_enc, uint32_t quantization);
