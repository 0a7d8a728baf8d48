/* An open capture device: what it is, which of its inputs is used, and which descriptor its receiver answers on. */
#pragma once

#include <linux/videodev2.h>
#include <stdbool.h>

#include "capture/v4l2.h"
#include "capture/v4l2_io.h"

#define V4L2_MAX_STAGES V4L2_MAX_SUBDEVS

/* A part of a receiver that the media controller shows, from the signal's side on. */
struct v4l2_stage {
    int fd;
    int sink_pad, source_pad; /* on the way to the video node; -1: it has none (the first) */
};

struct v4l2_node {
    const struct v4l2_io *io;
    struct v4l2_device fds;
    uint32_t type;  /* enum v4l2_buf_type */
    bool by_bus;    /* formats are told for a media bus code (V4L2_CAP_IO_MC) */
    bool has_input; /* VIDIOC_S_INPUT is known to it */
    unsigned input;
    char driver[32], card[64], bus[64], input_name[32];

    int receiver;      /* descriptor for timings, EDID and events: the video node's or a subdevice's */
    bool is_subdev;    /* which of the two */
    unsigned edid_pad; /* of the receiver: the input's number on video nodes */
    bool has_timings;
    bool has_events; /* it tells when the signal changes */

    struct v4l2_stage stages[V4L2_MAX_STAGES]; /* of a media-controller receiver; 0: the video node does it all */
    unsigned n_stages;
    uint32_t bus_code; /* what goes over the last link; 0: nobody asked */
};

int v4l2_call(const struct v4l2_node *self, unsigned long request, void *arg);          /* on the video node */
int v4l2_receiver_call(const struct v4l2_node *self, unsigned long request, void *arg); /* on the receiver */

/* Bytes of a driver's that should be text: what is not printable ASCII becomes '?'. */
void v4l2_text(char *room, size_t room_size, const void *bytes, size_t size);

/* Looks at the device, selects the input ((unsigned)-1: the first with DV timings, else the current one) and subscribes
 * to changes of its signal. The descriptors stay the caller's. 0; -ENODEV: the device is gone; -EINVAL with one
 * sentence in why: it cannot be used. */
int v4l2_node_open(const struct v4l2_io *io, const struct v4l2_device *device, unsigned input, struct v4l2_node *ret,
                   char *why, size_t why_size);

/* Takes all events that wait; true: one says that the signal changed. */
bool v4l2_node_events(const struct v4l2_node *self);
