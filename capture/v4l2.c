#include "capture/v4l2.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/v4l2_inner.h"
#include "core/text.h"

static struct v4l2_screen *v4l2_of(struct screen *screen)
{
    return container_of(screen, struct v4l2_screen, screen);
}

/* The orders were changed. */
static void notify(struct v4l2_screen *self)
{
    atomic_store(&self->news, true);
    v4l2_bell_ring(self->bell);
}

static int start(struct screen *screen, const struct screen_listener *listener, void *data)
{
    struct v4l2_screen *self = v4l2_of(screen);
    if (self->running)
        return -EBUSY;
    self->listener = listener;
    self->listener_data = data;
    self->orders.stop = false;
    atomic_store(&self->news, true);
    int error = pthread_create(&self->thread, NULL, v4l2_run, self);
    if (error)
        return -error;
    pthread_setname_np(self->thread, "v4l2");
    self->running = true;
    return 0;
}

static void stop(struct screen *screen)
{
    struct v4l2_screen *self = v4l2_of(screen);
    if (!self->running)
        return;
    pthread_mutex_lock(&self->lock);
    self->orders.stop = true;
    pthread_mutex_unlock(&self->lock);
    notify(self);
    pthread_join(self->thread, NULL);
    self->running = false;
}

static void destroy(struct screen *screen)
{
    struct v4l2_screen *self = v4l2_of(screen);
    if (self->phase != PHASE_NO_DEVICE)
        v4l2_close_device(&self->node.fds, self->config.io);
    if (self->orders.given && !self->orders.given_none)
        v4l2_close_device(&self->orders.device, self->config.io);
    frame_pool_destroy(self->copies);
    mjpeg_destroy(self->mjpeg);
    v4l2_bell_unref(self->bell);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct screen_ops v4l2_ops = {
    .name = "v4l2",
    .start = start,
    .stop = stop,
    .spare_buffers = V4L2_OUT,
    .destroy = destroy,
};

int v4l2_create(const struct v4l2_config *config, struct screen **ret)
{
    if (!config->want_device || config->edid.size > sizeof config->edid.bytes || config->edid.size % EDID_BLOCK)
        return -EINVAL;
    struct v4l2_screen *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int r = v4l2_bell_create(&self->bell);
    if (r < 0) {
        free(self);
        return r;
    }
    self->screen.ops = &v4l2_ops;
    self->config = *config;
    if (!self->config.io)
        self->config.io = &v4l2_kernel;
    pthread_mutex_init(&self->lock, NULL);
    self->signal = SCREEN_STARTING;
    snprintf(self->why, sizeof self->why, "The capture device has not been opened yet.");
    self->watched = true;
    *ret = &self->screen;
    return 0;
}

void v4l2_give(struct screen *screen, const struct v4l2_device *device, const char *why)
{
    struct v4l2_screen *self = v4l2_of(screen);
    struct v4l2_device old = {.video = -1, .heap = -1, .media = -1};
    pthread_mutex_lock(&self->lock);
    if (self->orders.given && !self->orders.given_none)
        old = self->orders.device; /* nobody has looked at it yet */
    self->orders.given = true;
    self->orders.given_none = !device;
    if (device)
        self->orders.device = *device;
    snprintf(self->orders.why, sizeof self->orders.why, "%s", why ? why : "");
    pthread_mutex_unlock(&self->lock);
    v4l2_close_device(&old, self->config.io);
    notify(self);
}

void v4l2_set_watched(struct screen *screen, bool watched)
{
    struct v4l2_screen *self = v4l2_of(screen);
    pthread_mutex_lock(&self->lock);
    bool news = self->orders.unwatched == watched;
    self->orders.unwatched = !watched;
    pthread_mutex_unlock(&self->lock);
    if (news)
        notify(self);
}

int v4l2_set_edid(struct screen *screen, const struct edid *edid)
{
    struct v4l2_screen *self = v4l2_of(screen);
    if (edid->size > sizeof edid->bytes || edid->size % EDID_BLOCK)
        return -EINVAL;
    pthread_mutex_lock(&self->lock);
    self->orders.edid = *edid;
    self->orders.edid_set = true;
    pthread_mutex_unlock(&self->lock);
    notify(self);
    return 0;
}

void v4l2_statistics(struct screen *screen, struct v4l2_statistics *ret)
{
    struct v4l2_screen *self = v4l2_of(screen);
    uint64_t *const to[COUNTS] = {
        [COUNT_FRAMES] = &ret->frames,     [COUNT_PUBLISHED] = &ret->published,
        [COUNT_GAPS] = &ret->gaps,         [COUNT_GAPS_UNEXPLAINED] = &ret->gaps_unexplained,
        [COUNT_REQUEUED] = &ret->requeued, [COUNT_COPIES] = &ret->copies,
        [COUNT_DECODED] = &ret->decoded,   [COUNT_BROKEN] = &ret->broken,
        [COUNT_ERRORS] = &ret->errors,     [COUNT_RESTARTS] = &ret->restarts,
        [COUNT_STALLS] = &ret->stalls,
    };
    for (int i = 0; i < COUNTS; i++)
        *to[i] = atomic_load_explicit(&self->counts[i], memory_order_relaxed);
}

void v4l2_describe(struct screen *screen, struct v4l2_description *ret)
{
    struct v4l2_screen *self = v4l2_of(screen);
    pthread_mutex_lock(&self->lock);
    *ret = self->description;
    pthread_mutex_unlock(&self->lock);
    enum v4l2_rank_is rank = (enum v4l2_rank_is)atomic_load_explicit(&self->rank_is, memory_order_relaxed);
    v4l2_rank_text(rank, ret->priority, sizeof ret->priority);
    ret->comes_first = rank == V4L2_RANK_FIRST;
}
