/* A part of a picture as greys, in a file in memory: what the reader is given. */
#pragma once

#include "video/frame.h"

/* FOURCC_BGRX or FOURCC_VYUX. The part is clipped to the picture. 0, *ret_fd the receiver's and *part as it was
 * clipped; -EINVAL: nothing is left, or more than `most` pixels; -ENOMEM, -errno. */
int grey_picture_create(const struct frame *frame, struct rect *part, size_t most, int *ret_fd);
