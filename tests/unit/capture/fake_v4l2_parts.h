/* Inside of the fake driver; all with its lock held. */
#pragma once

#include "fake_v4l2.h"

int fake_video_call(struct fake_v4l2 *self, unsigned long request, void *arg);
int fake_buffer_call(struct fake_v4l2 *self, unsigned long request, void *arg);
int fake_heap_call(unsigned long request, void *arg);
int fake_sync_call(struct fake_v4l2 *self, void *arg);
int fake_media_call(struct fake_v4l2 *self, unsigned long request, void *arg);
int fake_subdev_call(struct fake_v4l2 *self, bool receiver, unsigned long request, void *arg);
/* Timings and EDID, which video nodes and receivers answer alike. */
int fake_receiver_call(struct fake_v4l2 *self, unsigned long request, void *arg);

void fake_ready(struct fake_v4l2 *self); /* makes the descriptors readable, or not */
void fake_drop_buffers(struct fake_v4l2 *self);
void fake_default_format(struct fake_v4l2 *self);
void fake_set_timings(struct v4l2_dv_timings *timings, unsigned width, unsigned height, unsigned hz);
size_t fake_image_size(const struct fake_v4l2 *self, unsigned memory);
