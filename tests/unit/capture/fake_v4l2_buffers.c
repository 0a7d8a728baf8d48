/* The fake driver's buffers: a queue as videobuf2 keeps it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fake_v4l2_parts.h"

static void forget(struct fake_memory *memory)
{
    if (memory->at)
        munmap(memory->at, memory->size);
    if (memory->fd > 0)
        close(memory->fd);
    memset(memory, 0, sizeof *memory);
}

/* What is being filled is finished first, though nobody will get it. */
static void let_fill(struct fake_v4l2 *self)
{
    while (self->filling)
        pthread_cond_wait(&self->filled, &self->lock);
}

void fake_drop_buffers(struct fake_v4l2 *self)
{
    let_fill(self);
    for (unsigned i = 0; i < FAKE_BUFFERS; i++) {
        for (unsigned m = 0; m < V4L2_MAX_MEMORIES; m++)
            forget(&self->buffers[i].memory[m]);
        self->buffers[i].queued = self->buffers[i].done = false;
    }
    self->n_buffers = self->n_queued = self->n_done = 0;
    self->streaming = false;
}

static void take_memory(struct fake_memory *memory, size_t size)
{
    memory->fd = memfd_create("capture", MFD_CLOEXEC);
    memory->size = (size + 4095) & ~(size_t)4095;
    if (memory->fd < 0 || ftruncate(memory->fd, (off_t)memory->size) < 0)
        abort();
    memory->at = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd, 0);
}

static int fail(unsigned *times, int error)
{
    return *times && (*times)-- ? error : 0;
}

static int request_buffers(struct fake_v4l2 *self, struct v4l2_requestbuffers *r)
{
    int error = r->count ? fail(&self->n_reqbufs, self->fail_reqbufs) : 0;
    if (error)
        return error;
    for (unsigned i = 0; i < self->n_maps && self->config.no_orphans; i++)
        if (self->maps[i].own)
            return -EBUSY;
    if (r->memory == V4L2_MEMORY_DMABUF && !self->config.dmabuf)
        return -EINVAL;
    fake_drop_buffers(self);
    r->count = MIN(r->count, self->config.buffers);
    self->n_buffers = r->count;
    self->memory_type = r->memory;
    for (unsigned i = 0; i < r->count && r->memory == V4L2_MEMORY_MMAP; i++)
        for (unsigned m = 0; m < V4L2_MAX_MEMORIES && fake_image_size(self, m); m++)
            take_memory(&self->buffers[i].memory[m], fake_image_size(self, m));
    return 0;
}

static int query_buffer(struct fake_v4l2 *self, struct v4l2_buffer *b)
{
    if (b->index >= self->n_buffers || b->type != self->format.type)
        return -EINVAL;
    struct fake_memory *memory = self->buffers[b->index].memory;
    if (!self->config.multiplanar) {
        b->length = (uint32_t)fake_image_size(self, 0);
        b->m.offset = b->index << 16;
        return 0;
    }
    for (unsigned m = 0; m < V4L2_MAX_MEMORIES && memory[m].at; m++) {
        b->m.planes[m].length = (uint32_t)fake_image_size(self, m);
        b->m.planes[m].m.mem_offset = b->index << 16 | m << 12;
    }
    b->length = self->format.fmt.pix_mp.num_planes;
    return 0;
}

static int export_buffer(struct fake_v4l2 *self, struct v4l2_exportbuffer *e)
{
    if (!self->config.expbuf || e->index >= self->n_buffers || e->plane >= V4L2_MAX_MEMORIES)
        return -EINVAL;
    e->fd = fcntl(self->buffers[e->index].memory[e->plane].fd, F_DUPFD_CLOEXEC, 3);
    return e->fd < 0 ? -EINVAL : 0;
}

static int import(struct fake_v4l2 *self, struct fake_memory *memory, int fd, size_t size, size_t needed)
{
    struct stat status;
    if (size < needed || fstat(fd, &status) < 0 || (size_t)status.st_size < needed)
        return -EINVAL;
    if (memory->at && memory->imported == fd)
        return 0;
    forget(memory);
    memory->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    memory->imported = fd;
    memory->size = size;
    memory->at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return memory->at == MAP_FAILED ? -ENOMEM : 0;
    (void)self;
}

static int queue_buffer(struct fake_v4l2 *self, const struct v4l2_buffer *b)
{
    int error = fail(&self->n_qbuf, self->fail_qbuf);
    if (error)
        return error;
    if (b->index >= self->n_buffers || b->memory != self->memory_type || self->buffers[b->index].queued ||
        self->buffers[b->index].done) {
        self->misuse++;
        return -EINVAL;
    }
    struct fake_buffer *buffer = &self->buffers[b->index];
    for (unsigned m = 0; b->memory == V4L2_MEMORY_DMABUF && fake_image_size(self, m); m++) {
        bool multi = self->config.multiplanar;
        int r = import(self, &buffer->memory[m], multi ? b->m.planes[m].m.fd : b->m.fd,
                       multi ? b->m.planes[m].length : b->length, fake_image_size(self, m));
        if (r < 0)
            return r;
    }
    buffer->queued = true;
    self->queue[self->n_queued++] = b->index;
    return 0;
}

static int dequeue_buffer(struct fake_v4l2 *self, struct v4l2_buffer *b)
{
    int error = fail(&self->n_dqbuf, self->fail_dqbuf);
    if (error)
        return error;
    if (!self->streaming)
        return -EINVAL;
    if (!self->n_done)
        return -EAGAIN;
    unsigned index = self->done[0];
    struct fake_buffer *buffer = &self->buffers[index];
    memmove(self->done, self->done + 1, --self->n_done * sizeof self->done[0]);
    buffer->done = false;
    b->index = index;
    b->flags = buffer->flags | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    b->sequence = buffer->sequence;
    uint64_t now = buffer->filled_us;
    b->timestamp = (struct timeval){.tv_sec = (time_t)(now / 1000000), .tv_usec = (suseconds_t)(now % 1000000)};
    b->bytesused = (uint32_t)buffer->used[0];
    for (unsigned m = 0; self->config.multiplanar && m < V4L2_MAX_MEMORIES && fake_image_size(self, m); m++)
        b->m.planes[m].bytesused = (uint32_t)buffer->used[m];
    return 0;
}

static int stream_on(struct fake_v4l2 *self)
{
    int error = fail(&self->n_streamon, self->fail_streamon);
    for (unsigned i = 0; i < FAKE_FORMATS && !error; i++) {
        uint32_t now =
            self->config.multiplanar ? self->format.fmt.pix_mp.pixelformat : self->format.fmt.pix.pixelformat;
        if (self->config.formats[i].pixelformat == now && self->config.formats[i].cannot_start)
            error = -EPIPE;
    }
    if (error)
        return error;
    if (!self->n_buffers)
        return -EINVAL;
    self->streaming = true;
    self->sequence = 0;
    self->streamons++;
    return 0;
}

static int stream_off(struct fake_v4l2 *self)
{
    let_fill(self);
    for (unsigned i = 0; i < FAKE_BUFFERS; i++)
        self->buffers[i].queued = self->buffers[i].done = false;
    self->n_queued = self->n_done = 0;
    self->streamoffs += self->streaming;
    self->streaming = false;
    return 0;
}

int fake_buffer_call(struct fake_v4l2 *self, unsigned long request, void *arg)
{
    switch (request) {
    case VIDIOC_REQBUFS:
        return request_buffers(self, arg);
    case VIDIOC_QUERYBUF:
        return query_buffer(self, arg);
    case VIDIOC_EXPBUF:
        return export_buffer(self, arg);
    case VIDIOC_QBUF:
        return queue_buffer(self, arg);
    case VIDIOC_DQBUF:
        return dequeue_buffer(self, arg);
    case VIDIOC_STREAMON:
        return stream_on(self);
    default:
        return stream_off(self);
    }
}

int fake_heap_call(unsigned long request, void *arg)
{
    struct dma_heap_allocation_data *d = arg;
    if (request != DMA_HEAP_IOCTL_ALLOC)
        return -ENOTTY;
    int fd = memfd_create("heap", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)d->len) < 0)
        return -ENOMEM;
    d->fd = (uint32_t)fd;
    return 0;
}

int fake_sync_call(struct fake_v4l2 *self, void *arg)
{
    const struct dma_buf_sync *s = arg;
    self->reading += s->flags & DMA_BUF_SYNC_END ? -1 : 1;
    self->reads += !(s->flags & DMA_BUF_SYNC_END);
    return 0;
}
