#include "capture/v4l2_node.h"

#include <errno.h>
#include <linux/v4l2-subdev.h>
#include <stdio.h>
#include <string.h>

#include "capture/v4l2_media.h"

#define MAX_INPUTS 64
#define MAX_EVENTS 64

int v4l2_call(const struct v4l2_node *self, unsigned long request, void *arg)
{
    return self->io->ioctl(self->io, self->fds.video, request, arg);
}

int v4l2_receiver_call(const struct v4l2_node *self, unsigned long request, void *arg)
{
    return self->io->ioctl(self->io, self->receiver, request, arg);
}

void v4l2_text(char *room, size_t room_size, const void *bytes, size_t size)
{
    const char *from = bytes;
    size_t n = 0;
    for (; n < size && n + 1 < room_size && from[n]; n++)
        room[n] = from[n] >= ' ' && from[n] <= '~' ? from[n] : '?';
    room[n] = 0;
}

static int identify(struct v4l2_node *self, char *why, size_t why_size)
{
    struct v4l2_capability c = {.driver = ""};
    int r = v4l2_call(self, VIDIOC_QUERYCAP, &c);
    if (r == -ENODEV)
        return r;
    if (r < 0) {
        snprintf(why, why_size, "This is not a video device: set another one in the configuration.");
        return -EINVAL;
    }
    v4l2_text(self->driver, sizeof self->driver, c.driver, sizeof c.driver);
    v4l2_text(self->card, sizeof self->card, c.card, sizeof c.card);
    v4l2_text(self->bus, sizeof self->bus, c.bus_info, sizeof c.bus_info);
    uint32_t caps = c.capabilities & V4L2_CAP_DEVICE_CAPS ? c.device_caps : c.capabilities;
    bool single = caps & V4L2_CAP_VIDEO_CAPTURE, multi = caps & V4L2_CAP_VIDEO_CAPTURE_MPLANE;
    if ((!single && !multi) || !(caps & V4L2_CAP_STREAMING)) {
        snprintf(why, why_size, "%s does not capture pictures: set another of its device nodes in the configuration.",
                 self->card);
        return -EINVAL;
    }
    self->type = multi ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
    self->by_bus = caps & V4L2_CAP_IO_MC;
    return 0;
}

/* (unsigned)-1: none has DV timings. */
static unsigned first_with_timings(const struct v4l2_node *self)
{
    for (unsigned i = 0; i < MAX_INPUTS; i++) {
        struct v4l2_input input = {.index = i};
        if (v4l2_call(self, VIDIOC_ENUMINPUT, &input) < 0)
            break;
        if (input.capabilities & V4L2_IN_CAP_DV_TIMINGS)
            return i;
    }
    return (unsigned)-1;
}

static int select_input(struct v4l2_node *self, unsigned wanted, char *why, size_t why_size)
{
    int current = 0, r = v4l2_call(self, VIDIOC_G_INPUT, &current);
    if (r == -ENODEV)
        return r;
    if (r < 0) { /* of a media-controller device, which has none */
        if (wanted == (unsigned)-1 || wanted == 0)
            return 0;
        snprintf(why, why_size, "%s has no inputs to choose from: take `input` out of the configuration.", self->card);
        return -EINVAL;
    }
    self->has_input = true;
    bool automatic = wanted == (unsigned)-1;
    if (automatic)
        wanted = first_with_timings(self);
    if (wanted == (unsigned)-1)
        wanted = (unsigned)current;
    int chosen = (int)wanted;
    r = wanted == (unsigned)current ? 0 : v4l2_call(self, VIDIOC_S_INPUT, &chosen);
    if (r == -ENODEV)
        return r;
    struct v4l2_input input = {.index = wanted};
    if (r == 0)
        r = v4l2_call(self, VIDIOC_ENUMINPUT, &input);
    if (r < 0) {
        snprintf(why, why_size, "%s has no input %u: set another one in the configuration.", self->card, wanted);
        return r == -ENODEV ? r : -EINVAL;
    }
    self->input = wanted;
    v4l2_text(self->input_name, sizeof self->input_name, input.name, sizeof input.name);
    return 0;
}

/* Nothing but "not for this input" or "unknown" says that there are no timings: a missing signal is an answer too. */
static bool answers_timings(const struct v4l2_node *self)
{
    struct v4l2_dv_timings timings = {.type = 0};
    int r = v4l2_receiver_call(self, VIDIOC_QUERY_DV_TIMINGS, &timings);
    return r != -ENOTTY && r != -ENODATA && r != -EINVAL && r != -ENODEV;
}

static void subscribe(struct v4l2_node *self)
{
    struct v4l2_event_subscription s = {.type = V4L2_EVENT_SOURCE_CHANGE, .id = self->edid_pad};
    self->has_events = v4l2_receiver_call(self, VIDIOC_SUBSCRIBE_EVENT, &s) == 0;
}

int v4l2_node_open(const struct v4l2_io *io, const struct v4l2_device *device, unsigned input, struct v4l2_node *ret,
                   char *why, size_t why_size)
{
    struct v4l2_node self = {.io = io, .fds = *device, .receiver = device->video};
    int r = identify(&self, why, why_size);
    r = r ? r : select_input(&self, input, why, why_size);
    if (r == 0 && device->media >= 0)
        r = v4l2_media_open(&self, why, why_size);
    if (r < 0)
        return r;
    if (!self.is_subdev)
        self.edid_pad = self.input;
    self.has_timings = answers_timings(&self);
    subscribe(&self);
    *ret = self;
    return 0;
}

bool v4l2_node_events(const struct v4l2_node *self)
{
    bool changed = false;
    for (int i = 0; i < MAX_EVENTS; i++) {
        struct v4l2_event event = {.type = 0};
        if (v4l2_receiver_call(self, VIDIOC_DQEVENT, &event) < 0)
            break;
        changed |= event.type == V4L2_EVENT_SOURCE_CHANGE;
    }
    return changed;
}
