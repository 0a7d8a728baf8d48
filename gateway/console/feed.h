/* From a screen's capture thread to everybody who wants its newest picture: frames become pictures on the capture
 * thread, the newest one waits here, an older one is thrown away unseen. */
#pragma once

#include "capture/screen.h"
#include "core/loop.h"
#include "encode/picture.h"

struct feed;

/* noise: the source is noisy (picture_tracker_configure). changed: on the loop's thread, after a new picture or another
 * signal; several changes may come as one. The screen stays the caller's and must outlive the feed. */
int feed_create(struct loop *loop, struct screen *screen, bool noise, void (*changed)(void *data), void *data,
                struct feed **ret);
/* The same, at rest: feed_resume begins. signal: what it says until then. */
int feed_create_resting(struct loop *loop, struct screen *screen, bool noise, enum screen_signal signal,
                        void (*changed)(void *data), void *data, struct feed **ret);
struct feed *feed_destroy(struct feed *self); /* stops the screen; NULL allowed; returns NULL */
DEFINE_CLEANUP(struct feed, feed_destroy)

/* The screen is stopped, and nothing is kept of its pictures; its signal stays as it was. Then started again. */
int feed_rest(struct feed *self);
int feed_resume(struct feed *self);

/* A reference to the newest picture, or NULL while there is none to show. Any thread. */
struct picture *feed_picture(struct feed *self);
/* And when it was ready, as a picture. */
struct picture *feed_picture_timed(struct feed *self, uint64_t *ret_tracked_us);

/* Any thread. */
enum screen_signal feed_signal(struct feed *self, char *why, size_t size);

struct feed_statistics {
    uint64_t frames, pictures; /* came in; of them with a change */
    uint64_t errors;
};
void feed_statistics(struct feed *self, struct feed_statistics *ret);
