/* A V4L2 screen on the fake driver, and a listener that keeps what it is told. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake_v4l2.h"
#include "screen_watch.h"

#define PATIENCE_US 20000000 /* only catches hangs */

struct v4l2_fixture {
    struct fake_v4l2 fake;
    struct screen *screen;
    struct screen_watch watch;
    atomic_uint wants;
    bool keep_waiting; /* want_device is not answered */
};

static inline void fixture_want(void *data)
{
    struct v4l2_fixture *self = data;
    atomic_fetch_add(&self->wants, 1);
    if (self->keep_waiting)
        return;
    if (fake_is_gone(&self->fake)) {
        v4l2_give(self->screen, NULL, "No capture device is plugged in.");
        return;
    }
    struct v4l2_device device = fake_open(&self->fake);
    v4l2_give(self->screen, &device, NULL);
}

/* v4l2: NULL: nothing special. The screen is started. */
static inline void fixture_init(struct v4l2_fixture *self, const struct fake_config *config,
                                const struct v4l2_config *v4l2)
{
    struct v4l2_config chosen = v4l2 ? *v4l2 : (struct v4l2_config){.input = (unsigned)-1};
    memset(self, 0, sizeof *self);
    fake_init(&self->fake, config);
    watch_init(&self->watch);
    chosen.io = &self->fake.io;
    chosen.want_device = fixture_want;
    chosen.data = self;
    assert_int_equal(v4l2_create(&chosen, &self->screen), 0);
    assert_int_equal(screen_start(self->screen, &watch_listener, &self->watch), 0);
}

static inline void fixture_finish(struct v4l2_fixture *self)
{
    screen_destroy(self->screen);
    watch_finish(&self->watch);
    assert_true(fake_finish(&self->fake));
}

static inline struct v4l2_statistics fixture_counts(struct v4l2_fixture *self)
{
    struct v4l2_statistics s;
    v4l2_statistics(self->screen, &s);
    return s;
}

#define wait_until(condition)                                                                                          \
    do {                                                                                                               \
        uint64_t limit_ = clock_now_us() + PATIENCE_US;                                                                \
        while (!(condition) && clock_now_us() < limit_)                                                                \
            usleep(500);                                                                                               \
        assert_true(condition);                                                                                        \
    } while (0)

static inline unsigned watch_frames(struct screen_watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    unsigned n = watch->frames;
    pthread_mutex_unlock(&watch->lock);
    return n;
}

static inline enum screen_signal watch_state(struct screen_watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    enum screen_signal state = watch->signal;
    pthread_mutex_unlock(&watch->lock);
    return state;
}

static inline bool watch_says(struct screen_watch *watch, const char *text)
{
    pthread_mutex_lock(&watch->lock);
    bool says = strstr(watch->why, text) != NULL;
    pthread_mutex_unlock(&watch->lock);
    return says;
}

/* One frame time after the other until another picture was published. */
static inline void fixture_picture(struct v4l2_fixture *self)
{
    unsigned before = watch_frames(&self->watch);
    uint64_t limit = clock_now_us() + PATIENCE_US;
    while (watch_frames(&self->watch) == before && clock_now_us() < limit) {
        uint64_t next = clock_now_us() + 100000;
        if (!fake_frame(&self->fake, 0, 0)) {
            usleep(500);
            continue;
        }
        while (watch_frames(&self->watch) == before && clock_now_us() < next)
            usleep(200);
    }
    assert_int_not_equal(watch_frames(&self->watch), before);
}

static const struct fake_config fake_hdmi_yuyv = {.timings = true, .formats = {{.pixelformat = V4L2_PIX_FMT_YUYV}}};
