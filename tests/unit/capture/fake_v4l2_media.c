/* A receiver in parts: subdevice 0 (HDMI, pad 0 in, pad 1 out) -> subdevice 1 (bridge, 0 in, 1 out) -> video node. */
#include <errno.h>
#include <linux/media-bus-format.h>
#include <linux/media.h>
#include <linux/v4l2-subdev.h>
#include <string.h>

#include "fake_v4l2_parts.h"

enum { VIDEO = 1, BRIDGE, RECEIVER };

static const struct media_v2_interface interfaces[] = {
    {.id = 101, .intf_type = MEDIA_INTF_T_V4L_VIDEO, .devnode = {81, 0}},
    {.id = 102, .intf_type = MEDIA_INTF_T_V4L_SUBDEV, .devnode = {81, 2}},
    {.id = 103, .intf_type = MEDIA_INTF_T_V4L_SUBDEV, .devnode = {81, 1}},
};
static const struct media_v2_pad pads[] = {
    {.id = 201, .entity_id = VIDEO, .flags = MEDIA_PAD_FL_SINK, .index = 0},
    {.id = 202, .entity_id = BRIDGE, .flags = MEDIA_PAD_FL_SINK, .index = 0},
    {.id = 203, .entity_id = BRIDGE, .flags = MEDIA_PAD_FL_SOURCE, .index = 1},
    {.id = 204, .entity_id = RECEIVER, .flags = MEDIA_PAD_FL_SINK, .index = 0},
    {.id = 205, .entity_id = RECEIVER, .flags = MEDIA_PAD_FL_SOURCE, .index = 1},
};
static const struct media_v2_link links[] = {
    {.source_id = 101, .sink_id = VIDEO, .flags = MEDIA_LNK_FL_INTERFACE_LINK},
    {.source_id = 102, .sink_id = BRIDGE, .flags = MEDIA_LNK_FL_INTERFACE_LINK},
    {.source_id = 103, .sink_id = RECEIVER, .flags = MEDIA_LNK_FL_INTERFACE_LINK},
    {.source_id = 203, .sink_id = 201, .flags = MEDIA_LNK_FL_ENABLED | MEDIA_LNK_FL_IMMUTABLE},
    {.source_id = 205, .sink_id = 202, .flags = 0},
};

static void copy_list(uint64_t to, const void *from, size_t size)
{
    if (to)
        memcpy((void *)(uintptr_t)to, from, size);
}

int fake_media_call(struct fake_v4l2 *self, unsigned long request, void *arg)
{
    struct media_v2_topology *t = arg;
    switch (request) {
    case MEDIA_IOC_G_TOPOLOGY:
        copy_list(t->ptr_interfaces, interfaces, sizeof interfaces);
        copy_list(t->ptr_pads, pads, sizeof pads);
        copy_list(t->ptr_links, links, sizeof links);
        t->num_interfaces = ARRAY_SIZE(interfaces);
        t->num_pads = ARRAY_SIZE(pads);
        t->num_links = ARRAY_SIZE(links);
        return 0;
    case MEDIA_IOC_SETUP_LINK: {
        const struct media_link_desc *link = arg;
        bool right = link->source.entity == RECEIVER && link->source.index == 1 && link->sink.entity == BRIDGE &&
                     link->sink.index == 0 && link->flags & MEDIA_LNK_FL_ENABLED;
        self->links_set += right;
        return right ? 0 : -EINVAL;
    }
    default:
        return -ENOTTY;
    }
}

/* The receiver gives UYVY alone; both keep to the size of the timings. */
static int set_pad(struct fake_v4l2 *self, struct v4l2_subdev_format *f)
{
    f->format.width = self->set.bt.width;
    f->format.height = self->set.bt.height;
    f->format.code = MEDIA_BUS_FMT_UYVY8_1X16;
    self->pads_set++;
    return 0;
}

int fake_subdev_call(struct fake_v4l2 *self, bool receiver, unsigned long request, void *arg)
{
    if (request == VIDIOC_SUBDEV_S_FMT)
        return set_pad(self, arg);
    return receiver ? fake_receiver_call(self, request, arg) : -ENOTTY;
}
