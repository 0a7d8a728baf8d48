/* A screen that plays a recording of raw frames (capture/replay_header.h) from a descriptor: a file, or a pipe that is
 * filled by a decoder. No frame is left out: when all buffers are with their readers it waits for one. At the end the
 * last picture stays. */
#pragma once

#include "capture/replay_header.h"

struct replay_config {
    bool fast;        /* not paced by the recording's rate: as fast as frames are given back */
    bool loop;        /* from the start again at the end; only where the descriptor can seek */
    unsigned buffers; /* that may be out at a time, 2..16; 0: 6 */
};

/* Takes fd, which may be blocking or not; on failure it stays the caller's. What is wrong with the stream is told
 * through the listener's signal. config may be NULL. -EINVAL, -ENOMEM. */
int replay_create(int fd, const struct replay_config *config, struct screen **ret);

/* self is a replay; any thread. True once the end was reached, or the stream was found to be bad. */
bool replay_ended(struct screen *self);
uint64_t replay_frames(struct screen *self); /* published so far */
