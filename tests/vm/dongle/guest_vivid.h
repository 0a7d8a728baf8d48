/* A V4L2 screen on the kernel's vivid: its controls, and a table of system calls that narrows what it offers or puts
 * another device's buffers in the place of a DMA heap's. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "capture/v4l2.h"
#include "capture/v4l2_io.h"
#include "capture/v4l2_layout.h"
#include "core/clock.h"
#include "tests/unit/capture/screen_watch.h"

#define VIVID_SINGLE "/dev/video0"
#define VIVID_MULTI "/dev/video1"

enum vivid_mode { VIVID_CURRENT, VIVID_NO_SIGNAL, VIVID_NO_LOCK, VIVID_OUT_OF_RANGE, VIVID_SELECTED };

struct vivid {
    struct v4l2_io io;
    uint32_t only; /* the only format it offers; 0: all */
    bool uncached; /* its mapped buffers seem slow */
    bool no_export;
    int donor; /* whose exported buffers stand for those of a DMA heap; -1: none */
    unsigned donor_next;
    const char *path;
    int control_fd; /* for the controls: another open of the same device; -1 while it may not be held */
    struct screen *screen;
    struct screen_watch watch;
    atomic_uint wants;
    bool away; /* there is none to give */
};

void vivid_start(struct vivid *self, const char *path, const struct v4l2_config *config);
void vivid_stop(struct vivid *self);

void vivid_set(struct vivid *self, const char *control, int value);
void vivid_signal(struct vivid *self, enum vivid_mode mode);
void vivid_timings(struct vivid *self, const char *name); /* "640x480p59": the menu's text begins so */

/* Another so many pictures. */
void vivid_pictures(struct vivid *self, unsigned n);
void vivid_wait_signal(struct vivid *self, enum screen_signal signal);
struct v4l2_statistics vivid_counts(struct vivid *self);
