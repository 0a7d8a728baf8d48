/* What the files of the loop share; for core/loop*.c only. */
#pragma once

#include "core/loop.h"

struct loop_io {
    struct loop *loop;
    int fd;
    loop_io_fn *fn;
    void *data;
    bool removed; /* waits in the graveyard because the running batch may still name it */
    struct loop_io *next_removed;
};

/* Armed timers are in the heap, those that the running pass found due in a list. */
struct loop_timer {
    struct loop *loop;
    loop_timer_fn *fn;
    void *data;
    uint64_t when_us;
    size_t place; /* in the heap, or NOT_ARMED or DUE */
    struct loop_timer *prev_due, *next_due;
};

struct loop_timers {
    int fd;
    struct loop_io *io;
    struct loop_timer **heap; /* room for every timer that exists, so that arming cannot fail */
    size_t armed, existing, room;
    uint64_t set_for_us; /* what the descriptor is set to, UINT64_MAX: not set */
    struct loop_timer *due;
};

struct loop {
    int epoll_fd;
    struct loop_timers timers;
    unsigned objects; /* ios that users hold */
    unsigned depth;   /* dispatches on the stack */
    struct loop_io *graveyard;
    bool stopped;
    int code;
};

int loop_timers_init(struct loop *self);
void loop_timers_finish(struct loop *self);
