#include "gateway/console/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"

struct feed {
    struct screen *screen;
    struct loop_wake *wake;
    void (*changed)(void *data);
    void *data;
    struct picture_tracker *tracker; /* the capture thread's; NULL: it rests */
    bool noise, started;

    pthread_mutex_t lock; /* held for a few instructions only, by any thread */
    struct picture *newest;
    uint64_t tracked_us; /* when it was ready */
    enum screen_signal signal;
    char why[256];
    struct feed_statistics statistics;
};

static void count_frame(struct feed *self, int error, const struct picture *picture)
{
    self->statistics.frames++;
    self->statistics.pictures += picture != NULL;
    self->statistics.errors += error < 0;
}

static void on_frame(void *data, struct frame *frame)
{
    struct feed *self = data;
    struct picture *picture = NULL;
    int r = picture_track(self->tracker, frame, &picture);
    uint64_t tracked_us = clock_now_us();
    pthread_mutex_lock(&self->lock);
    count_frame(self, r, picture);
    struct picture *old = NULL;
    if (picture) {
        old = self->newest;
        self->newest = picture;
        self->tracked_us = tracked_us;
    }
    pthread_mutex_unlock(&self->lock);
    picture_unref(old);
    if (picture)
        loop_wake_signal(self->wake);
}

static void on_signal(void *data, enum screen_signal signal, const char *why)
{
    struct feed *self = data;
    pthread_mutex_lock(&self->lock);
    self->signal = signal;
    snprintf(self->why, sizeof self->why, "%s", why ? why : "");
    pthread_mutex_unlock(&self->lock);
    loop_wake_signal(self->wake);
}

static void on_wake(void *data)
{
    struct feed *self = data;
    self->changed(self->data);
}

static int make_tracker(struct feed *self)
{
    int r = picture_tracker_create(&self->tracker);
    if (r == 0)
        picture_tracker_configure(self->tracker, &(struct picture_config){.noise = self->noise});
    return r;
}

int feed_resume(struct feed *self)
{
    static const struct screen_listener listener = {.frame = on_frame, .signal = on_signal};
    int r = self->tracker ? 0 : make_tracker(self);
    r = r ? r : screen_start(self->screen, &listener, self);
    self->started = self->started || r == 0;
    return r;
}

int feed_rest(struct feed *self)
{
    if (!self->started)
        return 0;
    screen_stop(self->screen);
    self->started = false;
    self->tracker = picture_tracker_destroy(self->tracker);
    pthread_mutex_lock(&self->lock);
    struct picture *old = take(self->newest);
    pthread_mutex_unlock(&self->lock);
    picture_unref(old);
    return 0;
}

int feed_create_resting(struct loop *loop, struct screen *screen, bool noise, enum screen_signal signal,
                        void (*changed)(void *data), void *data, struct feed **ret)
{
    struct feed *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct feed){.screen = screen, .changed = changed, .data = data, .signal = signal, .noise = noise};
    pthread_mutex_init(&self->lock, NULL);
    int r = loop_wake_add(loop, on_wake, self, &self->wake);
    if (r < 0) {
        feed_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

int feed_create(struct loop *loop, struct screen *screen, bool noise, void (*changed)(void *data), void *data,
                struct feed **ret)
{
    struct feed *self = NULL;
    int r = feed_create_resting(loop, screen, noise, SCREEN_STARTING, changed, data, &self);
    r = r ? r : feed_resume(self);
    if (r < 0) {
        feed_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct feed *feed_destroy(struct feed *self)
{
    if (!self)
        return NULL;
    if (self->started)
        screen_stop(self->screen);
    loop_wake_remove(self->wake);
    picture_unref(self->newest);
    picture_tracker_destroy(self->tracker);
    pthread_mutex_destroy(&self->lock);
    free(self);
    return NULL;
}

struct picture *feed_picture_timed(struct feed *self, uint64_t *ret_tracked_us)
{
    struct picture *picture = NULL;
    pthread_mutex_lock(&self->lock);
    if (self->newest && self->signal == SCREEN_OK) {
        picture = picture_ref(self->newest);
        *ret_tracked_us = self->tracked_us;
    }
    pthread_mutex_unlock(&self->lock);
    return picture;
}

struct picture *feed_picture(struct feed *self)
{
    uint64_t tracked_us;
    return feed_picture_timed(self, &tracked_us);
}

enum screen_signal feed_signal(struct feed *self, char *why, size_t size)
{
    pthread_mutex_lock(&self->lock);
    enum screen_signal signal = self->signal;
    snprintf(why, size, "%s", self->why);
    pthread_mutex_unlock(&self->lock);
    return signal;
}

void feed_statistics(struct feed *self, struct feed_statistics *ret)
{
    pthread_mutex_lock(&self->lock);
    *ret = self->statistics;
    pthread_mutex_unlock(&self->lock);
}
