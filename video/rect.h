/* Rectangles in pixels and small bounded sets of them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rect {
    int32_t x, y, w, h;
};

/* The part of r inside a width x height picture; w or h is 0 when nothing is left. Safe for any input. */
struct rect rect_clip(struct rect r, int32_t width, int32_t height);
struct rect rect_union(struct rect a, struct rect b);

#define RECT_SET_MAX 64

/* A set that merges into bounding boxes when it is full: it always covers what was added. */
struct rect_set {
    struct rect rects[RECT_SET_MAX];
    unsigned count;
};

void rect_set_add(struct rect_set *self, struct rect r);
