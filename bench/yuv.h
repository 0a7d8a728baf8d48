/* What a video codec's users do before and behind it: BGRX to 4:2:0 and back, by libyuv. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct yuv {
    uint8_t *data[3];
    int stride[3];
};

/* BT.601, limited range. */
void yuv_from_bgrx(const uint8_t *pixels, size_t stride, int width, int height, const struct yuv *to);
/* Chroma is interpolated, as browsers do. */
void yuv_to_bgrx(const struct yuv *from, int width, int height, uint8_t *pixels);

/* The planes of a width x height picture without padding, at `bytes`; their size. */
size_t yuv_lay_out(uint8_t *bytes, int width, int height, struct yuv *ret);
