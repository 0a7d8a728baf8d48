/* A frame made smaller, for thumbnails. Pure; for workers. */
#pragma once

#include "video/frame.h"

/* width: wished, the height follows; a frame that is no wider is returned as it is. The reference is the caller's.
 * -ENOMEM, -ENOTSUP for a format other than BGRX. */
int picture_scale(struct frame *frame, unsigned width, struct frame **ret);
