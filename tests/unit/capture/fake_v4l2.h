/* A V4L2 driver behind capture/v4l2_io.h: single- and multi-planar, mapped, exported and imported buffers, DV timings,
 * EDID, a media-controller receiver, and all faults. It fills a buffer when the test says so. Any thread. */
#pragma once

#include <pthread.h>

#include "capture/v4l2.h"
#include "capture/v4l2_io.h"
#include "capture/v4l2_layout.h"

#define FAKE_BUFFERS 16
#define FAKE_FORMATS 20
#define FAKE_MAPS 256

struct fake_size {
    unsigned width, height, fps;
};

struct fake_format {
    uint32_t pixelformat;
    struct fake_size sizes[4]; /* of a device without timings */
    unsigned padding;          /* bytes that lines are longer */
    bool cannot_start;
};

struct fake_config {
    bool multiplanar, timings, no_events, media, no_orphans, dmabuf, expbuf;
    unsigned buffers; /* most that there are; 0: FAKE_BUFFERS */
    uint32_t minimum; /* V4L2_CID_MIN_BUFFERS_FOR_CAPTURE; 0: unknown */
    bool uncached;    /* its own buffers, as read_speed measures them */
    bool uncached_export, uncached_heap;
    struct fake_format formats[FAKE_FORMATS];
    /* Fills the memories of a buffer; NULL: each byte is the picture's number. */
    void (*paint)(void *data, unsigned number, uint8_t *const memory[], const size_t size[]);
    void *paint_data;
};

struct fake_memory {
    uint8_t *at; /* the driver's own view */
    size_t size;
    int fd; /* of the memory; the driver's own */
    int imported;
};

struct fake_buffer {
    struct fake_memory memory[V4L2_MAX_MEMORIES];
    bool queued, done;
    uint32_t sequence, flags;
    uint64_t filled_us;
    size_t used[V4L2_MAX_MEMORIES];
};

struct fake_map {
    void *at;
    size_t size;
    bool own; /* of a buffer of the driver's, not of a DMA buffer */
};

struct fake_v4l2 {
    struct v4l2_io io;
    struct fake_config config;
    pthread_mutex_t lock;
    pthread_cond_t filled; /* filling has ended */
    bool filling;          /* a buffer, without the lock, as a device does */

    /* Devices that are open; -1. in_fd: ready to dequeue, pri_fd: events. They are the driver's. */
    int video, heap, media, subdevs[2], in_fd, pri_fd;

    /* Signal, as the source has it. */
    int signal; /* 0, -ENOLINK, -ENOLCK, -ERANGE */
    struct v4l2_dv_timings source, set;
    bool event, subscribed, gone;

    struct v4l2_format format;
    uint32_t memory_type;
    unsigned n_buffers, n_queued, n_done;
    unsigned queue[FAKE_BUFFERS], done[FAKE_BUFFERS];
    struct fake_buffer buffers[FAKE_BUFFERS];
    bool streaming;
    uint32_t sequence, number;
    uint8_t edid[512];
    unsigned edid_blocks;

    /* Faults: so many of the next calls fail with that. */
    int fail_reqbufs, fail_qbuf, fail_streamon, fail_dqbuf;
    unsigned n_reqbufs, n_qbuf, n_streamon, n_dqbuf;
    bool hung; /* fills nothing */

    /* What was seen. */
    struct fake_map maps[FAKE_MAPS];
    unsigned n_maps, streamons, streamoffs, s_edids, s_fmts, pads_set, links_set, fds_open;
    int reading; /* DMA buffers between begin and end */
    unsigned reads, misuse;
};

void fake_init(struct fake_v4l2 *self, const struct fake_config *config);
/* False: something was left mapped or open, or a call was against the rules. */
bool fake_finish(struct fake_v4l2 *self);

/* "Opens" it. */
struct v4l2_device fake_open(struct fake_v4l2 *self);

/* One frame time has passed: fills the oldest queued buffer, if there is one and it streams. flags: V4L2_BUF_FLAG_*;
 * used: bytes of the first memory that it claims to have filled, 0: all. */
bool fake_frame(struct fake_v4l2 *self, uint32_t flags, size_t used);

void fake_signal(struct fake_v4l2 *self, int signal, unsigned width, unsigned height, unsigned hz); /* and an event */
void fake_unplug(struct fake_v4l2 *self);
void fake_plug(struct fake_v4l2 *self);

bool fake_is_streaming(struct fake_v4l2 *self);
bool fake_is_gone(struct fake_v4l2 *self);
unsigned fake_queued(struct fake_v4l2 *self); /* free for the driver */
unsigned fake_streamons(struct fake_v4l2 *self);
unsigned fake_edids(struct fake_v4l2 *self); /* so many were written */
