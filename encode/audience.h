/* Everybody who watches one screen, in cohorts: who shares an encode with whom, when a cohort encodes, and what brings
 * a viewer from one cohort to another. At most AUDIENCE_COHORTS of them; each has at most one job at a time.
 *
 * Pure: the clock, the workers, the newest picture and the viewers' sockets are behind callbacks, so that a simulation
 * runs this very code. One thread (the net thread), but for audience_work. */
#pragma once

#include "core/cleanup.h"
#include "encode/cohort.h"

#define AUDIENCE_COHORTS 4
#define AUDIENCE_REFRESH_US 1000000 /* a viewer that asks for whole pictures gets one that often */

struct audience;
struct audience_job;
struct audience_member; /* one viewer */

struct audience_link {
    uint64_t rate;   /* bytes/s that the viewer takes, 0: not known. Meaningful only as far as the link was used */
    uint32_t rtt_us; /* 0: not known */
    uint32_t acked;  /* how many of the updates given to it, counted from 1, it has acked */
};

struct audience_update {
    const struct cohort_update *update; /* the pieces' references are the viewer's to put */
    uint64_t tracked_us, begun_us, encoded_us;
};

struct audience_ops {
    uint64_t (*now)(void *context); /* microseconds, the clock of captured_us. Any thread */
    /* A reference to the newest picture, or NULL. *ret_tracked_us, unless NULL: when it was ready. Any thread. */
    struct picture *(*picture)(void *context, uint64_t *ret_tracked_us);
    /* Has audience_work(job) run somewhere and audience_done(job) after it on this thread. <0: it cannot. */
    int (*submit)(void *context, struct audience_job *job);
    /* Has audience_tick called then; replaces the time before. UINT64_MAX: not at all. */
    void (*wake_at)(void *context, uint64_t when_us);

    void (*link)(const void *viewer, struct audience_link *ret);
    /* A new canvas, all zeros. True: the update given last will never be sent, and does not count in acked. */
    bool (*mode)(void *viewer, int width, int height, uint8_t colour);
    /* One update; only for a viewer with credit, which it has no more until it says so. */
    void (*update)(void *viewer, const struct audience_update *update);
};

int audience_create(const struct audience_ops *ops, void *context, struct audience **ret);
/* After all members have left and all jobs are done. NULL allowed; returns NULL. */
struct audience *audience_destroy(struct audience *self);
DEFINE_CLEANUP(struct audience, audience_destroy)

struct audience_member_config {
    bool jpeg, vp8, vp9;        /* what it can decode */
    struct slot_record *record; /* what its slots still hold; taken, NULL: nothing */
};

/* It gets a canvas when it has credit for the first time. 0 or -ENOMEM. */
int audience_join(struct audience *self, const struct audience_member_config *config, void *viewer,
                  struct audience_member **ret);
/* ret_record: what its slots certainly hold, or NULL when that is nothing; may itself be NULL. */
void audience_leave(struct audience_member *member, struct slot_record **ret_record);

void audience_pull(struct audience_member *member, size_t budget); /* it has credit for so many bytes */
void audience_hide(struct audience_member *member, bool hidden);
void audience_refresh(struct audience_member *member); /* it has lost canvas and slots */

void audience_key(struct audience *self);             /* somebody pressed something on this screen */
void audience_picture_changed(struct audience *self); /* ops.picture has a newer one */
void audience_void(struct audience *self);            /* there is no picture: all canvases are void */
void audience_tick(struct audience *self);

void audience_work(struct audience_job *job);
void audience_done(struct audience_job *job); /* frees it */

struct audience_statistics {
    uint64_t encodes, empty, stale, dropped, errors, chases; /* jobs; of them without outcome; by cause */
    uint64_t encode_us, longest_us;
    uint64_t joins, merges, leaves, refreshes, restored; /* viewers that moved; that brought slots with them */
    uint64_t bytes, class_bytes[COHORT_SETTLE + 1];      /* encoded once, however often they are sent */
    uint64_t sent_bytes;
    uint64_t cells, cells_copied, cells_shown, cells_solid, cells_lossy;
    unsigned cohorts, members; /* now */
};
const struct audience_statistics *audience_statistics(const struct audience *self);
