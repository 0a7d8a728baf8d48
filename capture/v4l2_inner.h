/* Inside of the V4L2 screen, for the files that make it up: v4l2.c (who calls from outside), v4l2_run.c (the capture
 * thread: device and signal), v4l2_stream.c (the pictures). */
#pragma once

#include <pthread.h>

#include "capture/frame_pool.h"
#include "capture/mjpeg.h"
#include "capture/v4l2.h"
#include "capture/v4l2_buffers.h"
#include "capture/v4l2_choice.h"
#include "capture/v4l2_edid.h"
#include "capture/v4l2_rank.h"
#include "capture/v4l2_signal.h"

/* struct v4l2_statistics, counted without a lock. */
enum v4l2_count {
    COUNT_FRAMES,
    COUNT_PUBLISHED,
    COUNT_GAPS,
    COUNT_GAPS_UNEXPLAINED,
    COUNT_REQUEUED,
    COUNT_COPIES,
    COUNT_DECODED,
    COUNT_BROKEN,
    COUNT_ERRORS,
    COUNT_RESTARTS,
    COUNT_STALLS,
    COUNTS,
};

/* What other threads ask for; under lock. */
struct v4l2_orders {
    bool stop, unwatched;
    bool given, given_none; /* an answer to want_device */
    struct v4l2_device device;
    char why[200]; /* of given_none */
    bool edid_set;
    struct edid edid;
};

/* What the capture thread is about. */
enum v4l2_phase {
    PHASE_NO_DEVICE,
    PHASE_NO_PICTURE, /* a device, but no stream: no signal, or not yet */
    PHASE_STREAMING,
    PHASE_RESTING, /* nobody looks: until the next second */
};

struct v4l2_screen {
    struct screen screen;
    const struct screen_listener *listener;
    void *listener_data;
    pthread_t thread;
    bool running;
    struct v4l2_config config; /* edid: the newest that was asked for */
    struct v4l2_bell *bell;

    pthread_mutex_t lock;
    atomic_bool news;                    /* in the orders */
    struct v4l2_orders orders;           /* under lock */
    struct v4l2_description description; /* under lock */
    atomic_uint_fast64_t counts[COUNTS];
    atomic_int rank_is; /* rank.is, for others */

    /* The thread's; kept from one start to the next. */
    struct v4l2_rank rank;
    enum v4l2_phase phase;
    bool wanted;      /* want_device was called and not answered */
    uint64_t want_us; /* when to ask for a device */
    enum screen_signal signal;
    char why[200];
    struct v4l2_node node; /* but in PHASE_NO_DEVICE */
    struct v4l2_dv_timings timings;
    uint32_t failed;   /* formats that could not be started; bit = number in v4l2_kinds */
    unsigned attempts; /* to start with this format in a row, all failed */
    unsigned failures; /* of streams in a row, without a picture in between */
    uint64_t check_us; /* when to look at the signal again, 0: not by the clock */

    struct v4l2_set *set; /* in PHASE_STREAMING and PHASE_RESTING */
    struct v4l2_layout layout;
    struct frame_pool *copies; /* of a stream whose pictures are copied */
    struct mjpeg *mjpeg;
    uint64_t started_us; /* when streaming began */
    uint64_t picture_us; /* when the last good picture came, or streaming began */
    bool had_picture;    /* since streaming began */
    bool slow_start;     /* the device takes long from the start to a picture: it is not stopped while resting */
    bool watched, stale; /* stale: what is queued may be old */
    bool sequence_known;
    uint32_t sequence;    /* of the last frame */
    uint64_t complete_us; /* and when it was complete */
    uint64_t rest_until_us;
};

static inline void v4l2_count(struct v4l2_screen *self, enum v4l2_count what)
{
    atomic_fetch_add_explicit(&self->counts[what], 1, memory_order_relaxed);
}

/* v4l2_run.c */
void *v4l2_run(void *data);
void v4l2_leave(struct v4l2_screen *self); /* ends the stream; the device stays */
void v4l2_close_device(struct v4l2_device *device, const struct v4l2_io *io);
void v4l2_tell(struct v4l2_screen *self, enum screen_signal signal, const char *why);

/* v4l2_stream.c; 0, or -errno of a stream that must be begun anew (-ENODEV: the device is gone). */
int v4l2_stream_begin(struct v4l2_screen *self); /* formats, buffers, on */
void v4l2_stream_end(struct v4l2_screen *self, bool gone);
int v4l2_stream_serve(struct v4l2_screen *self); /* takes what is filled */
int v4l2_stream_rest(struct v4l2_screen *self);
int v4l2_stream_wake(struct v4l2_screen *self);
