#include "capture/mjpeg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "capture/frame_pool.h"
#include "capture/mjpeg_header.h"
#include "core/attrs.h"
#include "video/csc.h"

/* One being decoded, one in the mailbox, one held for comparison, two with encoders, one to spare. */
#define BUFFERS 6
#define BLOCKS 16 /* pixels that the largest group of blocks has each way, but for 4:1:1, which has 32 across */

struct mjpeg {
    tjhandle handle;
    struct frame_pool *pool;
    int width, height; /* of the pool's frames, in whole groups of blocks */
    uint32_t fourcc;
};

int mjpeg_create(struct mjpeg **ret)
{
    struct mjpeg *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->handle = tjInitDecompress();
    if (!self->handle) {
        free(self);
        return -ENOMEM;
    }
    *ret = self;
    return 0;
}

struct mjpeg *mjpeg_destroy(struct mjpeg *self)
{
    if (self) {
        frame_pool_destroy(self->pool);
        tjDestroy(self->handle);
        free(self);
    }
    return NULL;
}

static uint32_t fourcc_of(int sampling)
{
    switch (sampling) {
    case TJSAMP_420:
    case TJSAMP_GRAY:
        return FOURCC_YU12;
    case TJSAMP_422:
    case TJSAMP_411:
        return FOURCC_422P;
    case TJSAMP_444:
    case TJSAMP_440:
        return FOURCC_444P;
    default:
        return 0;
    }
}

/* Buffers have whole groups of blocks, so that the decoder writes rows of its own size straight into them. */
static int follow(struct mjpeg *self, int width, int height, uint32_t fourcc)
{
    width = (width + 2 * BLOCKS - 1) / (2 * BLOCKS) * (2 * BLOCKS);
    height = (height + BLOCKS - 1) / BLOCKS * BLOCKS;
    if (self->pool && self->width == width && self->height == height && self->fourcc == fourcc)
        return 0;
    struct frame_pool *pool;
    int r = frame_pool_create(width, height, fourcc, BUFFERS, &pool);
    if (r < 0)
        return r;
    frame_pool_destroy(self->pool);
    self->pool = pool;
    self->width = width;
    self->height = height;
    self->fourcc = fourcc;
    return 0;
}

/* 4:1:1 has a value for four pixels: each is written twice, from the right on, since they stand in the same line. */
static void widen(uint8_t *plane, size_t stride, int pairs, int lines)
{
    for (int y = 0; y < lines; y++, plane += stride)
        for (int x = pairs - 1; x > 0; x--)
            plane[x] = plane[x / 2];
}

/* 4:4:0 was decoded into every other line. */
static void double_lines(uint8_t *plane, size_t stride, int lines)
{
    for (int y = 1; y < lines; y += 2)
        memcpy(plane + (size_t)y * stride, plane + (size_t)(y - 1) * stride, stride);
}

/* Colour comes to rest at what a frame format of ours has. */
static void spread_chroma(int sampling, uint8_t *const planes[3], const struct frame *frame)
{
    for (int p = 1; p < 3; p++) {
        const size_t stride = frame->planes[p].stride;
        if (sampling == TJSAMP_GRAY)
            memset(planes[p], 128, stride * (size_t)((frame->height + 1) / 2));
        else if (sampling == TJSAMP_411)
            widen(planes[p], stride, (frame->width + 1) / 2, frame->height);
        else if (sampling == TJSAMP_440)
            double_lines(planes[p], stride, frame->height);
    }
}

/* Some devices put a few bytes behind the last block of each frame. By then the picture is complete: there is one scan,
 * and the decoder stopped at its first complaint. */
static bool is_complete(tjhandle handle)
{
    return tjGetErrorCode(handle) == TJERR_WARNING &&
           strstr(tjGetErrorStr2(handle), "extraneous bytes before marker 0xd9") != NULL;
}

static int decode(struct mjpeg *self, const uint8_t *bytes, size_t size, int sampling, struct pool_buffer *buffer)
{
    struct frame *frame = &buffer->frame;
    uint8_t *planes[3];
    int strides[3];
    for (int p = 0; p < 3; p++) {
        planes[p] = buffer->pixels + (frame->planes[p].data - frame->planes[0].data);
        strides[p] = (int)frame->planes[p].stride * (p && sampling == TJSAMP_440 ? 2 : 1);
    }
    if (tjDecompressToYUVPlanes(self->handle, bytes, size, planes, frame->width, strides, frame->height,
                                TJFLAG_STOPONWARNING) < 0 &&
        !is_complete(self->handle))
        return -EBADMSG;
    spread_chroma(sampling, planes, frame);
    return 0;
}

int mjpeg_decode(struct mjpeg *self, const uint8_t *bytes, size_t size, int width, int height, struct frame **ret)
{
    int header_width, header_height, sampling, colours;
    if (width < 1 || height < 1 || width > FRAME_MAX_SIZE || height > FRAME_MAX_SIZE ||
        mjpeg_header_check(bytes, size, width, height) < 0 ||
        tjDecompressHeader3(self->handle, bytes, size, &header_width, &header_height, &sampling, &colours) < 0 ||
        (colours != TJCS_YCbCr && colours != TJCS_GRAY))
        return -EBADMSG;
    const uint32_t fourcc = fourcc_of(sampling);
    if (!fourcc || header_width != width || header_height != height)
        return -EBADMSG;
    int r = follow(self, width, height, fourcc);
    if (r < 0)
        return r;
    struct pool_buffer *buffer = frame_pool_take(self->pool);
    if (!buffer)
        return -EAGAIN;
    buffer->frame.width = width;
    buffer->frame.height = height;
    buffer->frame.colour = COLOUR_BT601_FULL;
    r = decode(self, bytes, size, sampling, buffer);
    if (r < 0) {
        frame_unref(&buffer->frame);
        return r;
    }
    *ret = &buffer->frame;
    return 0;
}
