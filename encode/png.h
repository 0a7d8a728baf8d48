/* A frame as a PNG file, exact. Takes some 50 to 200 ms for 1080p: for worker threads only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "video/frame.h"

/* *ret is the caller's, freed with free(). 0, -ENOMEM, or -EINVAL for a format other than BGRX. */
int png_encode(const struct frame *frame, uint8_t **ret, size_t *ret_size);
