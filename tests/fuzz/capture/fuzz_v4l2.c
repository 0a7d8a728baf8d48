/* A driver that answers anything: what it says of formats, sizes, strides, counts, indexes and bytes used may not lead
 * outside of what was mapped. For each call a byte decides whether the answer is an error, left as asked, plausible, or
 * the input's next bytes. */
#include <errno.h>
#include <linux/media.h>
#include <linux/v4l2-subdev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "capture/v4l2_buffers.h"
#include "capture/v4l2_choice.h"
#include "capture/v4l2_edid.h"
#include "capture/v4l2_media.h"
#include "capture/v4l2_signal.h"
#include "core/log.h"

#define MAP_MOST ((size_t)1 << 20)

enum { VIDEO = 100, HEAP, MEDIA, SUBDEV };

static const uint8_t *input;
static size_t left;
static unsigned calls, next_index;

static uint8_t next_byte(void)
{
    if (!left)
        return 0;
    left--;
    return *input++;
}

static void next_bytes(void *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)to)[i] = next_byte();
}

static void plausible_format(struct v4l2_format *f)
{
    unsigned width = next_byte() + 1u, height = next_byte() + 1u, line = width * 4 + next_byte();
    if (f->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
        struct v4l2_pix_format_mplane *mp = &f->fmt.pix_mp;
        mp->width = width;
        mp->height = height;
        for (unsigned m = 0; m < VIDEO_MAX_PLANES; m++)
            mp->plane_fmt[m] = (struct v4l2_plane_pix_format){.sizeimage = line * (height + 1), .bytesperline = line};
        return;
    }
    f->fmt.pix.width = width;
    f->fmt.pix.height = height;
    f->fmt.pix.bytesperline = line;
    f->fmt.pix.sizeimage = line * (height + 1) * 2;
}

static void plausible_buffer(unsigned long request, struct v4l2_buffer *b)
{
    bool multi = b->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
    uint32_t size = 1u << (10 + next_byte() % 11);
    if (request == VIDIOC_DQBUF) {
        b->index = next_index++ % 7;
        b->bytesused = size;
    }
    if (!multi)
        b->length = size;
    for (unsigned m = 0; multi && m < VIDEO_MAX_PLANES; m++) {
        b->m.planes[m].length = b->m.planes[m].bytesused = size;
        b->m.planes[m].data_offset = next_byte();
    }
}

static void answer_plausibly(unsigned long request, void *arg)
{
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *c = arg;
        c->capabilities =
            V4L2_CAP_STREAMING | (next_byte() & 1 ? V4L2_CAP_VIDEO_CAPTURE : V4L2_CAP_VIDEO_CAPTURE_MPLANE);
        break;
    }
    case VIDIOC_ENUM_FMT:
        ((struct v4l2_fmtdesc *)arg)->pixelformat = v4l2_kinds[next_byte() % v4l2_n_kinds].pixelformat;
        break;
    case VIDIOC_G_FMT:
    case VIDIOC_S_FMT:
        plausible_format(arg);
        break;
    case VIDIOC_QUERYBUF:
    case VIDIOC_DQBUF:
        plausible_buffer(request, arg);
        break;
    default:
        break;
    }
}

/* The kernel writes to where the pointers point, never to the pointers. */
static void answer_anything(unsigned long request, void *arg)
{
    if (request == VIDIOC_QUERYBUF || request == VIDIOC_DQBUF || request == VIDIOC_QBUF) {
        struct v4l2_buffer *b = arg, before = *b;
        next_bytes(b, sizeof *b);
        if (before.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
            b->m.planes = before.m.planes;
            next_bytes(b->m.planes, sizeof *b->m.planes * (before.length < 8 ? before.length : 8));
        }
    } else if (request == VIDIOC_G_EDID) {
        struct v4l2_edid *e = arg;
        next_bytes(e->edid, (size_t)e->blocks * 128);
        e->blocks = next_byte();
    } else if (request == MEDIA_IOC_G_TOPOLOGY) {
        struct media_v2_topology *t = arg;
        if (t->ptr_pads) {
            next_bytes((void *)(uintptr_t)t->ptr_interfaces, t->num_interfaces * sizeof(struct media_v2_interface));
            next_bytes((void *)(uintptr_t)t->ptr_pads, t->num_pads * sizeof(struct media_v2_pad));
            next_bytes((void *)(uintptr_t)t->ptr_links, t->num_links * sizeof(struct media_v2_link));
        }
        t->num_interfaces = next_byte();
        t->num_pads = next_byte();
        t->num_links = next_byte();
    } else if (_IOC_DIR(request) & _IOC_READ && request != VIDIOC_S_EDID) {
        next_bytes(arg, _IOC_SIZE(request));
    }
}

static int any_ioctl(const struct v4l2_io *io, int fd, unsigned long request, void *arg)
{
    (void)io;
    (void)fd;
    static const int errors[] = {-EINVAL, -EAGAIN, -ENODEV, -EBUSY, -ENOTTY, -ENOLINK, -ERANGE, -EIO};
    if (++calls > 4000 || !left)
        return -ENODEV;
    uint8_t what = next_byte();
    if (what < 24)
        return errors[what % 8];
    if (what < 160)
        answer_plausibly(request, arg);
    else if (what < 230)
        answer_anything(request, arg);
    return 0;
}

static void *any_map(const struct v4l2_io *io, int fd, size_t size, uint64_t offset)
{
    (void)io, (void)fd, (void)offset;
    return size && size <= MAP_MOST ? calloc(1, size) : NULL;
}

static void any_unmap(const struct v4l2_io *io, void *memory, size_t size)
{
    (void)io, (void)size;
    free(memory);
}

static void any_detach(const struct v4l2_io *io, void *memory, size_t size)
{
    (void)io;
    memset(memory, 1, size);
}

static void any_close(const struct v4l2_io *io, int fd)
{
    (void)io, (void)fd;
}

static int any_number(const struct v4l2_io *io, int fd, unsigned *ret_major, unsigned *ret_minor)
{
    (void)io;
    *ret_major = 0;
    *ret_minor = (unsigned)(fd - VIDEO);
    return 0;
}

static uint64_t any_speed(const struct v4l2_io *io, const uint8_t *memory, size_t size)
{
    (void)io;
    unsigned sum = 0;
    for (size_t i = 0; i < size; i += 64)
        sum += memory[i];
    return next_byte() & 1 || sum == 1 ? UINT64_MAX / 8 : 1;
}

static unsigned read_frame(const struct frame *frame, const struct v4l2_kind *kind)
{
    unsigned sum = 0;
    for (unsigned p = 0; p < kind->planes; p++) {
        size_t lines = p && kind->halved ? ((size_t)frame->height + 1) / 2 : (size_t)frame->height;
        size_t pairs = ((size_t)frame->width + 1) / 2, line = pairs * (p ? kind->chroma : kind->group);
        if (p == 0 && kind->group != 4)
            line = (size_t)frame->width * kind->group / 2;
        for (size_t y = 0; y < lines; y++)
            sum += frame->planes[p].data[y * frame->planes[p].stride] +
                   frame->planes[p].data[y * frame->planes[p].stride + line - 1];
    }
    return sum;
}

static void stream(const struct v4l2_node *node, const struct v4l2_layout *layout)
{
    struct v4l2_bell *bell;
    struct v4l2_set *set;
    struct frame *held = NULL;
    unsigned sum = 0;
    if (v4l2_bell_create(&bell) < 0)
        return;
    if (v4l2_set_create(node, layout, bell, &set) == 0) {
        if (v4l2_set_start(set) == 0)
            for (int i = 0; i < 40 && left; i++) {
                struct v4l2_filled filled;
                v4l2_set_collect(set);
                if (v4l2_set_dequeue(set, &filled) < 0)
                    continue;
                const uint8_t *bytes = filled.damaged ? NULL : v4l2_set_read(set, &filled);
                if (bytes && filled.used)
                    sum += bytes[0] + bytes[filled.used - 1];
                struct frame *frame = filled.damaged || i % 3 == 0 ? NULL : v4l2_set_lend(set, &filled);
                if (!frame) {
                    v4l2_set_requeue(set, filled.index);
                    continue;
                }
                sum += read_frame(frame, layout->kind);
                frame_unref(held);
                held = frame;
            }
        v4l2_set_close(set, next_byte() & 1);
    }
    if (held)
        sum += read_frame(held, layout->kind);
    frame_unref(held);
    v4l2_bell_unref(bell);
    __asm__ volatile("" : : "r"(sum)); /* all of it was really read */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct v4l2_io io = {.ioctl = any_ioctl,
                                      .map = any_map,
                                      .unmap = any_unmap,
                                      .detach = any_detach,
                                      .close = any_close,
                                      .number = any_number,
                                      .read_speed = any_speed};
    struct v4l2_device device = {.video = VIDEO, .heap = HEAP, .media = -1, .subdevs = {SUBDEV}, .n_subdevs = 1};
    struct v4l2_node node;
    struct v4l2_signal signal;
    struct v4l2_choice choice;
    struct edid edid, other = {.size = 256};
    char why[200], text[80];
    log_set_level(LOG_ERROR);
    input = data;
    left = size;
    calls = next_index = 0;
    if (next_byte() & 1)
        device.media = MEDIA;
    if (v4l2_node_open(&io, &device, next_byte() & 1 ? 0 : (unsigned)-1, &node, why, sizeof why) < 0)
        return 0;
    v4l2_node_events(&node);
    if (v4l2_edid_read(&node, &edid) == 0)
        v4l2_edid_alike(&edid, &other);
    if (v4l2_signal_query(&node, &signal) < 0)
        return 0;
    v4l2_timings_text(&signal.timings, text, sizeof text);
    v4l2_media_propagate(&node, signal.timings.bt.width, signal.timings.bt.height);
    if (v4l2_choose(&node, 0, 0, next_byte() & 1 ? signal.timings.bt.width : 0, signal.timings.bt.height, &choice) == 0)
        stream(&node, &choice.layout);
    return 0;
}
