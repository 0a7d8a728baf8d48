#include "capture/v4l2_rank.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "capture/v4l2.h"
#include "core/clock.h"

#define WINDOW_US 250000
#define AGAIN_US 10000000

static uint64_t own_cpu_us(void)
{
    struct timespec time = {.tv_sec = 0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* 0 is the calling thread. */
static bool apply(enum v4l2_rank_is is)
{
    bool first = is == V4L2_RANK_FIRST;
    struct sched_param param = {.sched_priority = first ? V4L2_RTPRIO : 0};
    return sched_setscheduler(0, first ? V4L2_SCHED_FIRST : V4L2_SCHED_OTHERS, &param) == 0;
}

void v4l2_rank_begin(struct v4l2_rank *self)
{
    *self = (struct v4l2_rank){.since_us = clock_now_us(), .cpu_us = own_cpu_us()};
    self->is = apply(V4L2_RANK_FIRST) ? V4L2_RANK_FIRST : V4L2_RANK_REFUSED;
}

bool v4l2_rank_judge(struct v4l2_rank *self, uint64_t now_us, uint64_t cpu_us)
{
    enum v4l2_rank_is before = self->is;
    bool greedy = (cpu_us - self->cpu_us) * 4 > (now_us - self->since_us) * 3;
    self->since_us = now_us;
    self->cpu_us = cpu_us;
    if (before == V4L2_RANK_FIRST && greedy)
        self->is = V4L2_RANK_STEPPED_BACK;
    else if (before == V4L2_RANK_STEPPED_BACK && !greedy && now_us >= self->again_us)
        self->is = V4L2_RANK_FIRST;
    if (greedy)
        self->again_us = now_us + AGAIN_US;
    return self->is != before;
}

void v4l2_rank_look(struct v4l2_rank *self)
{
    uint64_t now = clock_now_us();
    if (self->is == V4L2_RANK_REFUSED || now - self->since_us < WINDOW_US)
        return;
    if (v4l2_rank_judge(self, now, own_cpu_us()) && !apply(self->is))
        self->is = V4L2_RANK_REFUSED;
}

void v4l2_rank_text(enum v4l2_rank_is is, char *room, size_t size)
{
    static const char *const texts[] = {
        [V4L2_RANK_UNKNOWN] = "",
        [V4L2_RANK_FIRST] = "before other threads (SCHED_RR)",
        [V4L2_RANK_REFUSED] = "as other threads, so a busy machine loses pictures: allow SCHED_RR (LimitRTPRIO=1)",
        [V4L2_RANK_STEPPED_BACK] = "as other threads for a while, because pictures take most of a core",
    };
    snprintf(room, size, "%s", texts[is]);
}
