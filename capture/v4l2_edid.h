/* The receiver's EDID: written and read back. Capture thread. */
#pragma once

#include "capture/v4l2_node.h"

/* Replaces it all. 0; -ENODEV; -ENOTTY and -EINVAL: this device's EDID cannot be set; -E2BIG: more blocks than it has
 * room for. */
int v4l2_edid_write(const struct v4l2_node *node, const struct edid *edid);

/* The same but for the physical address in the HDMI block (HDMI 1.4b, 8.3.2), which drivers put in, and checksums. */
bool v4l2_edid_alike(const struct edid *a, const struct edid *b);

/* 0 (size 0: it has none), -errno. */
int v4l2_edid_read(const struct v4l2_node *node, struct edid *ret);
