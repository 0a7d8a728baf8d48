/* A screen from a Linux video capture device (V4L2): HDMI receivers, capture sticks, and the kernel's vivid. One
 * capture thread a device, which does every call on it; the owner opens the device (it may need root) and hands over
 * descriptors. All formats of video/frame.h that V4L2 has, single- and multi-planar, and MJPEG (capture/mjpeg.h).
 *
 * Raw formats are published where the driver wrote them: no whole-frame copy, and the buffer goes back to the driver at
 * the frame's last unref. The exception is capture memory that the CPU cannot cache: its bandwidth is measured at
 * start; then buffers of a DMA heap are imported, or one streaming pass copies, which the statistics say. */
#pragma once

#include <sched.h>

#include "capture/edid.h"
#include "capture/screen.h"

#define V4L2_MAX_SUBDEVS 8

/* What the capture thread asks for, where the process may have it (capture/v4l2_rank.h): no child inherits it. */
#define V4L2_RTPRIO 1
#define V4L2_SCHED_FIRST (SCHED_RR | SCHED_RESET_ON_FORK)
#define V4L2_SCHED_OTHERS (SCHED_OTHER | SCHED_RESET_ON_FORK)

/* What the owner opened. Descriptors of -1 are not there. All are taken over by v4l2_give. */
struct v4l2_device {
    int video;
    int heap;  /* /dev/dma_heap/..., for cached buffers */
    int media; /* the media controller of a receiver that has one */
    int subdevs[V4L2_MAX_SUBDEVS];
    unsigned n_subdevs;
};

struct v4l2_io; /* capture/v4l2_io.h: the system calls, so that a test can put a driver of its own behind them */

struct v4l2_config {
    const struct v4l2_io *io; /* NULL: the kernel's */
    unsigned input;           /* of the device; (unsigned)-1: the first with DV timings, else the current one */
    uint32_t fourcc;          /* wanted format, 0: the best one (docs/capture.md has the order); FOURCC_MJPG allowed */
    struct edid edid;         /* written to the receiver at start; size 0: what it has is kept */
    /* Called on the capture thread whenever there is no usable device: at start, after it went away, after a fatal
     * error. The owner answers with v4l2_give, now or later, from any thread. Not called again before that. */
    void (*want_device)(void *data);
    void *data;
};

int v4l2_create(const struct v4l2_config *config, struct screen **ret);

/* All below: self is such a screen; any thread. */

/* device NULL: there is none just now; it is asked for again in a second. */
void v4l2_give(struct screen *self, const struct v4l2_device *device, const char *why);

/* Nobody looks and nobody records: capture stops but for one frame a second. */
void v4l2_set_watched(struct screen *self, bool watched);

/* Written by the capture thread soon, and read back: v4l2_describe tells what the receiver has then. */
int v4l2_set_edid(struct screen *self, const struct edid *edid);

struct v4l2_statistics {
    uint64_t frames, published; /* taken from the driver; handed to the listener */
    uint64_t gaps;              /* frames that the driver's sequence numbers say are missing */
    uint64_t gaps_unexplained;  /* of them while the driver had a free buffer */
    uint64_t requeued;          /* not published because the buffer budget was out, or a newer one was there */
    uint64_t copies;            /* whole-frame copies: 0 for cached raw formats */
    uint64_t decoded, broken;   /* MJPEG; of them damaged (not published) */
    uint64_t errors, restarts, stalls;
};
void v4l2_statistics(struct screen *self, struct v4l2_statistics *ret);

/* What the device offers, what is used and why, as people read it in `lightsout doctor` and on the page. */
struct v4l2_description {
    char driver[32], card[64], bus[64];
    char input[32];
    char format[64];  /* "NV12, multi-planar, 4 buffers" */
    char memory[160]; /* "cached, mapped: 6.1 GB/s", "uncached (0.2 GB/s): dma-heap buffers imported" */
    char timings[80]; /* "1920x1080p60, 148500 kHz"; "" without DV timings */
    char offered[512];
    char why[256];     /* why this format */
    char priority[96]; /* of the capture thread: "before other threads (SCHED_RR)"; "" before it runs */
    bool comes_first;  /* it is that */
    bool has_edid;
    struct edid edid; /* as read back */
};
void v4l2_describe(struct screen *self, struct v4l2_description *ret);
