#include "capture/v4l2_buffers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/v4l2_dmabuf.h"
#include "capture/v4l2_set_inner.h"
#include "core/clock.h"

/* Timestamps that say something else than when the picture was complete are not believed. */
#define PLAUSIBLE_US 1000000

static void end_read(struct v4l2_set *self, struct slot *slot)
{
    for (unsigned m = 0; slot->reading && m < self->layout.memories; m++)
        dmabuf_end_read(self->node.io, slot->memory[m].dmabuf);
    slot->reading = false;
}

static void set_unref(struct v4l2_set *self)
{
    if (!ref_put(&self->ref))
        return;
    for (unsigned i = 0; i < SET_MAX_BUFFERS; i++) {
        end_read(self, &self->slots[i]);
        set_forget_memory(self, &self->slots[i]);
    }
    v4l2_bell_unref(self->bell);
    free(self);
}

/* The last reader let go, on any thread: the capture thread queues the buffer, unless it has given the set up. */
static void release(struct frame *frame)
{
    struct slot *slot = container_of(frame, struct slot, frame);
    struct v4l2_set *self = slot->set;
    atomic_fetch_or_explicit(&self->returned, 1u << slot->index, memory_order_release);
    v4l2_bell_ring(self->bell);
    set_unref(self);
}

/* What QBUF and DQBUF are given. */
struct message {
    struct v4l2_buffer buffer;
    struct v4l2_plane planes[VIDEO_MAX_PLANES];
};

static bool is_multi(const struct v4l2_set *self)
{
    return self->node.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

static void message_init(const struct v4l2_set *self, struct message *m)
{
    memset(m, 0, sizeof *m);
    m->buffer.type = self->node.type;
    m->buffer.memory = set_memory_type(self);
    if (is_multi(self)) {
        m->buffer.m.planes = m->planes;
        m->buffer.length = VIDEO_MAX_PLANES;
    }
}

static bool begin_read(struct v4l2_set *self, struct slot *slot)
{
    if (slot->memory[0].dmabuf < 0 || slot->reading)
        return true;
    for (unsigned m = 0; m < self->layout.memories; m++)
        if (dmabuf_begin_read(self->node.io, slot->memory[m].dmabuf) < 0) {
            while (m--)
                dmabuf_end_read(self->node.io, slot->memory[m].dmabuf);
            return false;
        }
    slot->reading = true;
    return true;
}

static int queue(struct v4l2_set *self, struct slot *slot)
{
    struct message message;
    end_read(self, slot);
    message_init(self, &message);
    message.buffer.index = slot->index;
    if (is_multi(self))
        message.buffer.length = self->layout.memories;
    if (self->way == V4L2_WAY_IMPORTED && !is_multi(self)) {
        message.buffer.m.fd = slot->memory[0].dmabuf;
        message.buffer.length = (uint32_t)slot->memory[0].size;
    }
    for (unsigned m = 0; self->way == V4L2_WAY_IMPORTED && is_multi(self) && m < self->layout.memories; m++) {
        message.planes[m].m.fd = slot->memory[m].dmabuf;
        message.planes[m].length = (uint32_t)slot->memory[m].size;
    }
    slot->place = SLOT_IDLE;
    int r = v4l2_call(&self->node, VIDIOC_QBUF, &message.buffer);
    if (r == 0) {
        slot->place = SLOT_QUEUED;
        slot->queued_us = clock_now_us();
    }
    return r;
}

static int queue_idle(struct v4l2_set *self)
{
    int r = 0;
    for (unsigned i = 0; i < self->count; i++)
        if (self->slots[i].place == SLOT_IDLE) {
            int error = queue(self, &self->slots[i]);
            r = r ? r : error;
        }
    return r;
}

int v4l2_set_create(const struct v4l2_node *node, const struct v4l2_layout *layout, struct v4l2_bell *bell,
                    struct v4l2_set **ret)
{
    struct v4l2_set *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    self->node = *node;
    self->layout = *layout;
    self->bell = v4l2_bell_ref(bell);
    atomic_init(&self->returned, 0);
    for (unsigned i = 0; i < SET_MAX_BUFFERS; i++) {
        self->slots[i].set = self;
        self->slots[i].index = i;
        for (unsigned m = 0; m < V4L2_MAX_MEMORIES; m++)
            self->slots[i].memory[m].dmabuf = -1;
    }
    int r = set_open(self, queue_idle);
    if (r < 0) {
        set_unref(self);
        return r;
    }
    *ret = self;
    return 0;
}

static void take_returned(struct v4l2_set *self)
{
    unsigned returned = atomic_exchange_explicit(&self->returned, 0, memory_order_acquire);
    for (unsigned i = 0; i < self->count; i++)
        if (returned >> i & 1) {
            self->slots[i].place = SLOT_IDLE;
            self->out--;
        }
}

/* Frames that are out would hold the device's file: a device that is plugged in again would get another number. Drivers
 * of old also keep their buffers until all are unmapped. */
static void detach_frames(struct v4l2_set *self)
{
    for (unsigned i = 0; i < self->count; i++) {
        struct slot *slot = &self->slots[i];
        for (unsigned m = 0; slot->place == SLOT_OUT && m < self->layout.memories; m++)
            self->node.io->detach(self->node.io, slot->memory[m].at, slot->memory[m].size);
    }
}

void v4l2_set_close(struct v4l2_set *self, bool gone)
{
    if (self->streaming)
        v4l2_set_stop(self);
    take_returned(self);
    for (unsigned i = 0; i < self->count; i++)
        if (self->slots[i].place != SLOT_OUT) {
            end_read(self, &self->slots[i]);
            set_forget_memory(self, &self->slots[i]);
        }
    unsigned none;
    int r = set_reqbufs(self, 0, &none);
    if (gone || r < 0)
        detach_frames(self);
    if (r == -EBUSY)
        set_reqbufs(self, 0, &none);
    set_unref(self);
}

int v4l2_set_start(struct v4l2_set *self)
{
    int r = v4l2_set_collect(self);
    if (r == 0)
        r = v4l2_call(&self->node, VIDIOC_STREAMON, &self->node.type);
    self->streaming = r == 0;
    return r;
}

int v4l2_set_stop(struct v4l2_set *self)
{
    int r = v4l2_call(&self->node, VIDIOC_STREAMOFF, &self->node.type);
    self->streaming = false;
    for (unsigned i = 0; i < self->count; i++)
        if (self->slots[i].place == SLOT_QUEUED)
            self->slots[i].place = SLOT_IDLE;
    return r;
}

static uint64_t time_of(const struct v4l2_buffer *b)
{
    if ((b->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) != V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC ||
        (b->flags & V4L2_BUF_FLAG_TSTAMP_SRC_MASK) != V4L2_BUF_FLAG_TSTAMP_SRC_EOF)
        return 0;
    uint64_t now = clock_now_us(), us = (uint64_t)b->timestamp.tv_sec * 1000000 + (uint64_t)b->timestamp.tv_usec;
    return us <= now && now - us < PLAUSIBLE_US ? us : 0;
}

/* Also notes where the picture begins in each memory: behind a header that the driver may have put there. */
static bool is_whole(const struct v4l2_set *self, struct slot *slot, const struct message *m, size_t *ret_used)
{
    bool whole = !(m->buffer.flags & V4L2_BUF_FLAG_ERROR);
    for (unsigned i = 0; i < self->layout.memories; i++) {
        size_t used = is_multi(self) ? m->planes[i].bytesused : m->buffer.bytesused;
        size_t skip = is_multi(self) ? m->planes[i].data_offset : 0;
        whole = whole && used <= slot->memory[i].size && skip <= used && used - skip >= self->layout.used[i];
        slot->memory[i].skip = whole ? skip : 0;
        *ret_used = i || !whole ? *ret_used : used - skip;
    }
    return whole;
}

int v4l2_set_dequeue(struct v4l2_set *self, struct v4l2_filled *ret)
{
    struct message message;
    message_init(self, &message);
    int r = v4l2_call(&self->node, VIDIOC_DQBUF, &message.buffer);
    if (r < 0)
        return r;
    const struct v4l2_buffer *b = &message.buffer;
    if (b->index >= self->count || self->slots[b->index].place != SLOT_QUEUED)
        return -EINVAL;
    struct slot *slot = &self->slots[b->index];
    slot->place = SLOT_TAKEN;
    *ret = (struct v4l2_filled){
        .index = b->index, .sequence = b->sequence, .captured_us = time_of(b), .queued_us = slot->queued_us};
    ret->damaged = !is_whole(self, slot, &message, &ret->used);
    return 0;
}

int v4l2_set_requeue(struct v4l2_set *self, unsigned index)
{
    return queue(self, &self->slots[index]);
}

const uint8_t *v4l2_set_read(struct v4l2_set *self, const struct v4l2_filled *filled)
{
    struct slot *slot = &self->slots[filled->index];
    return begin_read(self, slot) ? slot->memory[0].at + slot->memory[0].skip : NULL;
}

void v4l2_set_planes(const struct v4l2_set *self, unsigned index, struct frame_plane ret[FRAME_MAX_PLANES])
{
    for (unsigned p = 0; p < self->layout.kind->planes; p++) {
        const struct v4l2_place *place = &self->layout.planes[p];
        const struct set_memory *memory = &self->slots[index].memory[place->memory];
        ret[p] = (struct frame_plane){memory->at + memory->skip + place->offset, place->stride};
    }
}

struct frame *v4l2_set_lend(struct v4l2_set *self, const struct v4l2_filled *filled)
{
    struct slot *slot = &self->slots[filled->index];
    if (self->out >= self->may_be_out || !begin_read(self, slot))
        return NULL;
    struct frame *frame = &slot->frame;
    *frame = (struct frame){.width = self->layout.width,
                            .height = self->layout.height,
                            .fourcc = self->layout.kind->fourcc,
                            .colour = self->layout.colour,
                            .captured_us = filled->captured_us,
                            .release = release};
    ref_init(&frame->ref);
    v4l2_set_planes(self, slot->index, frame->planes);
    slot->place = SLOT_OUT;
    self->out++;
    ref_get(&self->ref);
    return frame;
}

int v4l2_set_collect(struct v4l2_set *self)
{
    take_returned(self);
    return queue_idle(self);
}

unsigned v4l2_set_count(const struct v4l2_set *self)
{
    return self->count;
}

bool v4l2_set_is_copied(const struct v4l2_set *self)
{
    return self->way == V4L2_WAY_COPIED || self->few;
}

const char *v4l2_set_memory(const struct v4l2_set *self)
{
    return self->memory;
}
