/* A frame as a JPEG file, for thumbnails and previews; lossy. Any thread, never the net thread for large pictures. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "video/frame.h"

/* quality 1..100; from 90 on with full colour resolution, below with half of it each way. *ret is the caller's, freed
 * with free(). 0, -ENOMEM, -EINVAL (quality, or a format other than BGRX), or -EIO when the library refuses. */
int jpeg_encode(const struct frame *frame, int quality, uint8_t **ret, size_t *ret_size);
