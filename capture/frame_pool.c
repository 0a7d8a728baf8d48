#include "capture/frame_pool.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

#include "video/cell_pack.h"
#include "video/csc.h"

#define MAX_BUFFERS 32

struct slot {
    struct pool_buffer buffer; /* first: the frame's release finds its slot by it */
    bool out;
};

struct frame_pool {
    struct ref ref; /* the owner's and one for each buffer that is out */
    pthread_mutex_t lock;
    int width, height, event_fd;
    uint32_t fourcc;
    const struct cell_layout *layout;
    unsigned n_slots;
    struct slot slots[];
};

static void pool_unref(struct frame_pool *self)
{
    if (!ref_put(&self->ref))
        return;
    for (unsigned i = 0; i < self->n_slots; i++)
        free(self->slots[i].buffer.pixels);
    close(self->event_fd);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

int frame_pool_create(int width, int height, uint32_t fourcc, unsigned buffers, struct frame_pool **ret)
{
    if (width < 1 || height < 1 || width > FRAME_MAX_SIZE || height > FRAME_MAX_SIZE)
        return -EINVAL;
    const struct cell_layout *layout = cell_layout_of(fourcc);
    if (!layout || buffers < 1 || buffers > MAX_BUFFERS)
        return -EINVAL;
    struct frame_pool *self = calloc(1, sizeof *self + buffers * sizeof self->slots[0]);
    if (!self)
        return -ENOMEM;
    self->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->event_fd < 0) {
        int error = -errno;
        free(self);
        return error;
    }
    ref_init(&self->ref);
    pthread_mutex_init(&self->lock, NULL);
    self->width = width;
    self->height = height;
    self->fourcc = fourcc;
    self->layout = layout;
    self->n_slots = buffers;
    *ret = self;
    return 0;
}

struct frame_pool *frame_pool_destroy(struct frame_pool *self)
{
    if (self)
        pool_unref(self);
    return NULL;
}

static void release(struct frame *frame)
{
    struct frame_pool *self = frame->release_data;
    struct slot *slot = container_of(frame, struct slot, buffer.frame);
    pthread_mutex_lock(&self->lock);
    slot->out = false;
    pthread_mutex_unlock(&self->lock);
    uint64_t one = 1;
    ssize_t n = write(self->event_fd, &one, sizeof one); /* full means that it is readable already */
    (void)n;
    pool_unref(self);
}

static struct slot *claim(struct frame_pool *self)
{
    struct slot *found = NULL;
    pthread_mutex_lock(&self->lock);
    for (unsigned i = 0; i < self->n_slots && !found; i++)
        if (!self->slots[i].out)
            found = &self->slots[i];
    if (found)
        found->out = true;
    pthread_mutex_unlock(&self->lock);
    return found;
}

static size_t plane_size(const struct frame_pool *self, int plane)
{
    return cell_layout_line_bytes(self->layout, plane, self->width) *
           (size_t)cell_layout_lines(self->layout, plane, self->height);
}

static bool give_memory(struct frame_pool *self, struct pool_buffer *buffer)
{
    if (buffer->pixels)
        return true;
    buffer->stride = cell_layout_line_bytes(self->layout, 0, self->width);
    buffer->size = 0;
    for (int p = 0; p < CELL_ROW_PLANES; p++)
        buffer->size += plane_size(self, p);
    size_t size = (buffer->size + 63) & ~(size_t)63;
    buffer->pixels = aligned_alloc(64, size);
    if (!buffer->pixels)
        return false;
    memset(buffer->pixels, 0, size);
    return true;
}

struct pool_buffer *frame_pool_take(struct frame_pool *self)
{
    struct slot *slot = claim(self);
    if (!slot)
        return NULL;
    struct pool_buffer *buffer = &slot->buffer;
    if (!give_memory(self, buffer)) {
        pthread_mutex_lock(&self->lock);
        slot->out = false;
        pthread_mutex_unlock(&self->lock);
        return NULL;
    }
    struct frame *frame = &buffer->frame;
    memset(frame, 0, sizeof *frame);
    ref_init(&frame->ref);
    frame->width = self->width;
    frame->height = self->height;
    frame->fourcc = self->fourcc;
    const uint8_t *data = buffer->pixels;
    for (int p = 0; p < CELL_ROW_PLANES && plane_size(self, p); p++) {
        frame->planes[p].data = data;
        frame->planes[p].stride = cell_layout_line_bytes(self->layout, p, self->width);
        data += plane_size(self, p);
    }
    if (cell_pack_fourcc(self->fourcc) == FOURCC_VYUX)
        frame->colour = self->height >= 720 ? COLOUR_BT709_LIMITED : COLOUR_BT601_LIMITED;
    frame->release = release;
    frame->release_data = self;
    ref_get(&self->ref);
    return buffer;
}

int frame_pool_fd(const struct frame_pool *self)
{
    return self->event_fd;
}

void frame_pool_drain(struct frame_pool *self)
{
    uint64_t count;
    ssize_t n = read(self->event_fd, &count, sizeof count);
    (void)n;
}
