/* Makes frames smaller, for thumbnails. */
#pragma once

#include "video/frame.h"

/* The largest size within max_width x max_height that keeps the frame's proportions and is not larger than the frame;
 * at least 1 x 1. */
void scale_fit(const struct frame *frame, int max_width, int max_height, int *ret_width, int *ret_height);

/* A new frame in memory of its own, each pixel the mean of those it covers. width and height: 1 up to the frame's own.
 * 0, -ENOMEM, or -EINVAL for another size or a format other than BGRX. */
int scale_down(const struct frame *frame, int width, int height, struct frame **ret);
