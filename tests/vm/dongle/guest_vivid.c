#include "guest_vivid.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define PATIENCE_US 30000000

static struct vivid *vivid_of(const struct v4l2_io *io)
{
    return container_of((struct v4l2_io *)(uintptr_t)io, struct vivid, io);
}

static int donate(struct vivid *self, struct dma_heap_allocation_data *d)
{
    struct v4l2_exportbuffer e = {
        .type = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE, .index = self->donor_next++, .flags = O_RDWR | O_CLOEXEC};
    if (ioctl(self->donor, VIDIOC_EXPBUF, &e) < 0)
        return -errno;
    d->fd = (uint32_t)e.fd;
    return 0;
}

static int narrowed_ioctl(const struct v4l2_io *io, int fd, unsigned long request, void *arg)
{
    struct vivid *self = vivid_of(io);
    if (request == DMA_HEAP_IOCTL_ALLOC)
        return donate(self, arg);
    if (request == VIDIOC_EXPBUF && self->no_export)
        return -EINVAL;
    if (request == VIDIOC_ENUM_FMT && self->only) {
        struct v4l2_fmtdesc *e = arg;
        e->pixelformat = self->only;
        return e->index ? -EINVAL : 0;
    }
    return v4l2_kernel.ioctl(io, fd, request, arg);
}

static void *narrowed_map(const struct v4l2_io *io, int fd, size_t size, uint64_t offset)
{
    return v4l2_kernel.map(io, fd, size, offset);
}

/* vivid's memory is cached: slow is what the test wants to be slow. */
static uint64_t narrowed_read_speed(const struct v4l2_io *io, const uint8_t *memory, size_t size)
{
    struct vivid *self = vivid_of(io);
    bool imported = self->donor_next > 0; /* from the first one on */
    return self->uncached && !imported ? 1 : v4l2_kernel.read_speed(io, memory, size);
}

static void give(void *data)
{
    struct vivid *self = data;
    atomic_fetch_add(&self->wants, 1);
    struct v4l2_device device = {.video = -1, .heap = -1, .media = -1};
    if (!self->away)
        device.video = open(self->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device.video < 0) {
        v4l2_give(self->screen, NULL, "There is no capture device.");
        return;
    }
    if (self->donor >= 0)
        device.heap = open("/dev/null", O_RDWR | O_CLOEXEC);
    v4l2_give(self->screen, &device, NULL);
}

/* A fresh device: what the last test did to it is undone. */
static void reset(struct vivid *self)
{
    vivid_timings(self, "640x480p59");
    vivid_signal(self, VIVID_SELECTED);
    vivid_set(self, "Percentage of Dropped Buffers", 0);
}

void vivid_start(struct vivid *self, const char *path, const struct v4l2_config *config)
{
    struct v4l2_config chosen = config ? *config : (struct v4l2_config){.input = (unsigned)-1};
    self->io = v4l2_kernel;
    self->io.ioctl = narrowed_ioctl;
    self->io.map = narrowed_map;
    self->io.read_speed = narrowed_read_speed;
    self->path = path;
    self->control_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(self->control_fd >= 0);
    reset(self);
    watch_init(&self->watch);
    chosen.io = &self->io;
    chosen.want_device = give;
    chosen.data = self;
    assert_int_equal(v4l2_create(&chosen, &self->screen), 0);
    assert_int_equal(screen_start(self->screen, &watch_listener, &self->watch), 0);
}

void vivid_stop(struct vivid *self)
{
    screen_destroy(self->screen);
    watch_finish(&self->watch);
    if (self->control_fd >= 0)
        close(self->control_fd);
}

static struct v4l2_queryctrl control_of(struct vivid *self, const char *name)
{
    struct v4l2_queryctrl q = {.id = V4L2_CTRL_FLAG_NEXT_CTRL};
    while (ioctl(self->control_fd, VIDIOC_QUERYCTRL, &q) == 0) {
        if (strcmp((char *)q.name, name) == 0)
            return q;
        q.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
    }
    fail_msg("vivid has no control %s", name);
    return q;
}

void vivid_set(struct vivid *self, const char *control, int value)
{
    struct v4l2_control c = {.id = control_of(self, control).id, .value = value};
    if (ioctl(self->control_fd, VIDIOC_S_CTRL, &c) < 0)
        fail_msg("%s = %d: %s", control, value, strerror(errno));
}

void vivid_signal(struct vivid *self, enum vivid_mode mode)
{
    vivid_set(self, "DV Timings Signal Mode", (int)mode);
}

void vivid_timings(struct vivid *self, const char *name)
{
    struct v4l2_queryctrl q = control_of(self, "DV Timings");
    for (int i = q.minimum; i <= q.maximum; i++) {
        struct v4l2_querymenu m = {.id = q.id, .index = (uint32_t)i};
        if (ioctl(self->control_fd, VIDIOC_QUERYMENU, &m) == 0 && strncmp((char *)m.name, name, strlen(name)) == 0) {
            vivid_set(self, "DV Timings", i);
            return;
        }
    }
    fail_msg("vivid has no timings %s", name);
}

static unsigned frames_of(struct vivid *self)
{
    pthread_mutex_lock(&self->watch.lock);
    unsigned n = self->watch.frames;
    pthread_mutex_unlock(&self->watch.lock);
    return n;
}

void vivid_pictures(struct vivid *self, unsigned n)
{
    uint64_t limit = clock_now_us() + PATIENCE_US;
    unsigned wanted = frames_of(self) + n;
    while (frames_of(self) < wanted && clock_now_us() < limit)
        usleep(5000);
    if (frames_of(self) < wanted)
        fail_msg("%u of %u pictures are missing; signal %s: %s", wanted - frames_of(self), n,
                 screen_signal_name(self->watch.signal), self->watch.why);
}

void vivid_wait_signal(struct vivid *self, enum screen_signal signal)
{
    uint64_t limit = clock_now_us() + PATIENCE_US;
    enum screen_signal now;
    do {
        usleep(5000);
        pthread_mutex_lock(&self->watch.lock);
        now = self->watch.signal;
        pthread_mutex_unlock(&self->watch.lock);
    } while (now != signal && clock_now_us() < limit);
    assert_string_equal(screen_signal_name(now), screen_signal_name(signal));
}

struct v4l2_statistics vivid_counts(struct vivid *self)
{
    struct v4l2_statistics s;
    v4l2_statistics(self->screen, &s);
    return s;
}
