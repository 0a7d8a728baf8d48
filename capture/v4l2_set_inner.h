/* Inside of capture/v4l2_buffers.h, for the files that make it up. */
#pragma once

#include "capture/v4l2_buffers.h"

#define SET_MAX_BUFFERS 32

struct set_memory {
    uint8_t *at;
    size_t size, skip; /* skip: to where the newest picture begins */
    int dmabuf;        /* -1: none */
};

enum slot_place { SLOT_IDLE, SLOT_QUEUED, SLOT_TAKEN, SLOT_OUT };

struct slot {
    struct frame frame;
    struct v4l2_set *set;
    unsigned index;
    enum slot_place place;
    uint64_t queued_us;
    bool reading; /* between begin and end of reading a DMA buffer */
    struct set_memory memory[V4L2_MAX_MEMORIES];
};

struct v4l2_set {
    struct ref ref; /* the owner's, and one for each frame that is out */
    struct v4l2_node node;
    struct v4l2_layout layout;
    struct v4l2_bell *bell;
    enum v4l2_way way;
    bool few, streaming;
    char memory[160];
    unsigned count, out, may_be_out;
    atomic_uint returned; /* bit = index of a slot whose frame was given back */
    struct slot slots[SET_MAX_BUFFERS];
};

/* v4l2_set_open.c */
uint32_t set_memory_type(const struct v4l2_set *self);
void set_forget_memory(struct v4l2_set *self, struct slot *slot);
int set_reqbufs(struct v4l2_set *self, unsigned count, unsigned *ret);
/* Buffers with readable memory, by the best way there is; none is queued. */
int set_open(struct v4l2_set *self, int (*queue_all)(struct v4l2_set *self));
