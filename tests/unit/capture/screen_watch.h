/* A listener that keeps what a screen under test told it, for the test's thread to wait for. */
#pragma once

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture/screen.h"

struct screen_watch {
    pthread_mutex_t lock;
    pthread_cond_t news;
    unsigned frames, signals;
    struct frame *newest;
    enum screen_signal signal;
    char why[200];
    bool frame_before_signal;
    void (*each)(struct screen_watch *self, struct frame *frame); /* on the capture thread, before it is kept */
    void *each_data;
};

static void watch_frame(void *data, struct frame *frame)
{
    struct screen_watch *self = data;
    if (self->each)
        self->each(self, frame);
    pthread_mutex_lock(&self->lock);
    if (!self->signals)
        self->frame_before_signal = true;
    struct frame *old = self->newest;
    self->newest = frame;
    self->frames++;
    pthread_cond_broadcast(&self->news);
    pthread_mutex_unlock(&self->lock);
    frame_unref(old);
}

static void watch_signal(void *data, enum screen_signal signal, const char *why)
{
    struct screen_watch *self = data;
    pthread_mutex_lock(&self->lock);
    self->signals++;
    self->signal = signal;
    snprintf(self->why, sizeof self->why, "%s", why);
    pthread_cond_broadcast(&self->news);
    pthread_mutex_unlock(&self->lock);
}

static const struct screen_listener watch_listener = {.frame = watch_frame, .signal = watch_signal};

static inline void watch_init(struct screen_watch *self)
{
    memset(self, 0, sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->news, NULL);
}

static inline void watch_finish(struct screen_watch *self)
{
    self->newest = frame_unref(self->newest);
    pthread_cond_destroy(&self->news);
    pthread_mutex_destroy(&self->lock);
}

/* Waits until so many frames and signals came; false: hung for 20 s. */
static inline bool watch_wait(struct screen_watch *self, unsigned frames, unsigned signals)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 120; /* only catches hangs: also under an emulator, on a busy machine */
    pthread_mutex_lock(&self->lock);
    int r = 0;
    while (r == 0 && (self->frames < frames || self->signals < signals))
        r = pthread_cond_timedwait(&self->news, &self->lock, &limit);
    pthread_mutex_unlock(&self->lock);
    return r == 0;
}
