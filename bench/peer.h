/* What others do with the same frames. Each peer is one file that ends with its `struct peer`. */
#pragma once

#include <stdbool.h>

#include "bench/reel.h"

/* Means over the changed frames: the kept ones without the first. NAN: not measured. */
struct peer_result {
    double bytes, cpu_ms;
    double psnr_db; /* bench/psnr.h, of what a viewer sees at each of these frames */
    double p50_ms;  /* from the frame to the last byte of its update at a client */
};

struct peer {
    const char *name; /* as in docs/bench.md */
    /* False, and a word on stderr: it cannot be measured here. NULL: the bench was built without its library. */
    bool (*run)(const struct reel *reel, struct peer_result *ret);
    bool region; /* does only what moves (reel_moving_region); compared in time alone */
};

extern const struct peer peer_mjpeg, peer_zstd, peer_vp8, peer_vp8_region, peer_vp9, peer_x264, peer_zrle, peer_tight;

/* All of them, missing ones included; ends with NULL. */
extern const struct peer *const peers[];
