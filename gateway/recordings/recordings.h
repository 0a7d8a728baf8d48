/* Recordings of targets' screens: who is recorded now, what is kept, and what goes to make room. Films are coded on
 * workers of their own; a picture that comes while one is at work replaces the one that waits, so that nothing queues.
 * Everything here is the net thread's. docs/recordings.md. */
#pragma once

#include "api/recordings.h"
#include "core/loop.h"
#include "core/worker.h"
#include "gateway/console/feed.h"

struct keeper_client;
struct recordings;
struct recording_run;

#define RECORDINGS_AT_ONCE 4
#define RECORDINGS_MOST 2000 /* kept */
#define RECORDING_LONGEST_US (12 * 3600 * 1000000ull)

struct recordings_config {
    struct loop *loop;
    struct worker_pool *io; /* for what reads and lists */
    struct keeper_client *keeper;
    int folder_fd; /* taken; -1: there is none */
    uint64_t keep; /* bytes of all recordings; 0: nothing is recorded */
    /* A recording of the target begins, or has ended: entry->running. */
    void (*changed)(void *data, struct target *target, const struct api_recording *entry);
    /* Where its pictures come from; NULL: it has no screen. */
    struct feed *(*feed)(void *data, struct target *target);
    void *data;
};

/* Reads what is there, and finishes what a gateway that died left unfinished; blocks, as long as that takes. */
int recordings_create(const struct recordings_config *config, struct recordings **ret);
/* Finishes what runs. After the I/O pool has ended. NULL allowed; returns NULL. */
struct recordings *recordings_destroy(struct recordings *self);

extern const struct api_recordings_ops recordings_ops; /* its context is struct recordings */

/* What runs of this target; NULL: nothing. */
const struct api_recording *recordings_of(const struct recordings *self, const struct target *target);
uint32_t recordings_elapsed_s(const struct recordings *self, const struct target *target); /* of what runs */
/* The target has another picture, or another signal. */
void recordings_picture(struct recordings *self, struct target *target);
/* What runs of it ends soon. recordings_of says when it has. */
void recordings_end(struct recordings *self, const struct target *target, enum api_recording_end end);
/* The target is freed: nobody asks it, or tells it, anything any more. */
void recordings_target_gone(struct recordings *self, struct target *target);
