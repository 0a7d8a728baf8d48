/* One recording while it is made: pictures come in, files grow in its folder (gateway/recording_store.h). Blocking, for
 * one worker at a time; knows no loop and no target. */
#pragma once

#include "api/recordings.h"
#include "encode/picture.h"

struct recorder;

struct recorder_config {
    int folder_fd;   /* of this recording; stays the caller's and open as long as the recorder lives */
    bool pictures;   /* a series of PNG files instead of a film */
    uint64_t now_us; /* clock_now_us: times count from here */
    uint64_t wall_us;
};

int recorder_create(const struct recorder_config *config, struct recorder **ret);
struct recorder *recorder_destroy(struct recorder *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct recorder, recorder_destroy)

/* The newest picture. 0; 1: there was nothing new in it; -ENOSPC and other errors of the disk: what was written before
 * stays good, and recorder_finish is next. */
int recorder_take(struct recorder *self, const struct picture *picture, uint64_t now_us);
/* The signal came or went. */
int recorder_mark(struct recorder *self, enum api_recording_kind kind, uint64_t now_us);
/* Nothing changes, and the recording still runs: what a gateway that dies had recorded up to then counts. */
int recorder_alive(struct recorder *self, uint64_t now_us);
/* The end. 0 or -errno. */
int recorder_finish(struct recorder *self, uint64_t now_us);

struct recorder_state {
    uint64_t bytes, duration_ms;
    uint32_t frames;
    int width, height;
    bool coarse; /* taking the same picture once more would make it better */
};
struct recorder_state recorder_state(const struct recorder *self);
