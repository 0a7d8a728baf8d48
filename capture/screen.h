/* Port: where pictures come from. A driver calls its listener on its capture thread (or the thread that polls it). */
#pragma once

#include <stdint.h>

#include "video/frame.h"

/* Why there is no picture. The page and the API show the name and the sentence. */
enum screen_signal {
    SCREEN_OK,
    SCREEN_POWERED_OFF,  /* the target is off */
    SCREEN_NO_SIGNAL,    /* cable or source gives nothing */
    SCREEN_NO_LOCK,      /* a signal that cannot be locked to */
    SCREEN_OUT_OF_RANGE, /* a mode we cannot take */
    SCREEN_UNSUPPORTED,  /* a pixel format we cannot take */
    SCREEN_DEVICE_GONE,  /* capture device or VM process not there */
    SCREEN_STARTING,     /* not asked yet, or on its way */
};

const char *screen_signal_name(enum screen_signal signal); /* "ok", "powered-off", ... stable for scripts */

/* A cursor that the source hands out apart from the picture. pixels: BGRA premultiplied, width*4 stride; NULL: none. */
struct screen_cursor {
    int x, y, hot_x, hot_y, width, height;
    bool visible;
    const uint8_t *pixels;
};

struct screen_listener {
    /* The newest picture; the listener takes the reference. */
    void (*frame)(void *data, struct frame *frame);
    /* why: one sentence for people, valid during the call. */
    void (*signal)(void *data, enum screen_signal signal, const char *why);
    void (*cursor)(void *data, const struct screen_cursor *cursor); /* may be NULL */
};

struct screen;

struct screen_ops {
    const char *name; /* "testcard", "replay", "qemu" */
    /* Begins to call the listener, first with the signal state (and a frame, when there is one). Net thread. */
    int (*start)(struct screen *self, const struct screen_listener *listener, void *data);
    /* No listener call begins after this returned. Net thread. */
    void (*stop)(struct screen *self);
    /* Buffers that may be out at a time beyond the driver's own; for the buffer budget. */
    unsigned spare_buffers;
    void (*destroy)(struct screen *self);
};

/* Drivers embed this as their first member. */
struct screen {
    const struct screen_ops *ops;
};

int screen_start(struct screen *self, const struct screen_listener *listener, void *data);
void screen_stop(struct screen *self);
struct screen *screen_destroy(struct screen *self); /* stops first; NULL allowed; returns NULL */
