/* The fake driver's video node: formats, signal, events. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "fake_v4l2_parts.h"

static void set_ready(int fd, bool ready)
{
    uint64_t count = 1;
    ssize_t n = ready ? write(fd, &count, sizeof count) : read(fd, &count, sizeof count);
    (void)n;
}

void fake_ready(struct fake_v4l2 *self)
{
    set_ready(self->in_fd, self->gone || self->n_done || !self->streaming);
    set_ready(self->pri_fd, self->gone || self->event);
}

void fake_set_timings(struct v4l2_dv_timings *timings, unsigned width, unsigned height, unsigned hz)
{
    memset(timings, 0, sizeof *timings);
    timings->type = V4L2_DV_BT_656_1120;
    timings->bt.width = width;
    timings->bt.height = height;
    timings->bt.hfrontporch = 280;
    timings->bt.vfrontporch = 45;
    timings->bt.pixelclock = (uint64_t)(width + 280) * (height + 45) * hz;
}

static const struct fake_format *format_of(const struct fake_v4l2 *self, uint32_t pixelformat)
{
    for (unsigned i = 0; i < FAKE_FORMATS && self->config.formats[i].pixelformat; i++)
        if (self->config.formats[i].pixelformat == pixelformat)
            return &self->config.formats[i];
    return &self->config.formats[0]; /* as drivers do */
}

/* Lines are padded as the format says; what lies behind the lines is one more line. */
static void plan(const struct fake_v4l2 *self, uint32_t pixelformat, unsigned width, unsigned height,
                 unsigned line[V4L2_MAX_MEMORIES], unsigned size[V4L2_MAX_MEMORIES])
{
    const struct fake_format *format = format_of(self, pixelformat);
    const struct v4l2_kind *kind = v4l2_kind_of(format->pixelformat);
    memset(line, 0, V4L2_MAX_MEMORIES * sizeof *line);
    memset(size, 0, V4L2_MAX_MEMORIES * sizeof *size);
    if (!kind || kind->planes == 0) {
        size[0] = width * height * 2;
        return;
    }
    unsigned even = (width + 1) & ~1u, rows = height + 1, pad = format->padding;
    unsigned chroma_rows = kind->halved ? (rows + 1) / 2 : rows;
    line[0] = (kind->group == 4 ? even * 2 : kind->planes > 1 ? even : width * kind->group / 2) + pad;
    size[0] = line[0] * rows;
    for (unsigned p = 1; p < kind->planes; p++) {
        unsigned chroma_line = line[0] * kind->chroma / kind->group;
        if (kind->memories == 1)
            size[0] += chroma_line * chroma_rows;
        else {
            line[p] = chroma_line;
            size[p] = chroma_line * chroma_rows;
        }
    }
}

static void apply(struct fake_v4l2 *self, struct v4l2_format *f)
{
    bool multi = self->config.multiplanar;
    uint32_t asked = multi ? f->fmt.pix_mp.pixelformat : f->fmt.pix.pixelformat;
    const struct fake_format *format = format_of(self, asked);
    unsigned width = multi ? f->fmt.pix_mp.width : f->fmt.pix.width;
    unsigned height = multi ? f->fmt.pix_mp.height : f->fmt.pix.height;
    unsigned line[V4L2_MAX_MEMORIES], size[V4L2_MAX_MEMORIES];
    if (self->config.timings) {
        width = self->set.bt.width;
        height = self->set.bt.height;
    }
    plan(self, format->pixelformat, width, height, line, size);
    memset(&f->fmt, 0, sizeof f->fmt);
    if (multi) {
        struct v4l2_pix_format_mplane *mp = &f->fmt.pix_mp;
        const struct v4l2_kind *kind = v4l2_kind_of(format->pixelformat);
        *mp = (struct v4l2_pix_format_mplane){.width = width, .height = height, .field = V4L2_FIELD_NONE};
        mp->pixelformat = format->pixelformat;
        mp->num_planes = kind ? kind->memories : 1;
        for (unsigned m = 0; m < mp->num_planes; m++)
            mp->plane_fmt[m] = (struct v4l2_plane_pix_format){.sizeimage = size[m], .bytesperline = line[m]};
        return;
    }
    f->fmt.pix = (struct v4l2_pix_format){.width = width,
                                          .height = height,
                                          .pixelformat = format->pixelformat,
                                          .field = V4L2_FIELD_NONE,
                                          .bytesperline = line[0],
                                          .sizeimage = size[0]};
}

void fake_default_format(struct fake_v4l2 *self)
{
    self->format.type = self->config.multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
    self->format.fmt.pix.width = 64; /* lies where pix_mp's does */
    self->format.fmt.pix.height = 48;
    apply(self, &self->format);
}

size_t fake_image_size(const struct fake_v4l2 *self, unsigned memory)
{
    if (self->config.multiplanar)
        return memory < self->format.fmt.pix_mp.num_planes ? self->format.fmt.pix_mp.plane_fmt[memory].sizeimage : 0;
    return memory == 0 ? self->format.fmt.pix.sizeimage : 0;
}

static int query_capability(const struct fake_v4l2 *self, struct v4l2_capability *c)
{
    uint32_t kind = self->config.multiplanar ? V4L2_CAP_VIDEO_CAPTURE_MPLANE : V4L2_CAP_VIDEO_CAPTURE;
    *c = (struct v4l2_capability){.driver = "fake", .card = "Fake capture", .bus_info = "test:\033[1m"};
    c->device_caps = kind | V4L2_CAP_STREAMING | (self->config.media ? V4L2_CAP_IO_MC : 0);
    c->capabilities = c->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int enum_input(const struct fake_v4l2 *self, struct v4l2_input *input)
{
    if (input->index > 1)
        return -EINVAL;
    *input = (struct v4l2_input){.index = input->index, .type = V4L2_INPUT_TYPE_CAMERA};
    snprintf((char *)input->name, sizeof input->name, "HDMI %u", input->index);
    if (self->config.timings && !self->config.media && input->index == 1)
        input->capabilities = V4L2_IN_CAP_DV_TIMINGS;
    if (!self->config.timings && self->signal)
        input->status = self->signal == -ENOLINK ? V4L2_IN_ST_NO_SIGNAL : V4L2_IN_ST_NO_SYNC;
    return 0;
}

static int enum_format(const struct fake_v4l2 *self, struct v4l2_fmtdesc *e)
{
    if (e->index >= FAKE_FORMATS || !self->config.formats[e->index].pixelformat || e->type != self->format.type)
        return -EINVAL;
    e->flags = 0;
    e->pixelformat = self->config.formats[e->index].pixelformat;
    return 0;
}

static int enum_size(const struct fake_v4l2 *self, struct v4l2_frmsizeenum *e)
{
    const struct fake_size *size = &format_of(self, e->pixel_format)->sizes[e->index & 3];
    if (e->index > 3 || !size->width)
        return -EINVAL;
    e->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    e->discrete = (struct v4l2_frmsize_discrete){size->width, size->height};
    return 0;
}

static int enum_rate(const struct fake_v4l2 *self, struct v4l2_frmivalenum *e)
{
    const struct fake_format *format = format_of(self, e->pixel_format);
    for (unsigned i = 0; i < ARRAY_SIZE(format->sizes) && e->index == 0; i++)
        if (format->sizes[i].width == e->width && format->sizes[i].height == e->height && format->sizes[i].fps) {
            e->type = V4L2_FRMIVAL_TYPE_DISCRETE;
            e->discrete = (struct v4l2_fract){1, format->sizes[i].fps};
            return 0;
        }
    return -EINVAL;
}

int fake_receiver_call(struct fake_v4l2 *self, unsigned long request, void *arg)
{
    struct v4l2_edid *edid = arg;
    switch (request) {
    case VIDIOC_QUERY_DV_TIMINGS:
        if (!self->config.timings)
            return -ENOTTY;
        memcpy(arg, &self->source, sizeof self->source);
        return self->signal;
    case VIDIOC_S_DV_TIMINGS:
        if (self->n_buffers)
            return -EBUSY;
        memcpy(&self->set, arg, sizeof self->set);
        return 0;
    case VIDIOC_SUBSCRIBE_EVENT: {
        const struct v4l2_event_subscription *s = arg;
        if (self->config.no_events || s->id != (self->config.timings && !self->config.media ? 1 : 0))
            return -EINVAL;
        self->subscribed = true;
        return 0;
    }
    case VIDIOC_DQEVENT:
        if (!self->event)
            return -ENOENT;
        self->event = false;
        *(struct v4l2_event *)arg = (struct v4l2_event){.type = V4L2_EVENT_SOURCE_CHANGE};
        return 0;
    case VIDIOC_S_EDID:
        if (!self->config.timings || edid->blocks > 4)
            return self->config.timings ? -E2BIG : -ENOTTY;
        if (self->n_buffers)
            return -EBUSY;
        memcpy(self->edid, edid->edid, (size_t)edid->blocks * 128);
        self->edid_blocks = edid->blocks;
        self->s_edids++;
        return 0;
    case VIDIOC_G_EDID:
        if (!self->config.timings)
            return -ENOTTY;
        if (!self->edid_blocks)
            return -ENODATA;
        edid->blocks = MIN(edid->blocks, self->edid_blocks);
        memcpy(edid->edid, self->edid, (size_t)edid->blocks * 128);
        return 0;
    default:
        return -ENOTTY;
    }
}

static int set_format(struct fake_v4l2 *self, struct v4l2_format *f)
{
    if (self->n_buffers)
        return -EBUSY;
    apply(self, f);
    self->format = *f;
    self->s_fmts++;
    return 0;
}

static int get_control(const struct fake_v4l2 *self, struct v4l2_control *c)
{
    if (c->id != V4L2_CID_MIN_BUFFERS_FOR_CAPTURE || !self->config.minimum)
        return -EINVAL;
    c->value = (int32_t)self->config.minimum;
    return 0;
}

int fake_video_call(struct fake_v4l2 *self, unsigned long request, void *arg)
{
    switch (request) {
    case VIDIOC_QUERYCAP:
        return query_capability(self, arg);
    case VIDIOC_G_INPUT:
        *(int *)arg = 0;
        return self->config.media ? -ENOTTY : 0;
    case VIDIOC_S_INPUT:
        return *(int *)arg > 1 ? -EINVAL : 0;
    case VIDIOC_ENUMINPUT:
        return enum_input(self, arg);
    case VIDIOC_ENUM_FMT:
        return enum_format(self, arg);
    case VIDIOC_ENUM_FRAMESIZES:
        return enum_size(self, arg);
    case VIDIOC_ENUM_FRAMEINTERVALS:
        return enum_rate(self, arg);
    case VIDIOC_G_FMT:
        memcpy(arg, &self->format, sizeof self->format);
        return 0;
    case VIDIOC_S_FMT:
        return set_format(self, arg);
    case VIDIOC_S_PARM:
        return 0;
    case VIDIOC_G_CTRL:
        return get_control(self, arg);
    case VIDIOC_REQBUFS:
    case VIDIOC_QUERYBUF:
    case VIDIOC_EXPBUF:
    case VIDIOC_QBUF:
    case VIDIOC_DQBUF:
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
        return fake_buffer_call(self, request, arg);
    default:
        return self->config.media ? -ENOTTY : fake_receiver_call(self, request, arg);
    }
}
