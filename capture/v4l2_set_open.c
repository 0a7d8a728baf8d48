/* Finding buffers that the CPU can read at its own speed: one way after the other, each measured. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "capture/mjpeg.h"
#include "capture/v4l2_dmabuf.h"
#include "capture/v4l2_memory.h"
#include "capture/v4l2_set_inner.h"
#include "core/log.h"

uint32_t set_memory_type(const struct v4l2_set *self)
{
    return self->way == V4L2_WAY_IMPORTED ? V4L2_MEMORY_DMABUF : V4L2_MEMORY_MMAP;
}

void set_forget_memory(struct v4l2_set *self, struct slot *slot)
{
    const struct v4l2_io *io = self->node.io;
    for (unsigned m = 0; m < V4L2_MAX_MEMORIES; m++) {
        struct set_memory *memory = &slot->memory[m];
        if (memory->at)
            io->unmap(io, memory->at, memory->size);
        if (memory->dmabuf >= 0)
            io->close(io, memory->dmabuf);
        *memory = (struct set_memory){.dmabuf = -1};
    }
}

int set_reqbufs(struct v4l2_set *self, unsigned count, unsigned *ret)
{
    struct v4l2_requestbuffers r = {.count = count, .type = self->node.type, .memory = set_memory_type(self)};
    int error = v4l2_call(&self->node, VIDIOC_REQBUFS, &r);
    if (error < 0)
        return error;
    if (count && (r.count < 1 || r.count > SET_MAX_BUFFERS))
        return -EINVAL;
    *ret = r.count;
    return 0;
}

/* Some devices fill none before so many are queued. */
static unsigned driver_minimum(const struct v4l2_set *self)
{
    struct v4l2_control c = {.id = V4L2_CID_MIN_BUFFERS_FOR_CAPTURE};
    if (v4l2_call(&self->node, VIDIOC_G_CTRL, &c) < 0 || c.value < 0 || c.value > 16)
        return 0;
    return (unsigned)c.value;
}

static int map_own(struct v4l2_set *self, struct slot *slot)
{
    const struct v4l2_io *io = self->node.io;
    struct v4l2_plane planes[VIDEO_MAX_PLANES] = {{.bytesused = 0}};
    bool multi = self->node.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
    struct v4l2_buffer b = {.index = slot->index, .type = self->node.type, .memory = V4L2_MEMORY_MMAP};
    if (multi) {
        b.m.planes = planes;
        b.length = VIDEO_MAX_PLANES;
    }
    int r = v4l2_call(&self->node, VIDIOC_QUERYBUF, &b);
    if (r < 0)
        return r;
    for (unsigned m = 0; m < self->layout.memories; m++) {
        size_t size = multi ? planes[m].length : b.length;
        uint64_t offset = multi ? planes[m].m.mem_offset : b.m.offset;
        if (size < self->layout.used[m])
            return -EINVAL;
        int fd = self->node.fds.video;
        if (self->way == V4L2_WAY_EXPORTED) {
            struct v4l2_exportbuffer e = {
                .type = self->node.type, .index = slot->index, .plane = m, .flags = O_CLOEXEC | O_RDWR};
            r = v4l2_call(&self->node, VIDIOC_EXPBUF, &e);
            if (r < 0)
                return r;
            fd = slot->memory[m].dmabuf = e.fd;
            offset = 0;
        }
        slot->memory[m].size = size;
        slot->memory[m].at = io->map(io, fd, size, offset);
        if (!slot->memory[m].at)
            return -ENOMEM;
    }
    return 0;
}

static int import_heap(struct v4l2_set *self, struct slot *slot)
{
    const struct v4l2_io *io = self->node.io;
    for (unsigned m = 0; m < self->layout.memories; m++) {
        struct set_memory *memory = &slot->memory[m];
        int fd = dmabuf_allocate(io, self->node.fds.heap, self->layout.sizes[m]);
        if (fd < 0)
            return fd;
        memory->dmabuf = fd;
        memory->size = self->layout.sizes[m];
        memory->at = io->map(io, fd, memory->size, 0);
        if (!memory->at)
            return -ENOMEM;
    }
    return 0;
}

/* Leaves the driver without buffers again. */
static void close_way(struct v4l2_set *self)
{
    for (unsigned i = 0; i < self->count; i++) {
        set_forget_memory(self, &self->slots[i]);
        self->slots[i].place = SLOT_IDLE;
    }
    self->count = 0;
    unsigned none;
    /* those that were queued come back only by this */
    v4l2_call(&self->node, VIDIOC_STREAMOFF, &self->node.type);
    set_reqbufs(self, 0, &none);
}

static int open_way(struct v4l2_set *self, enum v4l2_way way)
{
    self->way = way;
    unsigned minimum = driver_minimum(self), share = MAX(V4L2_WITH_DRIVER, minimum + 1);
    int r = set_reqbufs(self, share + V4L2_OUT, &self->count);
    if (r < 0)
        return r;
    /* a driver with fewer keeps as many as it needs to go on; what is left must do for lending, or all is copied */
    unsigned kept = self->count >= share + V4L2_OUT ? share : MAX(2, minimum + 1);
    self->may_be_out = self->count > kept ? MIN(self->count - kept, V4L2_OUT) : 0;
    self->few = self->may_be_out < 3;
    for (unsigned i = 0; i < self->count && r == 0; i++)
        r = way == V4L2_WAY_IMPORTED ? import_heap(self, &self->slots[i]) : map_own(self, &self->slots[i]);
    return r;
}

static uint64_t speed_of(const struct v4l2_set *self)
{
    const struct set_memory *memory = &self->slots[0].memory[0];
    bool bracket = memory->dmabuf >= 0 && dmabuf_begin_read(self->node.io, memory->dmabuf) == 0;
    uint64_t speed = self->node.io->read_speed(self->node.io, memory->at, memory->size);
    if (bracket)
        dmabuf_end_read(self->node.io, memory->dmabuf);
    return speed;
}

static void tell_memory(struct v4l2_set *self, double mapped, double now)
{
    const char *few = self->few ? "; too few buffers to lend, so each picture is copied once" : "";
    char *to = self->memory;
    switch (self->way) {
    case V4L2_WAY_MAPPED:
        snprintf(to, sizeof self->memory, "cached, mapped: %.1f GB/s%s", now / 1e9, few);
        break;
    case V4L2_WAY_IMPORTED:
        snprintf(to, sizeof self->memory, "uncached (%.1f GB/s): dma-heap buffers imported, %.1f GB/s%s", mapped / 1e9,
                 now / 1e9, few);
        break;
    case V4L2_WAY_EXPORTED:
        snprintf(to, sizeof self->memory, "uncached (%.1f GB/s): mapped as exported DMA buffers, %.1f GB/s%s",
                 mapped / 1e9, now / 1e9, few);
        break;
    case V4L2_WAY_COPIED:
        snprintf(to, sizeof self->memory, "uncached (%.1f GB/s): each picture is copied once", mapped / 1e9);
    }
}

static bool is_possible(const struct v4l2_set *self, enum v4l2_way way)
{
    return way != V4L2_WAY_IMPORTED || self->node.fds.heap >= 0;
}

int set_open(struct v4l2_set *self, int (*queue_all)(struct v4l2_set *self))
{
    uint64_t ordinary = memory_ordinary_speed(self->layout.sizes[0]), mapped = 0;
    int r = -EINVAL;
    for (int way = V4L2_WAY_MAPPED; way <= V4L2_WAY_COPIED; way++) {
        if (!is_possible(self, (enum v4l2_way)way))
            continue;
        r = open_way(self, (enum v4l2_way)way);
        if (r == 0) {
            uint64_t speed = speed_of(self);
            mapped = way == V4L2_WAY_MAPPED ? speed : mapped;
            bool good = MEMORY_IS_CACHED(speed, ordinary) || way == V4L2_WAY_COPIED ||
                        self->layout.kind->fourcc == FOURCC_MJPG; /* few bytes, and read once anyway */
            r = good ? queue_all(self) : 1;
            if (r == 0) {
                tell_memory(self, (double)mapped, (double)speed);
                return 0;
            }
        }
        close_way(self);
        if (r < 0 && way == V4L2_WAY_MAPPED)
            return r; /* the others have no better prospects */
        if (r < 0)
            log_debug("v4l2", "buffers by way %d: %s", way, strerrordesc_np(-r));
    }
    return r > 0 ? -EINVAL : r;
}
