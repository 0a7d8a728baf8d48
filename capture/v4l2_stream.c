/* The pictures of a stream: from the format and the buffers to frames for the listener. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/v4l2_inner.h"
#include "capture/v4l2_media.h"
#include "capture/v4l2_memory.h"
#include "core/clock.h"
#include "core/log.h"

/* A device that is slower from the start to its first picture is not stopped between the pictures of a resting screen:
 * it could not be back at once. */
#define QUICK_START_US 250000
#define REST_US 1000000
#define COPIES 6 /* mailbox, reference, two in encoders, one being made, one to spare */

static void describe(struct v4l2_screen *self, const struct v4l2_choice *choice)
{
    pthread_mutex_lock(&self->lock);
    struct v4l2_description *d = &self->description;
    snprintf(d->format, sizeof d->format, "%s, %s, %u buffers", self->layout.kind->name,
             self->node.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE ? "multi-planar" : "single-planar",
             v4l2_set_count(self->set));
    snprintf(d->memory, sizeof d->memory, "%s", v4l2_set_memory(self->set));
    v4l2_timings_text(&self->timings, d->timings, sizeof d->timings);
    memcpy(d->offered, choice->offered, sizeof d->offered);
    memcpy(d->why, choice->why, sizeof d->why);
    pthread_mutex_unlock(&self->lock);
}

static void describe_nothing(struct v4l2_screen *self, const struct v4l2_choice *choice)
{
    pthread_mutex_lock(&self->lock);
    struct v4l2_description *d = &self->description;
    d->format[0] = d->memory[0] = 0;
    memcpy(d->offered, choice->offered, sizeof d->offered);
    memcpy(d->why, choice->why, sizeof d->why);
    pthread_mutex_unlock(&self->lock);
}

static int make_room(struct v4l2_screen *self)
{
    self->copies = frame_pool_destroy(self->copies);
    if (self->layout.kind->fourcc == FOURCC_MJPG)
        return self->mjpeg ? 0 : mjpeg_create(&self->mjpeg);
    if (!v4l2_set_is_copied(self->set))
        return 0;
    return frame_pool_create(self->layout.width, self->layout.height, self->layout.kind->fourcc, COPIES, &self->copies);
}

static int turn_on(struct v4l2_screen *self)
{
    int r = v4l2_set_start(self->set);
    if (r < 0)
        return r;
    self->started_us = self->picture_us = clock_now_us();
    self->had_picture = self->sequence_known = self->stale = false;
    self->phase = PHASE_STREAMING;
    return 0;
}

static int start_format(struct v4l2_screen *self)
{
    int r = v4l2_set_create(&self->node, &self->layout, self->bell, &self->set);
    if (r < 0)
        return r;
    r = make_room(self);
    r = r ? r : turn_on(self);
    if (r < 0)
        v4l2_stream_end(self, r == -ENODEV);
    return r;
}

/* A format is given up when it failed twice: once may be chance, or a fault that is over. */
static void blame_format(struct v4l2_screen *self)
{
    if (++self->attempts < 2)
        return;
    self->failed |= 1u << (self->layout.kind - v4l2_kinds);
    self->attempts = 0;
}

/* The signal's mode becomes the device's. */
static int follow_signal(struct v4l2_screen *self)
{
    if (!self->node.has_timings)
        return 0;
    int r = v4l2_signal_follow(&self->node, &self->timings);
    if (r == -EINVAL || r == -ERANGE) {
        char mode[80], why[200];
        v4l2_timings_text(&self->timings, mode, sizeof mode);
        snprintf(why, sizeof why, "The receiver cannot take %s: set another mode in the target.", mode);
        v4l2_tell(self, SCREEN_OUT_OF_RANGE, why);
        return -EMEDIUMTYPE;
    }
    return r ? r : v4l2_media_propagate(&self->node, self->timings.bt.width, self->timings.bt.height);
}

int v4l2_stream_begin(struct v4l2_screen *self)
{
    struct v4l2_choice choice;
    unsigned width = self->timings.bt.width, height = self->timings.bt.height; /* 0 without timings */
    int r = follow_signal(self);
    if (r < 0)
        return r;
    r = v4l2_choose(&self->node, self->config.fourcc, self->failed, width, height, &choice);
    if (r == -ENODEV || r == -EBUSY)
        return r;
    if (r < 0) {
        describe_nothing(self, &choice);
        v4l2_tell(self, SCREEN_UNSUPPORTED, choice.why);
        return -EMEDIUMTYPE;
    }
    self->layout = choice.layout;
    r = start_format(self);
    if (r == 0) {
        self->attempts = 0;
        describe(self, &choice);
    } else if (r != -ENODEV && r != -EBUSY) {
        blame_format(self);
    }
    return r;
}

void v4l2_stream_end(struct v4l2_screen *self, bool gone)
{
    if (self->set)
        v4l2_set_close(take(self->set), gone);
}

/* Drivers fill buffers in the order in which they were queued. One that was queued only after the frame before was
 * complete tells that the driver had no other. */
static void count_gap(struct v4l2_screen *self, const struct v4l2_filled *filled)
{
    uint32_t missing = filled->sequence - self->sequence - 1;
    /* going back or far ahead is another count that began, not a gap */
    if (self->sequence_known && missing && missing < 1u << 16) {
        atomic_fetch_add(&self->counts[COUNT_GAPS], missing);
        if (filled->queued_us < self->complete_us)
            atomic_fetch_add(&self->counts[COUNT_GAPS_UNEXPLAINED], missing);
    }
    self->sequence = filled->sequence;
    self->sequence_known = true;
    self->complete_us = filled->captured_us ? filled->captured_us : clock_now_us();
}

static int requeue(struct v4l2_screen *self, const struct v4l2_filled *filled)
{
    int r = v4l2_set_requeue(self->set, filled->index);
    if (r == -ENODEV)
        return r;
    if (r < 0) /* it stays idle, and is tried again with the next that comes back */
        v4l2_count(self, COUNT_ERRORS);
    return 0;
}

static void publish(struct v4l2_screen *self, struct frame *frame, const struct v4l2_filled *filled)
{
    uint64_t now = clock_now_us();
    frame->captured_us = filled->captured_us ? filled->captured_us : now;
    if (!self->had_picture)
        self->slow_start = now - self->started_us > QUICK_START_US;
    self->had_picture = true;
    self->picture_us = now;
    self->failures = 0;
    v4l2_tell(self, SCREEN_OK, "");
    v4l2_count(self, COUNT_PUBLISHED);
    self->listener->frame(self->listener_data, frame);
}

static void copy_plane(struct pool_buffer *buffer, const struct v4l2_layout *layout, unsigned p,
                       const struct frame_plane *from)
{
    const struct frame_plane *to = &buffer->frame.planes[p];
    uint8_t *room = buffer->pixels + (to->data - buffer->pixels);
    size_t lines = p && layout->kind->halved ? ((size_t)layout->height + 1) / 2 : (size_t)layout->height;
    if (to->stride == from->stride) {
        memory_copy_uncached(room, from->data, to->stride * lines);
        return;
    }
    for (size_t y = 0; y < lines; y++)
        memory_copy_uncached(room + y * to->stride, from->data + y * from->stride, to->stride);
}

/* NULL: no buffer is free. */
static struct frame *copied(struct v4l2_screen *self, const struct v4l2_filled *filled)
{
    struct pool_buffer *buffer = frame_pool_take(self->copies);
    if (!buffer || !v4l2_set_read(self->set, filled)) {
        if (buffer)
            frame_unref(&buffer->frame);
        return NULL;
    }
    struct frame_plane planes[FRAME_MAX_PLANES];
    v4l2_set_planes(self->set, filled->index, planes);
    for (unsigned p = 0; p < self->layout.kind->planes; p++)
        copy_plane(buffer, &self->layout, p, &planes[p]);
    buffer->frame.colour = self->layout.colour;
    v4l2_count(self, COUNT_COPIES);
    return &buffer->frame;
}

/* NULL: damaged, or no buffer is free. */
static struct frame *decoded(struct v4l2_screen *self, const struct v4l2_filled *filled)
{
    const uint8_t *bytes = v4l2_set_read(self->set, filled);
    struct frame *frame = NULL;
    int r = bytes ? mjpeg_decode(self->mjpeg, bytes, filled->used, self->layout.width, self->layout.height, &frame)
                  : -EAGAIN;
    if (r == 0)
        v4l2_count(self, COUNT_DECODED);
    else if (r == -EBADMSG) {
        v4l2_count(self, COUNT_DECODED);
        v4l2_count(self, COUNT_BROKEN);
    } else
        v4l2_count(self, COUNT_REQUEUED);
    return frame;
}

/* The newest filled buffer. Over budget it goes back unseen: no older picture is ever overwritten. */
static int show(struct v4l2_screen *self, const struct v4l2_filled *filled)
{
    bool jpeg = self->layout.kind->fourcc == FOURCC_MJPG;
    struct frame *frame = jpeg                            ? decoded(self, filled)
                          : v4l2_set_is_copied(self->set) ? copied(self, filled)
                                                          : v4l2_set_lend(self->set, filled);
    bool lent = frame && !jpeg && !v4l2_set_is_copied(self->set);
    if (!frame && !jpeg) {
        v4l2_count(self, COUNT_REQUEUED);
        self->picture_us = clock_now_us(); /* the device does its part */
    }
    int r = lent ? 0 : requeue(self, filled);
    if (frame)
        publish(self, frame, filled);
    return r;
}

/* Takes the next filled buffer that holds a picture. -EAGAIN: there is none. */
static int next(struct v4l2_screen *self, struct v4l2_filled *ret)
{
    for (;;) {
        int r = v4l2_set_dequeue(self->set, ret);
        if (r < 0)
            return r;
        v4l2_count(self, COUNT_FRAMES);
        count_gap(self, ret);
        if (!ret->damaged)
            return 0;
        v4l2_count(self, COUNT_ERRORS);
        r = requeue(self, ret);
        if (r < 0)
            return r;
    }
}

int v4l2_stream_serve(struct v4l2_screen *self)
{
    struct v4l2_filled newest, other;
    unsigned most = 2 * v4l2_set_count(self->set); /* a driver may be faster than we are */
    int r = next(self, &newest);
    if (r < 0)
        return r == -EAGAIN ? 0 : r;
    for (unsigned i = 1; i < most; i++) {
        r = next(self, &other);
        if (r < 0)
            break;
        v4l2_count(self, COUNT_REQUEUED);
        r = requeue(self, &newest);
        if (r < 0)
            return r;
        newest = other;
    }
    if (r < 0 && r != -EAGAIN)
        return r;
    if (!self->stale)
        return show(self, &newest);
    self->stale = false;
    v4l2_count(self, COUNT_REQUEUED);
    return requeue(self, &newest);
}

int v4l2_stream_rest(struct v4l2_screen *self)
{
    int r = self->slow_start ? 0 : v4l2_set_stop(self->set);
    self->rest_until_us = clock_now_us() + REST_US;
    self->phase = PHASE_RESTING;
    return r;
}

int v4l2_stream_wake(struct v4l2_screen *self)
{
    if (!self->slow_start)
        return turn_on(self);
    self->phase = PHASE_STREAMING;
    self->picture_us = clock_now_us();
    self->stale = true;
    return 0;
}
