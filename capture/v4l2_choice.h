/* Which of the formats that a device offers is used, and why. Capture thread. */
#pragma once

#include "capture/v4l2_layout.h"
#include "capture/v4l2_node.h"

struct v4l2_choice {
    struct v4l2_layout layout;
    double fps;        /* 0: the device does not say, as receivers of a signal */
    char offered[512]; /* formats that the device has and we take; how many more there are */
    char why[256];     /* why this one */
};

/* What is offered is tried from the best on, formats of `failed` (bit = number in v4l2_kinds) left out, until the
 * device accepts one (VIDIOC_S_FMT). wanted: one of ours, 0: no wish; a wish that is not to be had is told in why.
 * width and height: the signal's; 0: the device's own choice of sizes is looked through. 0; -ENODEV; -EBUSY: somebody
 * else has its buffers; -EINVAL with a sentence in ret->why (offered is then filled too): nothing of use to us. */
int v4l2_choose(const struct v4l2_node *node, uint32_t wanted, uint32_t failed, unsigned width, unsigned height,
                struct v4l2_choice *ret);
