/* Generated screens for tests and benches: text that is typed and scrolled, windows that move, gradients, noise, mode
 * changes. Deterministic for a seed. */
#pragma once

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "video/cell_hash.h"
#include "video/frame.h"

struct scene {
    int width, height;
    uint32_t *pixels; /* 0xXXRRGGBB in a word, X full of rubbish */
    uint64_t seed;
};

static inline uint32_t scene_rnd(struct scene *self, uint32_t limit)
{
    self->seed ^= self->seed << 13;
    self->seed ^= self->seed >> 7;
    self->seed ^= self->seed << 17;
    return (uint32_t)(self->seed >> 33) % limit;
}

static inline void scene_init(struct scene *self, int width, int height, uint64_t seed)
{
    *self = (struct scene){.width = width, .height = height, .seed = seed * 2654435761u + 88172645463325252u};
    self->pixels = calloc((size_t)width * (size_t)height, 4);
    assert(self->pixels);
}

static inline void scene_finish(struct scene *self)
{
    free(self->pixels);
}

static inline void scene_put(struct scene *self, int x, int y, uint32_t colour)
{
    if (x >= 0 && y >= 0 && x < self->width && y < self->height)
        self->pixels[(size_t)y * (size_t)self->width + (size_t)x] = (colour & 0xFFFFFF) | self->seed << 24;
}

static inline void scene_fill(struct scene *self, int x, int y, int w, int h, uint32_t colour)
{
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            scene_put(self, i, j, colour);
}

/* A made-up glyph of 8x16: the same for the same letter, with soft edges when `smooth`. */
static inline void scene_glyph(struct scene *self, int x, int y, unsigned letter, uint32_t ink, uint32_t paper,
                               int smooth)
{
    for (int j = 0; j < 16; j++) {
        uint32_t bits = letter * 2654435761u ^ (uint32_t)(j / 2) * 40503u;
        bits = j < 3 || j > 12 || letter % 96 == 0 ? 0 : bits ^ bits >> 13;
        for (int i = 0; i < 8; i++) {
            int on = i < 7 && bits >> i & 1;
            uint32_t colour = on ? ink : paper;
            if (smooth && on && bits >> (i + 8) & 1)
                colour = (ink >> 1 & 0x7F7F7F) + (paper >> 1 & 0x7F7F7F);
            scene_put(self, x + i, y + j, colour);
        }
    }
}

static inline void scene_text_line(struct scene *self, int x, int y, int letters, uint32_t ink, uint32_t paper)
{
    for (int i = 0; i < letters; i++)
        scene_glyph(self, x + 8 * i, y, scene_rnd(self, 3) ? scene_rnd(self, 96) : 0, ink, paper, 1);
}

/* Moves a rectangle's content up (by > 0) or down; what is exposed keeps its old pixels. */
static inline void scene_scroll(struct scene *self, int x, int y, int w, int h, int by)
{
    for (int k = 0; k < h; k++) {
        int j = by > 0 ? y + k : y + h - 1 - k;
        if (j + by >= y && j + by < y + h)
            memmove(self->pixels + (size_t)j * (size_t)self->width + x,
                    self->pixels + (size_t)(j + by) * (size_t)self->width + x, (size_t)w * 4);
    }
}

static inline void scene_gradient(struct scene *self, int x, int y, int w, int h)
{
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            scene_put(self, i, j,
                      (uint32_t)(i * 255 / self->width) << 16 | (uint32_t)((i + j) / 9 & 255) << 8 | (j & 255));
}

static inline void scene_noise(struct scene *self, int x, int y, int w, int h)
{
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            scene_put(self, i, j, scene_rnd(self, 1 << 24));
}

static inline void scene_start(struct scene *self)
{
    scene_fill(self, 0, 0, self->width, self->height, 0x204060);
    for (int y = 8; y + 16 < self->height; y += 16)
        scene_text_line(self, 8, y, self->width / 8 - 4, 0xC0C0C0, 0x204060);
}

/* One random change of the kinds a screen makes. */
static inline void scene_step(struct scene *self)
{
    int w = 1 + (int)scene_rnd(self, (uint32_t)self->width), h = 1 + (int)scene_rnd(self, (uint32_t)self->height);
    int x = (int)scene_rnd(self, (uint32_t)(self->width - w + 1)),
        y = (int)scene_rnd(self, (uint32_t)(self->height - h + 1));
    switch (scene_rnd(self, 9)) {
    case 0:
    case 1:
    case 2: /* typing */
        scene_glyph(self, x & ~7, y, scene_rnd(self, 96), 0xFFFFFF, 0x204060, 1);
        break;
    case 3:
    case 4: { /* scroll with a new line */
        int by = scene_rnd(self, 4) ? 16 : 1 + (int)scene_rnd(self, 40);
        by = scene_rnd(self, 3) ? by : -by;
        scene_scroll(self, x, y, w, h, by);
        scene_text_line(self, x, by > 0 ? y + h - 16 : y, w / 8, 0xC0C0C0, 0x204060);
        break;
    }
    case 5: /* a window opens */
        scene_fill(self, x, y, w, h, scene_rnd(self, 1 << 24));
        scene_fill(self, x, y, w, 12, 0x3060C0);
        break;
    case 6:
        scene_gradient(self, x, y, w / 2 + 1, h / 2 + 1);
        break;
    case 7:
        scene_noise(self, x, y, w / 4 + 1, h / 4 + 1);
        break;
    case 8: { /* what a window shows moves sideways */
        int by = 1 + (int)scene_rnd(self, 30);
        for (int j = y; j < y + h && w > by; j++)
            memmove(self->pixels + (size_t)j * (size_t)self->width + x,
                    self->pixels + (size_t)j * (size_t)self->width + x + by, (size_t)(w - by) * 4);
        break;
    }
    }
}

struct scene_frame {
    struct frame frame;
    uint32_t *pixels;
};

static inline void scene_frame_release(struct frame *frame)
{
    struct scene_frame *self = container_of(frame, struct scene_frame, frame);
    free(self->pixels);
    free(self);
}

/* The scene as it is now, in memory of its own. */
static inline struct frame *scene_frame(struct scene *self)
{
    size_t size = (size_t)self->width * (size_t)self->height * 4;
    struct scene_frame *f = calloc(1, sizeof *f);
    assert(f);
    f->pixels = malloc(size);
    assert(f->pixels);
    memcpy(f->pixels, self->pixels, size);
    f->frame = (struct frame){
        .width = self->width, .height = self->height, .fourcc = FOURCC_BGRX, .release = scene_frame_release};
    ref_init(&f->frame.ref);
    f->frame.planes[0] = (struct frame_plane){.data = (const uint8_t *)f->pixels, .stride = (size_t)self->width * 4};
    return &f->frame;
}
