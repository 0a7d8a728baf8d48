/* A machine that stands still because one drive's medium could not be read or written, and how it goes on. Net thread.
 */
#pragma once

#include "machines/qemu/qmp.h"

/* Part of its drive. */
struct drive_pause {
    struct qmp *qmp;
    bool paused;
    bool error;  /* of its medium, since the machine last ran on */
    bool asking; /* whether it may go on */
    void (*changed)(void *data);
    void *data;
};

/* The machine has begun to stop because of an error. */
void drive_pause_begin(struct drive_pause *self);
void drive_pause_event(struct drive_pause *self, const char *name); /* STOP, RESUME; others do nothing */
/* Lets the machine go on if it stands still for that reason: one that is off, or that somebody stopped by hand, stays
 * so. */
void drive_pause_resume(struct drive_pause *self);
/* The machine's process is gone, or another one: what it said of itself is forgotten. */
void drive_pause_forget(struct drive_pause *self, bool paused);
