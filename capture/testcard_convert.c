#include "capture/testcard_convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "video/csc.h"

struct testcard_original {
    struct testcard_canvas canvas;
    uint32_t number; /* 0: nothing is drawn yet */
};

int testcard_original_create(int width, int height, struct testcard_original **ret)
{
    _cleanup_free_ struct testcard_original *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->canvas = (struct testcard_canvas){.stride = (size_t)width * 4, .width = width, .height = height};
    self->canvas.pixels = malloc(self->canvas.stride * (size_t)height);
    if (!self->canvas.pixels)
        return -ENOMEM;
    *ret = take(self);
    return 0;
}

struct testcard_original *testcard_original_destroy(struct testcard_original *self)
{
    if (self) {
        free(self->canvas.pixels);
        free(self);
    }
    return NULL;
}

void testcard_original_draw(struct testcard_original *self, uint32_t number)
{
    if (self->number)
        testcard_draw_step(&self->canvas, self->number, number);
    else
        testcard_draw_all(&self->canvas, number);
    self->number = number;
}

struct rect testcard_even(struct rect r)
{
    int right = (r.x + r.w + 1) & ~1, lower = (r.y + r.h + 1) & ~1;
    r.x &= ~1;
    r.y &= ~1;
    return (struct rect){r.x, r.y, right - r.x, lower - r.y};
}

struct target {
    const struct testcard_canvas *from;
    const struct csc *csc;
    uint32_t fourcc;
    uint8_t *planes[2];
    size_t stride[2];
};

static uint32_t rgb_at(const struct target *t, int x, int y)
{
    const uint8_t *p = t->from->pixels + (size_t)y * t->from->stride + (size_t)x * 4;
    return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put_rgb(const struct target *t, int x, int y)
{
    uint32_t rgb = rgb_at(t, x, y);
    uint8_t *p = t->planes[0] + (size_t)y * t->stride[0] + 3 * (size_t)x;
    const bool red_first = t->fourcc == FOURCC_RGB24;
    p[red_first ? 0 : 2] = (uint8_t)(rgb >> 16);
    p[1] = (uint8_t)(rgb >> 8);
    p[red_first ? 2 : 0] = (uint8_t)rgb;
}

static void put_yuv(const struct target *t, int x, int y)
{
    const uint32_t yuv = csc_from_rgb(t->csc, rgb_at(t, x, y));
    const bool nv12 = t->fourcc == FOURCC_NV12, luma_first = t->fourcc == FOURCC_YUYV;
    uint8_t *line = t->planes[0] + (size_t)y * t->stride[0];
    line[nv12 ? x : 2 * x + !luma_first] = (uint8_t)(yuv >> 8);
    if (x & 1 || (nv12 && y & 1))
        return;
    uint8_t *chroma = nv12 ? t->planes[1] + (size_t)(y / 2) * t->stride[1] + x : line + 2 * x + luma_first;
    chroma[0] = (uint8_t)(yuv >> 16);
    chroma[nv12 ? 1 : 2] = (uint8_t)yuv;
}

static void convert(const struct target *t, struct rect r)
{
    const bool rgb = t->fourcc == FOURCC_RGB24 || t->fourcc == FOURCC_BGR24;
    r = rect_clip(testcard_even(r), t->from->width, t->from->height);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            (rgb ? put_rgb : put_yuv)(t, x, y);
}

void testcard_convert(const struct testcard_original *self, const struct frame *frame, uint8_t *pixels, uint32_t before)
{
    struct target t = {.from = &self->canvas, .csc = csc_of(frame->colour), .fourcc = frame->fourcc};
    t.planes[0] = pixels;
    t.stride[0] = frame->planes[0].stride;
    if (frame->fourcc == FOURCC_NV12) {
        t.planes[1] = pixels + (frame->planes[1].data - frame->planes[0].data);
        t.stride[1] = frame->planes[1].stride;
    }
    if (!before) {
        convert(&t, (struct rect){0, 0, frame->width, frame->height});
        return;
    }
    struct rect parts[2 * TESTCARD_PARTS];
    testcard_parts(frame->width, frame->height, before, parts);
    testcard_parts(frame->width, frame->height, self->number, parts + TESTCARD_PARTS);
    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
        convert(&t, parts[i]);
}
