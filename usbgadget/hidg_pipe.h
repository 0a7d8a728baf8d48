/* One /dev/hidgN: writes one report at a time and knows when the target has taken it. Net thread.
 *
 * The kernel says POLLOUT when the target has taken the report, but also when the report was thrown away because the
 * target reset us and configured us anew; a report that took unusually long is therefore said once more before anything
 * follows it. A report says a whole state, so that saying it twice does no harm; what is a difference (motion, wheel)
 * is left out the second time. */
#pragma once

#include "core/loop.h"
#include "usbgadget/hidg.h"

#define HIDG_REPORT_MAX 8

struct hidg_pipe;

struct hidg_pipe_owner {
    /* The next report; it counts as given to the kernel when `sent` follows. */
    bool (*next)(void *data, uint8_t ret[HIDG_REPORT_MAX]);
    void (*sent)(void *data);
    /* No host: when there is one again, it has to be told everything anew. */
    void (*shut)(void *data);
    /* The target has taken one; first: since the pipe was opened or restarted. */
    void (*taken)(void *data, bool first);
    /* The target has sent a report; n may be 0. */
    void (*output)(void *data, const uint8_t *bytes, size_t n);
};

struct hidg_pipe {
    const struct hidg_pipe_owner *owner;
    void *data;
    struct loop *loop;
    struct loop_timer *timer;
    struct loop_io *io; /* NULL: closed */
    int fd;
    bool watching;  /* for POLLOUT */
    bool in_flight; /* a report is with the kernel */
    bool lost;      /* ... from before a restart: POLLOUT says nothing of the target */
    bool again;     /* ... and it is the last one, said once more */
    bool follows;   /* ... and was written as soon as the one before was taken */
    bool owed;      /* the last report has to be said once more before anything else */
    bool refused;   /* wait for the timer, or for a restart */
    bool paused;    /* not configured: nothing is written */
    bool polled, settled, ticking;
    uint8_t last[HIDG_REPORT_MAX];
    unsigned length, whole; /* bytes of a report; of them, from the start, those that say a state */
    uint64_t written_us;
    uint32_t slow_us;     /* the longest of late that a report took */
    uint32_t interval_us; /* average between reports that followed each other */
    uint64_t reports, refusals, answer_us, longest_us, last_us, last_at_us;
};

int hidg_pipe_init(struct hidg_pipe *self, struct loop *loop, enum gadget_function hid,
                   const struct hidg_pipe_owner *owner, void *data);
void hidg_pipe_finish(struct hidg_pipe *self);

/* Takes fd. */
int hidg_pipe_open(struct hidg_pipe *self, int fd);
void hidg_pipe_close(struct hidg_pipe *self);
bool hidg_pipe_is_open(const struct hidg_pipe *self);

/* The target configured us, and we hear of it now: whether the report before the one that the kernel has may have been
 * thrown away, too, though POLLOUT looked like an answer. */
bool hidg_pipe_doubts(const struct hidg_pipe *self);
/* The target configured us: what the kernel had is gone, or is not. */
void hidg_pipe_restart(struct hidg_pipe *self);
void hidg_pipe_pause(struct hidg_pipe *self);
/* Something may be there to be sent. */
void hidg_pipe_push(struct hidg_pipe *self);
