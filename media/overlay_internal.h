/* Inside the overlay: what its files share. Everything on the loop's thread; jobs on the pool have copies. */
#pragma once

#include <sys/queue.h>

#include "media/layers.h"
#include "media/overlay_file.h"

struct overlay;

/* A write or a trim. Those that touch the same blocks run one after the other: two that each bring a part of a block
 * which is not there yet would else lose one of the parts. */
struct overlay_change {
    TAILQ_ENTRY(overlay_change) link;  /* of all, in the order they came */
    STAILQ_ENTRY(overlay_change) wait; /* for the map to be written */
    struct overlay *owner;
    bool trim, begun;
    uint64_t offset, length;
    uint64_t first, last; /* blocks; of a trim: whole ones */
    const uint8_t *bytes;
    uint8_t *head, *tail; /* a block at either end of which only a part is written */
    unsigned n_reading;
    int error;
    source_done_fn *done;
    void *data;
};

struct overlay_flush {
    STAILQ_ENTRY(overlay_flush) link;
    source_done_fn *done;
    void *data;
};

STAILQ_HEAD(overlay_changes, overlay_change);
STAILQ_HEAD(overlay_flushes, overlay_flush);

struct overlay {
    struct source source;
    struct source *below;
    struct worker_pool *io;
    struct overlay_file file;
    uint64_t n_changed; /* blocks */
    bool *dirty;        /* pages that the live map in the file lacks */
    TAILQ_HEAD(, overlay_change) changes;
    struct overlay_changes map_waiting, map_running;
    struct overlay_flushes flush_waiting, flush_running;
    bool map_busy, flush_busy, closed;
    unsigned refs; /* the owner's, requests, jobs */
};

void overlay_unref(struct overlay *self);

/* overlay_change.c. done is called once. */
void overlay_change_begin(struct overlay *self, struct overlay_change change);
/* Its map is written, or could not be. */
void overlay_change_mapped(struct overlay_change *change, int error);

/* overlay_map.c */
void overlay_map_add(struct overlay *self, struct overlay_change *change);
/* done may be NULL. */
void overlay_flush_add(struct overlay *self, source_done_fn *done, void *data);
