/* What the receiver says of the signal at its input, under the names that the page shows. Capture thread. */
#pragma once

#include "capture/screen.h"
#include "capture/v4l2_node.h"

struct v4l2_signal {
    enum screen_signal state;
    char why[200];                  /* one sentence with the remedy; SCREEN_OK: "" */
    struct v4l2_dv_timings timings; /* of a state that has them (type V4L2_DV_BT_656_1120), else zeros */
};

/* Asks the receiver. 0; -ENODEV: the device is gone. */
int v4l2_signal_query(const struct v4l2_node *node, struct v4l2_signal *ret);

/* The same mode: size, scan and clock, but for what a receiver measures differently from time to time. */
bool v4l2_timings_alike(const struct v4l2_dv_timings *a, const struct v4l2_dv_timings *b);

/* Makes the receiver follow the signal. Nothing may be streaming, and there may be no buffers. 0, -errno. */
int v4l2_signal_follow(const struct v4l2_node *node, const struct v4l2_dv_timings *timings);

/* "1920x1080p60, 148500 kHz"; "" without timings. */
void v4l2_timings_text(const struct v4l2_dv_timings *timings, char *room, size_t size);
