#include "capture/v4l2_media.h"

#include <errno.h>
#include <linux/media-bus-format.h>
#include <linux/media.h>
#include <linux/v4l2-subdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THINGS 1024 /* of each kind in a graph; real ones have dozens */
#define LINK_TYPE 0xF0000000u

struct graph {
    struct media_v2_interface *interfaces;
    struct media_v2_pad *pads;
    struct media_v2_link *links;
    unsigned n_interfaces, n_pads, n_links;
};

static void graph_finish(struct graph *self)
{
    free(self->interfaces);
    free(self->pads);
    free(self->links);
}

static int graph_read(const struct v4l2_node *node, struct graph *ret)
{
    struct media_v2_topology t = {.topology_version = 0};
    int r = node->io->ioctl(node->io, node->fds.media, MEDIA_IOC_G_TOPOLOGY, &t);
    if (r < 0)
        return r;
    if (t.num_interfaces > MAX_THINGS || t.num_pads > MAX_THINGS || t.num_links > MAX_THINGS)
        return -E2BIG;
    const unsigned n_interfaces = t.num_interfaces, n_pads = t.num_pads, n_links = t.num_links;
    struct graph self = {.interfaces = calloc(n_interfaces + 1, sizeof *self.interfaces),
                         .pads = calloc(n_pads + 1, sizeof *self.pads),
                         .links = calloc(n_links + 1, sizeof *self.links)};
    t.num_entities = 0;
    t.ptr_interfaces = (uintptr_t)self.interfaces;
    t.ptr_pads = (uintptr_t)self.pads;
    t.ptr_links = (uintptr_t)self.links;
    r = self.interfaces && self.pads && self.links ? 0 : -ENOMEM;
    if (r == 0)
        r = node->io->ioctl(node->io, node->fds.media, MEDIA_IOC_G_TOPOLOGY, &t);
    if (r < 0) {
        graph_finish(&self);
        return r;
    }
    self.n_interfaces = MIN(t.num_interfaces, n_interfaces);
    self.n_pads = MIN(t.num_pads, n_pads);
    self.n_links = MIN(t.num_links, n_links);
    *ret = self;
    return 0;
}

static const struct media_v2_pad *pad_of(const struct graph *g, uint32_t id)
{
    for (unsigned i = 0; i < g->n_pads; i++)
        if (g->pads[i].id == id)
            return &g->pads[i];
    return NULL;
}

/* The entity behind an open device node; 0: none. */
static uint32_t entity_of(const struct v4l2_node *node, const struct graph *g, int fd)
{
    unsigned major, minor;
    if (node->io->number(node->io, fd, &major, &minor) < 0)
        return 0;
    for (unsigned i = 0; i < g->n_interfaces; i++) {
        const struct media_v2_interface *face = &g->interfaces[i];
        if (face->devnode.major != major || face->devnode.minor != minor)
            continue;
        for (unsigned k = 0; k < g->n_links; k++)
            if ((g->links[k].flags & LINK_TYPE) == MEDIA_LNK_FL_INTERFACE_LINK && g->links[k].source_id == face->id)
                return g->links[k].sink_id;
    }
    return 0;
}

/* -1: none of those handed over. */
static int subdev_of(const struct v4l2_node *node, const struct graph *g, uint32_t entity)
{
    for (unsigned i = 0; i < node->fds.n_subdevs && i < V4L2_MAX_SUBDEVS; i++)
        if (node->fds.subdevs[i] >= 0 && entity_of(node, g, node->fds.subdevs[i]) == entity)
            return node->fds.subdevs[i];
    return -1;
}

/* A way into the entity: one that is enabled, else the first. */
static const struct media_v2_link *link_into(const struct graph *g, uint32_t entity)
{
    const struct media_v2_link *found = NULL;
    for (unsigned i = 0; i < g->n_links; i++) {
        const struct media_v2_link *link = &g->links[i];
        const struct media_v2_pad *sink = pad_of(g, link->sink_id);
        if ((link->flags & LINK_TYPE) != MEDIA_LNK_FL_DATA_LINK || !sink || sink->entity_id != entity ||
            !pad_of(g, link->source_id))
            continue;
        if (!found || (link->flags & MEDIA_LNK_FL_ENABLED && !(found->flags & MEDIA_LNK_FL_ENABLED)))
            found = link;
    }
    return found;
}

static int enable(const struct v4l2_node *node, const struct graph *g, const struct media_v2_link *link)
{
    if (link->flags & (MEDIA_LNK_FL_ENABLED | MEDIA_LNK_FL_IMMUTABLE))
        return 0;
    const struct media_v2_pad *from = pad_of(g, link->source_id), *to = pad_of(g, link->sink_id);
    struct media_link_desc desc = {
        .source = {.entity = from->entity_id, .index = (uint16_t)from->index, .flags = MEDIA_PAD_FL_SOURCE},
        .sink = {.entity = to->entity_id, .index = (uint16_t)to->index, .flags = MEDIA_PAD_FL_SINK},
        .flags = MEDIA_LNK_FL_ENABLED};
    return node->io->ioctl(node->io, node->fds.media, MEDIA_IOC_SETUP_LINK, &desc);
}

static bool has_timings(const struct v4l2_node *node, int fd)
{
    struct v4l2_dv_timings timings = {.type = 0};
    int r = node->io->ioctl(node->io, fd, VIDIOC_SUBDEV_QUERY_DV_TIMINGS, &timings);
    return r != -ENOTTY && r != -ENODATA && r != -EINVAL && r != -ENODEV;
}

/* From the video node against the signal's direction. The stages come out in the signal's. 1: a receiver was reached.
 */
static int walk(struct v4l2_node *self, const struct graph *g)
{
    struct v4l2_stage way[V4L2_MAX_STAGES];
    unsigned n = 0;
    uint32_t entity = entity_of(self, g, self->fds.video);
    while (entity && n < V4L2_MAX_STAGES) {
        const struct media_v2_link *link = link_into(g, entity);
        if (!link)
            return 0;
        int r = enable(self, g, link);
        if (r < 0)
            return r;
        const struct media_v2_pad *from = pad_of(g, link->source_id), *to = pad_of(g, link->sink_id);
        if (n)
            way[n - 1].sink_pad = (int)to->index;
        entity = from->entity_id;
        int fd = subdev_of(self, g, entity);
        if (fd < 0)
            return 0;
        way[n++] = (struct v4l2_stage){.fd = fd, .sink_pad = -1, .source_pad = (int)from->index};
        if (has_timings(self, fd)) {
            for (unsigned i = 0; i < n; i++)
                self->stages[i] = way[n - 1 - i];
            self->n_stages = n;
            return 1;
        }
    }
    return 0;
}

int v4l2_media_open(struct v4l2_node *self, char *why, size_t why_size)
{
    struct graph graph;
    int r = graph_read(self, &graph);
    if (r == -ENODEV)
        return r;
    if (r == 0) {
        r = walk(self, &graph);
        graph_finish(&graph);
    }
    if (r < 0) {
        snprintf(why, why_size, "The parts of %s cannot be connected (%s): no other program may use them.", self->card,
                 strerrordesc_np(-r));
        return -EINVAL;
    }
    if (r == 1) {
        self->receiver = self->stages[0].fd;
        self->is_subdev = true;
        self->edid_pad = 0;
    }
    return 0;
}

/* Best pictures first; 0 ends the list. */
static const uint32_t codes[] = {
    MEDIA_BUS_FMT_RGB888_1X24, MEDIA_BUS_FMT_BGR888_1X24, MEDIA_BUS_FMT_RBG888_1X24, MEDIA_BUS_FMT_UYVY8_1X16,
    MEDIA_BUS_FMT_YUYV8_1X16,  MEDIA_BUS_FMT_UYVY8_2X8,   MEDIA_BUS_FMT_YUYV8_2X8,   0,
};

static int set_pad(const struct v4l2_node *node, int fd, int pad, struct v4l2_mbus_framefmt *format)
{
    struct v4l2_subdev_format request = {.which = V4L2_SUBDEV_FORMAT_ACTIVE, .pad = (uint32_t)pad, .format = *format};
    int r = node->io->ioctl(node->io, fd, VIDIOC_SUBDEV_S_FMT, &request);
    if (r < 0)
        return r;
    if (request.format.width != format->width || request.format.height != format->height ||
        request.format.code != format->code)
        return -EINVAL;
    *format = request.format;
    return 0;
}

static int propagate_code(const struct v4l2_node *node, unsigned width, unsigned height, uint32_t code)
{
    struct v4l2_mbus_framefmt format = {.width = width, .height = height, .code = code, .field = V4L2_FIELD_NONE};
    int r = 0;
    for (unsigned i = 0; i < node->n_stages && r == 0; i++) {
        const struct v4l2_stage *stage = &node->stages[i];
        if (stage->sink_pad >= 0)
            r = set_pad(node, stage->fd, stage->sink_pad, &format);
        if (r == 0)
            r = set_pad(node, stage->fd, stage->source_pad, &format);
    }
    return r;
}

int v4l2_media_propagate(struct v4l2_node *self, unsigned width, unsigned height)
{
    int r = self->n_stages ? -EINVAL : 0;
    self->bus_code = 0;
    for (unsigned i = 0; codes[i] && r < 0 && r != -ENODEV; i++) {
        r = propagate_code(self, width, height, codes[i]);
        if (r == 0)
            self->bus_code = codes[i];
    }
    return r;
}
