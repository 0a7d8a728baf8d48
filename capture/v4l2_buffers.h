/* The capture buffers of one stream: with the driver, or out as frames. They keep their memory until the last frame is
 * given back, whatever has become of the device. All but the frames' release: capture thread. */
#pragma once

#include "capture/v4l2_bell.h"
#include "capture/v4l2_layout.h"
#include "capture/v4l2_node.h"

/* DESIGN section 4: three with the driver, and out at a time mailbox, reference and two in encoders. */
#define V4L2_WITH_DRIVER 3
#define V4L2_OUT 4

struct v4l2_set;

/* Ways to buffers that the CPU can read, in the order in which they are tried. */
enum v4l2_way {
    V4L2_WAY_MAPPED,   /* the driver's, mapped */
    V4L2_WAY_IMPORTED, /* of a DMA heap */
    V4L2_WAY_EXPORTED, /* the driver's, mapped by way of a DMA buffer */
    V4L2_WAY_COPIED,   /* the driver's, mapped, and read once */
};

/* Asks the driver for buffers, makes them readable and queues them all. bell rings when one comes back. 0; -errno of
 * the driver; -EINVAL also for answers that cannot be. */
int v4l2_set_create(const struct v4l2_node *node, const struct v4l2_layout *layout, struct v4l2_bell *bell,
                    struct v4l2_set **ret);

/* Ends streaming and gives the buffers up; self is no longer the caller's. gone: the device is to be let go of, or is
 * not there any more. */
void v4l2_set_close(struct v4l2_set *self, bool gone);

int v4l2_set_start(struct v4l2_set *self); /* queues what is idle first */
int v4l2_set_stop(struct v4l2_set *self);  /* buffers that are out stay out */

struct v4l2_filled {
    unsigned index;
    bool damaged; /* says the driver, or there is less in it than a picture */
    uint32_t sequence;
    uint64_t captured_us; /* 0: the driver does not say when it was complete */
    uint64_t queued_us;   /* when the driver got the buffer */
    size_t used;          /* bytes of the first memory */
};

/* 0; -EAGAIN: none is filled; -EINVAL: the driver's answer cannot be; -errno. */
int v4l2_set_dequeue(struct v4l2_set *self, struct v4l2_filled *ret);

/* Back to the driver without having been shown. What the driver refuses stays idle and is tried again by collect. */
int v4l2_set_requeue(struct v4l2_set *self, unsigned index);

/* The buffer as a frame, for the caller; NULL: as many are out as may be. Goes back to the driver by collect. */
struct frame *v4l2_set_lend(struct v4l2_set *self, const struct v4l2_filled *filled);

/* Bytes of the first memory, to be read before requeue. NULL: not now. */
const uint8_t *v4l2_set_read(struct v4l2_set *self, const struct v4l2_filled *filled);

/* What came back goes to the driver again. 0, -errno. */
int v4l2_set_collect(struct v4l2_set *self);

unsigned v4l2_set_count(const struct v4l2_set *self);
/* Frames must be copied: the memory is slow, or there are too few buffers to lend any. */
bool v4l2_set_is_copied(const struct v4l2_set *self);
/* Where the planes of a filled buffer are; to be read before requeue, after v4l2_set_read. */
void v4l2_set_planes(const struct v4l2_set *self, unsigned index, struct frame_plane ret[FRAME_MAX_PLANES]);

/* "cached, mapped: 6.1 GB/s" */
const char *v4l2_set_memory(const struct v4l2_set *self);
