/* Receivers that the media controller shows in parts (Linux, Documentation/userspace-api/media/mediactl): the way from
 * the HDMI receiver's subdevice through bridges to the video node. Capture thread. */
#pragma once

#include "capture/v4l2_node.h"

/* Finds the way from a receiver with DV timings to the video node, enables its links and makes the receiver the one
 * that is asked. 0 (also when the graph has no such receiver: the video node then answers); -ENODEV; -EINVAL with one
 * sentence in why. */
int v4l2_media_open(struct v4l2_node *self, char *why, size_t why_size);

/* After the timings were set: gives all pads on the way the receiver's size and one of its bus codes, the best that
 * all of them take (node->bus_code). 0, -errno. */
int v4l2_media_propagate(struct v4l2_node *self, unsigned width, unsigned height);
