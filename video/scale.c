#include "video/scale.h"

#include <errno.h>

struct scaled {
    struct frame frame;
    uint8_t pixels[];
};

static void scaled_release(struct frame *frame)
{
    free(container_of(frame, struct scaled, frame));
}

void scale_fit(const struct frame *frame, int max_width, int max_height, int *ret_width, int *ret_height)
{
    int64_t width = MIN(frame->width, max_width), height = MIN(frame->height, max_height);
    if (width * frame->height > height * frame->width)
        width = height * frame->width / frame->height;
    else
        height = width * frame->height / frame->width;
    *ret_width = (int)MAX(width, 1);
    *ret_height = (int)MAX(height, 1);
}

/* Mean of the source rectangle [x0, x1) x [y0, y1). */
static void mean(const struct frame_plane *plane, int x0, int x1, int y0, int y1, uint8_t *to)
{
    uint64_t sum[3] = {0, 0, 0};
    for (int y = y0; y < y1; y++) {
        const uint8_t *p = plane->data + (size_t)y * plane->stride + 4 * (size_t)x0;
        uint32_t line[3] = {0, 0, 0};
        for (int x = x0; x < x1; x++, p += 4)
            for (int k = 0; k < 3; k++)
                line[k] += p[k];
        for (int k = 0; k < 3; k++)
            sum[k] += line[k];
    }
    uint64_t count = (uint64_t)(x1 - x0) * (uint64_t)(y1 - y0);
    for (int k = 0; k < 3; k++)
        to[k] = (uint8_t)((sum[k] + count / 2) / count);
    to[3] = 255;
}

int scale_down(const struct frame *frame, int width, int height, struct frame **ret)
{
    if (frame->fourcc != FOURCC_BGRX || width < 1 || height < 1 || width > frame->width || height > frame->height)
        return -EINVAL;
    struct scaled *scaled = malloc(sizeof *scaled + (size_t)width * (size_t)height * 4);
    if (!scaled)
        return -ENOMEM;
    uint8_t *to = scaled->pixels;
    for (int y = 0; y < height; y++) {
        int y0 = (int)((int64_t)y * frame->height / height), y1 = (int)((int64_t)(y + 1) * frame->height / height);
        for (int x = 0; x < width; x++, to += 4) {
            int x0 = (int)((int64_t)x * frame->width / width), x1 = (int)((int64_t)(x + 1) * frame->width / width);
            mean(&frame->planes[0], x0, x1, y0, y1, to);
        }
    }
    scaled->frame = (struct frame){
        .width = width,
        .height = height,
        .fourcc = FOURCC_BGRX,
        .planes[0] = {.data = scaled->pixels, .stride = (size_t)width * 4},
        .captured_us = frame->captured_us,
        .release = scaled_release,
    };
    ref_init(&scaled->frame.ref);
    *ret = &scaled->frame;
    return 0;
}
