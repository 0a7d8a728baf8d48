/* Whether the capture thread comes before other threads: the first of the real-time ranks (SCHED_RR 1, sched(7)), where
 * the process may have it (RLIMIT_RTPRIO of 1). A nice value would not do: it counts only among the threads of a
 * session or control group. A thread that takes much of a core steps back for a while, so that a capture device cannot
 * starve the machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum v4l2_rank_is { V4L2_RANK_UNKNOWN, V4L2_RANK_FIRST, V4L2_RANK_REFUSED, V4L2_RANK_STEPPED_BACK };

struct v4l2_rank {
    enum v4l2_rank_is is;
    uint64_t since_us, cpu_us; /* the window that is looked at: its begin, the thread's CPU time then */
    uint64_t again_us;         /* of V4L2_RANK_STEPPED_BACK: when it may come first again */
};

/* The thread's, for itself; look: once in each round, where mostly there is nothing to do. */
void v4l2_rank_begin(struct v4l2_rank *self);
void v4l2_rank_look(struct v4l2_rank *self);

/* The judgement alone. now_us and cpu_us only grow. True: `is` has changed. */
bool v4l2_rank_judge(struct v4l2_rank *self, uint64_t now_us, uint64_t cpu_us);

/* "before other threads (SCHED_RR)" */
void v4l2_rank_text(enum v4l2_rank_is is, char *room, size_t size);
