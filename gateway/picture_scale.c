#include "gateway/picture_scale.h"

#include <errno.h>

struct scaled {
    struct frame frame; /* first member */
    uint8_t pixels[];
};

/* Mean of the source's pixels under one pixel of the result, whole pixels only: a thumbnail needs no better. */
static void mean(const struct frame_plane *plane, unsigned x0, unsigned x1, unsigned y0, unsigned y1, uint8_t *bgrx)
{
    uint64_t sum[3] = {0};
    for (unsigned y = y0; y < y1; y++) {
        const uint8_t *p = plane->data + y * plane->stride + (size_t)x0 * 4;
        for (unsigned x = x0; x < x1; x++, p += 4)
            for (int i = 0; i < 3; i++)
                sum[i] += p[i];
    }
    uint64_t n = (uint64_t)(x1 - x0) * (y1 - y0);
    for (int i = 0; i < 3; i++)
        bgrx[i] = (uint8_t)((sum[i] + n / 2) / n);
    bgrx[3] = 255;
}

static unsigned edge(unsigned i, unsigned from, unsigned to)
{
    return (unsigned)((uint64_t)i * from / to);
}

static void scale_row(const struct frame *frame, unsigned row, struct scaled *to)
{
    unsigned width = (unsigned)to->frame.width, height = (unsigned)to->frame.height;
    unsigned full_width = (unsigned)frame->width, full_height = (unsigned)frame->height;
    unsigned y0 = edge(row, full_height, height), y1 = MAX(edge(row + 1, full_height, height), y0 + 1);
    uint8_t *out = to->pixels + (size_t)row * width * 4;
    for (unsigned x = 0; x < width; x++, out += 4) {
        unsigned x0 = edge(x, full_width, width), x1 = MAX(edge(x + 1, full_width, width), x0 + 1);
        mean(&frame->planes[0], x0, x1, y0, y1, out);
    }
}

static void release(struct frame *frame)
{
    free(frame->release_data);
}

int picture_scale(struct frame *frame, unsigned width, struct frame **ret)
{
    if (frame->fourcc != FOURCC_BGRX)
        return -ENOTSUP;
    if (width == 0 || width >= (unsigned)frame->width) {
        *ret = frame_ref(frame);
        return 0;
    }
    unsigned height = MAX((unsigned)((uint64_t)frame->height * width / (unsigned)frame->width), 1u);
    struct scaled *self = malloc(sizeof *self + (size_t)width * height * 4);
    if (!self)
        return -ENOMEM;
    self->frame = (struct frame){.width = (int)width, .height = (int)height, .fourcc = FOURCC_BGRX};
    ref_init(&self->frame.ref);
    self->frame.planes[0] = (struct frame_plane){.data = self->pixels, .stride = (size_t)width * 4};
    self->frame.captured_us = frame->captured_us;
    self->frame.release = release;
    self->frame.release_data = self;
    for (unsigned row = 0; row < height; row++)
        scale_row(frame, row, self);
    *ret = &self->frame;
    return 0;
}
