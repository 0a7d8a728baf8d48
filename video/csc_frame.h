/* A picture as RGB for those that want nothing else: files, thumbnails, text recognition. Not for the way to viewers,
 * who get YUV in its planes. */
#pragma once

#include "video/frame.h"

/* *ret: FOURCC_BGRX; the same frame with one reference more where it is that already, a converted copy for FOURCC_VYUX.
 * -EINVAL for other formats, -ENOMEM. Any thread. */
int csc_frame_to_bgrx(struct frame *frame, struct frame **ret);
