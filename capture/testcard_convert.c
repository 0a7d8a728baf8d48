#include "capture/testcard_convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "video/cell_pack.h"
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
    const struct cell_layout *layout;
    uint8_t *planes[CELL_ROW_PLANES];
    size_t stride[CELL_ROW_PLANES];
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
    const bool red_first = t->layout->fourcc == FOURCC_RGB24;
    p[red_first ? 0 : 2] = (uint8_t)(rgb >> 16);
    p[1] = (uint8_t)(rgb >> 8);
    p[red_first ? 2 : 0] = (uint8_t)rgb;
}

static void put_yuv(const struct target *t, int x, int y)
{
    const uint32_t yuv = csc_from_rgb(t->csc, rgb_at(t, x, y));
    const struct cell_layout *layout = t->layout;
    const bool packed = !layout->bytes[1], luma_first = layout->fourcc == FOURCC_YUYV;
    uint8_t *line = t->planes[0] + (size_t)y * t->stride[0];
    line[packed ? 2 * x + !luma_first : x] = (uint8_t)(yuv >> 8);
    if ((!layout->full_chroma && x & 1) || (layout->halved && y & 1))
        return;
    const size_t chroma_y = (size_t)(layout->halved ? y / 2 : y), chroma_x = (size_t)(layout->full_chroma ? x : x / 2);
    uint8_t *u, *v;
    if (packed) {
        u = line + 2 * x + luma_first;
        v = u + 2;
    } else if (layout->bytes[2]) {
        u = t->planes[1] + chroma_y * t->stride[1] + chroma_x;
        v = t->planes[2] + chroma_y * t->stride[2] + chroma_x;
    } else {
        u = t->planes[1] + chroma_y * t->stride[1] + 2 * chroma_x;
        v = u + 1;
    }
    *u = (uint8_t)(yuv >> 16);
    *v = (uint8_t)yuv;
}

static void convert(const struct target *t, struct rect r)
{
    const bool rgb = cell_pack_fourcc(t->layout->fourcc) == FOURCC_BGRX;
    r = rect_clip(testcard_even(r), t->from->width, t->from->height);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            (rgb ? put_rgb : put_yuv)(t, x, y);
}

void testcard_convert(const struct testcard_original *self, const struct frame *frame, uint8_t *pixels, uint32_t before)
{
    struct target t = {.from = &self->canvas, .csc = csc_of(frame->colour), .layout = cell_layout_of(frame->fourcc)};
    t.planes[0] = pixels;
    t.stride[0] = frame->planes[0].stride;
    for (int p = 1; p < CELL_ROW_PLANES && t.layout->bytes[p]; p++) {
        t.planes[p] = pixels + (frame->planes[p].data - frame->planes[0].data);
        t.stride[p] = frame->planes[p].stride;
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
