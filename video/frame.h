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

/* What else a source may capture in: V4L2's names (Linux, videodev2.h). A last pixel without its pair keeps the pair's
 * chroma; NV12 has a second plane of U,V pairs, one for 2x2 pixels, (width + 1) / 2 of them in (height + 1) / 2 lines.
 */
#define FOURCC_YUYV FOURCC('Y', 'U', 'Y', 'V')
#define FOURCC_UYVY FOURCC('U', 'Y', 'V', 'Y')
#define FOURCC_NV12 FOURCC('N', 'V', '1', '2')
#define FOURCC_RGB24 FOURCC('R', 'G', 'B', '3') /* bytes R,G,B */
#define FOURCC_BGR24 FOURCC('B', 'G', 'R', '3')
#define FOURCC_NV16 FOURCC('N', 'V', '1', '6') /* as NV12, with chroma in every line */
#define FOURCC_YU12 FOURCC('Y', 'U', '1', '2') /* planes Y, U, V; chroma for 2x2 pixels, as NV12 rounds */
#define FOURCC_422P FOURCC('4', '2', '2', 'P') /* planes Y, U, V; chroma for two pixels of a line */
#define FOURCC_444P FOURCC('4', '4', '4', 'P') /* planes Y, U, V, all of one size; what a JPEG may hold, never V4L2 */

/* What pictures of YUV sources are packed into: bytes V,Y,U,x; chroma replicated. U stands where BGRX has R, so that
 * whatever treats pixels as three bytes takes both. Never captured. */
#define FOURCC_VYUX FOURCC('V', 'Y', 'U', 'X')

struct frame_plane {
    const uint8_t *data;
    size_t stride; /* bytes from one row to the next */
};

struct frame {
    struct ref ref;
    int width, height; /* pixels, 1..FRAME_MAX_SIZE */
    uint32_t fourcc;
    struct frame_plane planes[FRAME_MAX_PLANES];
    uint8_t colour;       /* enum colour, video/csc.h: matrix and range of YUV, COLOUR_RGB (0) for RGB */
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
