#include "fake_v4l2.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/media-bus-format.h>
#include <linux/media.h>
#include <linux/v4l2-subdev.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "core/clock.h"
#include "fake_v4l2_parts.h"

#define FAST UINT64_C(1000000000000)
#define SLOW 1000

static struct fake_v4l2 *fake_of(const struct v4l2_io *io)
{
    return container_of((struct v4l2_io *)(uintptr_t)io, struct fake_v4l2, io);
}

static int fake_ioctl(const struct v4l2_io *io, int fd, unsigned long request, void *arg)
{
    struct fake_v4l2 *self = fake_of(io);
    pthread_mutex_lock(&self->lock);
    int r;
    if (fd == self->heap)
        r = fake_heap_call(request, arg);
    else if (request == DMA_BUF_IOCTL_SYNC)
        r = fake_sync_call(self, arg);
    else if (self->gone)
        r = -ENODEV;
    else if (fd == self->media)
        r = fake_media_call(self, request, arg);
    else if (fd == self->subdevs[0] || fd == self->subdevs[1])
        r = fake_subdev_call(self, fd == self->subdevs[0], request, arg);
    else if (fd == self->video)
        r = fake_video_call(self, request, arg);
    else
        r = -EBADF;
    self->misuse += r == -EBADF;
    fake_ready(self);
    pthread_mutex_unlock(&self->lock);
    return r;
}

static void *fake_map(const struct v4l2_io *io, int fd, size_t size, uint64_t offset)
{
    struct fake_v4l2 *self = fake_of(io);
    pthread_mutex_lock(&self->lock);
    bool own = fd == self->video;
    if (own) {
        unsigned index = (unsigned)(offset >> 16), memory = (unsigned)(offset >> 12 & 15);
        fd = self->buffers[index].memory[memory].fd;
    }
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED || self->n_maps == FAKE_MAPS)
        abort();
    self->maps[self->n_maps++] = (struct fake_map){at, size, own};
    pthread_mutex_unlock(&self->lock);
    return at;
}

static void fake_unmap(const struct v4l2_io *io, void *memory, size_t size)
{
    struct fake_v4l2 *self = fake_of(io);
    pthread_mutex_lock(&self->lock);
    unsigned i = 0;
    while (i < self->n_maps && self->maps[i].at != memory)
        i++;
    if (i == self->n_maps || self->maps[i].size != size)
        abort();
    self->maps[i] = self->maps[--self->n_maps];
    munmap(memory, size);
    pthread_mutex_unlock(&self->lock);
}

static void fake_detach(const struct v4l2_io *io, void *memory, size_t size)
{
    struct fake_v4l2 *self = fake_of(io);
    v4l2_kernel.detach(&v4l2_kernel, memory, size);
    pthread_mutex_lock(&self->lock);
    for (unsigned i = 0; i < self->n_maps; i++)
        if (self->maps[i].at == memory)
            self->maps[i].own = false;
    pthread_mutex_unlock(&self->lock);
}

static short events_of(const struct fake_v4l2 *self, short asked)
{
    short events = 0;
    if (self->gone)
        return POLLERR | POLLHUP | (POLLPRI & asked);
    if (asked & POLLIN)
        events |= !self->streaming ? POLLERR : self->n_done ? POLLIN : 0;
    if (asked & POLLPRI && self->event)
        events |= POLLPRI;
    return events;
}

static int fake_poll(const struct v4l2_io *io, struct pollfd *fds, unsigned n, const struct timespec *timeout)
{
    struct fake_v4l2 *self = fake_of(io);
    struct pollfd real[8];
    pthread_mutex_lock(&self->lock);
    for (unsigned i = 0; i < n; i++) {
        bool ours = fds[i].fd >= 0 && (fds[i].fd == self->video || fds[i].fd == self->subdevs[0]);
        real[i] = fds[i];
        if (ours)
            real[i] = (struct pollfd){fds[i].events & POLLIN ? self->in_fd : self->pri_fd, POLLIN, 0};
    }
    pthread_mutex_unlock(&self->lock);
    int r = ppoll(real, n, timeout, NULL);
    if (r < 0)
        return -errno;
    pthread_mutex_lock(&self->lock);
    for (unsigned i = 0; i < n; i++)
        fds[i].revents = real[i].fd == fds[i].fd ? real[i].revents
                         : real[i].revents       ? events_of(self, fds[i].events)
                                                 : 0;
    pthread_mutex_unlock(&self->lock);
    return r;
}

static void fake_close(const struct v4l2_io *io, int fd)
{
    struct fake_v4l2 *self = fake_of(io);
    pthread_mutex_lock(&self->lock);
    int *const known[] = {&self->video, &self->heap, &self->media, &self->subdevs[0], &self->subdevs[1]};
    for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
        if (*known[i] == fd) {
            *known[i] = -1;
            self->fds_open--;
            if (i == 0)
                fake_drop_buffers(self);
        }
    close(fd);
    pthread_mutex_unlock(&self->lock);
}

static int fake_number(const struct v4l2_io *io, int fd, unsigned *ret_major, unsigned *ret_minor)
{
    struct fake_v4l2 *self = fake_of(io);
    *ret_major = 81;
    *ret_minor = fd == self->video ? 0 : fd == self->subdevs[0] ? 1 : 2;
    return 0;
}

static uint64_t fake_read_speed(const struct v4l2_io *io, const uint8_t *memory, size_t size)
{
    struct fake_v4l2 *self = fake_of(io);
    (void)size;
    bool own = true;
    for (unsigned i = 0; i < self->n_maps; i++)
        if (self->maps[i].at == memory)
            own = self->maps[i].own;
    if (own)
        return self->config.uncached ? SLOW : FAST;
    bool heap = self->memory_type == V4L2_MEMORY_DMABUF;
    return (heap ? self->config.uncached_heap : self->config.uncached_export) ? SLOW : FAST;
}

void fake_init(struct fake_v4l2 *self, const struct fake_config *config)
{
    *self = (struct fake_v4l2){.config = *config, .video = -1, .heap = -1, .media = -1, .subdevs = {-1, -1}};
    self->io = (struct v4l2_io){.ioctl = fake_ioctl,
                                .map = fake_map,
                                .unmap = fake_unmap,
                                .detach = fake_detach,
                                .poll = fake_poll,
                                .close = fake_close,
                                .number = fake_number,
                                .read_speed = fake_read_speed};
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->filled, NULL);
    self->in_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->pri_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->number = 1;
    if (!self->config.buffers)
        self->config.buffers = FAKE_BUFFERS;
    memset(self->edid, 0x11, 256);
    self->edid_blocks = 2;
    fake_set_timings(&self->source, 64, 48, 60);
    self->set = self->source;
    fake_default_format(self);
}

bool fake_finish(struct fake_v4l2 *self)
{
    bool good = self->n_maps == 0 && self->fds_open == 0 && self->misuse == 0 && self->reading == 0;
    if (!good)
        fprintf(stderr, "the fake driver: %u maps, %u open, %u wrong calls, %d being read\n", self->n_maps,
                self->fds_open, self->misuse, self->reading);
    fake_drop_buffers(self);
    close(self->in_fd);
    close(self->pri_fd);
    pthread_cond_destroy(&self->filled);
    pthread_mutex_destroy(&self->lock);
    return good;
}

static int open_one(struct fake_v4l2 *self)
{
    self->fds_open++;
    return eventfd(0, EFD_CLOEXEC);
}

struct v4l2_device fake_open(struct fake_v4l2 *self)
{
    pthread_mutex_lock(&self->lock);
    struct v4l2_device device = {.video = open_one(self), .heap = -1, .media = -1};
    self->video = device.video;
    self->subscribed = false;
    if (self->config.dmabuf)
        device.heap = self->heap = open_one(self);
    if (self->config.media) {
        device.media = self->media = open_one(self);
        device.subdevs[0] = self->subdevs[1] = open_one(self);
        device.subdevs[1] = self->subdevs[0] = open_one(self);
        device.n_subdevs = 2;
    }
    pthread_mutex_unlock(&self->lock);
    return device;
}

static void fill(struct fake_v4l2 *self, struct fake_buffer *buffer)
{
    uint8_t *at[V4L2_MAX_MEMORIES];
    size_t size[V4L2_MAX_MEMORIES];
    for (unsigned m = 0; m < V4L2_MAX_MEMORIES; m++) {
        at[m] = buffer->memory[m].at;
        size[m] = buffer->memory[m].size;
        if (at[m] && !self->config.paint)
            memset(at[m], (int)(self->number & 255), size[m]);
    }
    if (self->config.paint)
        self->config.paint(self->config.paint_data, self->number, at, size);
}

bool fake_frame(struct fake_v4l2 *self, uint32_t flags, size_t used)
{
    pthread_mutex_lock(&self->lock);
    bool running = self->streaming && !self->gone && !self->hung, filled = running && self->n_queued;
    if (filled) {
        unsigned index = self->queue[0];
        struct fake_buffer *buffer = &self->buffers[index];
        memmove(self->queue, self->queue + 1, --self->n_queued * sizeof self->queue[0]);
        self->filling = true;
        pthread_mutex_unlock(&self->lock);
        fill(self, buffer);
        pthread_mutex_lock(&self->lock);
        self->filling = false;
        pthread_cond_broadcast(&self->filled);
        buffer->queued = false;
        buffer->done = true;
        buffer->sequence = self->sequence;
        buffer->flags = flags;
        buffer->filled_us = clock_now_us();
        for (unsigned m = 0; m < V4L2_MAX_MEMORIES; m++)
            buffer->used[m] = used && m == 0 ? used : fake_image_size(self, m);
        self->done[self->n_done++] = index; /* taken back at once should the stream have ended: see let_fill */
    }
    self->sequence += running;
    self->number += running;
    fake_ready(self);
    pthread_mutex_unlock(&self->lock);
    return filled;
}

void fake_signal(struct fake_v4l2 *self, int signal, unsigned width, unsigned height, unsigned hz)
{
    pthread_mutex_lock(&self->lock);
    self->signal = signal;
    if (width)
        fake_set_timings(&self->source, width, height, hz);
    self->event = self->subscribed;
    fake_ready(self);
    pthread_mutex_unlock(&self->lock);
}

static void set_gone(struct fake_v4l2 *self, bool gone)
{
    pthread_mutex_lock(&self->lock);
    self->gone = gone;
    fake_ready(self);
    pthread_mutex_unlock(&self->lock);
}

void fake_unplug(struct fake_v4l2 *self)
{
    set_gone(self, true);
}

void fake_plug(struct fake_v4l2 *self)
{
    set_gone(self, false);
}

static unsigned read_locked(struct fake_v4l2 *self, const unsigned *value)
{
    pthread_mutex_lock(&self->lock);
    unsigned v = *value;
    pthread_mutex_unlock(&self->lock);
    return v;
}

bool fake_is_streaming(struct fake_v4l2 *self)
{
    pthread_mutex_lock(&self->lock);
    bool streaming = self->streaming;
    pthread_mutex_unlock(&self->lock);
    return streaming;
}

bool fake_is_gone(struct fake_v4l2 *self)
{
    pthread_mutex_lock(&self->lock);
    bool gone = self->gone;
    pthread_mutex_unlock(&self->lock);
    return gone;
}

unsigned fake_queued(struct fake_v4l2 *self)
{
    return read_locked(self, &self->n_queued);
}

unsigned fake_streamons(struct fake_v4l2 *self)
{
    return read_locked(self, &self->streamons);
}

unsigned fake_edids(struct fake_v4l2 *self)
{
    return read_locked(self, &self->s_edids);
}
