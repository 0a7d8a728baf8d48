/* A recording through our own encoder at its own pace: every frame is tracked when it was captured, updates are made
 * until the cohort wants nothing more at that time, and what it wants later (refinement) when it is due. The link takes
 * all at once; time is a number here. The first frame has come to rest before the others begin, and is in no sum. */
#pragma once

#include "bench/reel.h"
#include "encode/cohort.h"
#include "replica/replica.h"

struct ours_config {
    uint64_t rate; /* bytes/s, told to the cohort */
    bool jpeg, video_vp8, video_vp9;
    bool tolerant;            /* the source is noisy */
    const struct reel *clean; /* the recording that this one is a noisy copy of, or NULL */

    /* Told of each update before it is applied; may be NULL. The pieces stay the caller's. */
    void (*update)(void *data, const struct cohort_update *update, unsigned frame);
    void *data;
};

struct ours_side {
    double bytes, ms; /* websocket payload with its header; CPU time, tracking counted as live */
    unsigned updates;
};

struct ours {
    struct ours_side live, settle; /* sums over the kept frames without the first */
    double apply_ms;               /* at the replica, of both */
    double psnr_db;
    double psnr_clean_db, resent_percent; /* against `clean` (bench/resent.h); without it NaN */
    unsigned changed;                     /* frames in the sums */
    bool exact;                           /* at rest behind the last frame the canvas is that frame, bit by bit */
};

/* False: it could not be run, or an update could not be applied; why is on stderr. */
bool ours_run(const struct reel *reel, const struct ours_config *config, struct ours *ret);
