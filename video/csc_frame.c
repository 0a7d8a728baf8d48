#include "video/csc_frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "video/csc.h"

static void release(struct frame *frame)
{
    free(frame);
}

static void convert_line(const struct csc *csc, const uint8_t *from, int width, uint8_t *to)
{
    for (int x = 0; x < width; x++, from += 4, to += 4) {
        uint32_t rgb = csc_to_rgb(csc, (uint32_t)from[2] << 16 | (uint32_t)from[1] << 8 | from[0]);
        to[0] = (uint8_t)rgb;
        to[1] = (uint8_t)(rgb >> 8);
        to[2] = (uint8_t)(rgb >> 16);
        to[3] = 0;
    }
}

int csc_frame_to_bgrx(struct frame *frame, struct frame **ret)
{
    if (frame->fourcc == FOURCC_BGRX) {
        *ret = frame_ref(frame);
        return 0;
    }
    if (frame->fourcc != FOURCC_VYUX)
        return -EINVAL;
    const size_t stride = (size_t)frame->width * 4;
    struct frame *copy = malloc(sizeof *copy + stride * (size_t)frame->height);
    if (!copy)
        return -ENOMEM;
    uint8_t *pixels = (uint8_t *)(copy + 1);
    for (int y = 0; y < frame->height; y++)
        convert_line(csc_of(frame->colour), frame->planes[0].data + (size_t)y * frame->planes[0].stride, frame->width,
                     pixels + (size_t)y * stride);
    *copy = (struct frame){
        .width = frame->width,
        .height = frame->height,
        .fourcc = FOURCC_BGRX,
        .planes[0] = {.data = pixels, .stride = stride},
        .captured_us = frame->captured_us,
        .release = release,
    };
    ref_init(&copy->ref);
    *ret = copy;
    return 0;
}
