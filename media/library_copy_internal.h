/* What the parts of a copy share. All on the loop's thread; jobs on the pool touch their own room and the descriptors,
 * which live as long as the copy, and hold a reference to it. */
#pragma once

#include "media/library.h"
#include "media/library_copy.h"
#include "media/library_copy_map.h"

#define COPY_FETCHES 64        /* blocks in memory at a time: on their way, or being written */
#define COPY_BACKGROUND 8      /* of them, while nobody else waits */
#define COPY_BACKGROUND_BUSY 2 /* of them, while somebody reads now and then */
#define COPY_BUSY_US 200000
#define COPY_TICK_US 250000
#define COPY_SYNC_US 2000000
#define COPY_WANTED 8

enum copy_phase {
    COPY_WAITING,   /* for the one before us, which writes down what it has */
    COPY_PREPARING, /* the file gets its room */
    COPY_RUNNING,
    COPY_FINISHING, /* all is there; the file gets its name */
    COPY_COMPLETE,  /* `file` serves */
    COPY_STOPPED,   /* what is there is served, nothing is added */
};

struct copy_names {
    char part[48], map[48];
};

/* library_copy_order.c: which block comes next. Pure. */
struct copy_order {
    struct image_range ranges[RECOGNISE_RANGES]; /* what firmware reads */
    unsigned n_ranges;
    uint64_t wanted[COPY_WANTED]; /* blocks by which the ranges are found out */
    unsigned n_wanted;
    bool only_wanted;  /* the ranges are not known yet */
    uint64_t position; /* block behind the last one that the target read */
};
/* n_blocks: nothing is missing that is not on its way. */
uint64_t copy_order_next(const struct copy_order *self, const struct copy_map *map);

struct copy_read;

/* A part of a read that a block on its way will fill. */
struct copy_part {
    struct copy_part *next;
    struct copy_read *read;
    uint64_t offset; /* in the medium */
    uint32_t length;
};

struct copy_fetch {
    struct library_copy *copy;
    struct copy_fetch *next, **link;
    uint64_t block;
    uint32_t length;
    bool background, arrived;
    struct copy_part *parts;
    int error; /* of the write */
    uint8_t bytes[COPY_BLOCK];
};

struct copy_read {
    struct library_copy *copy;
    struct copy_read *next; /* in the queue of those that are not given out completely */
    uint64_t offset, length, at;
    uint8_t *room;
    unsigned pending; /* parts under way, and one while it is being given out */
    int error;
    source_done_fn *done;
    void *data;
};

struct library_copy {
    struct source source; /* the layer */
    struct loop *loop;
    struct library *library;
    struct worker_pool *io;
    const struct library_copy_listener *listener; /* NULL once nobody listens */
    void *listener_data;
    char name[256];
    struct copy_names names;
    int folder_fd, fd, map_fd;

    enum copy_phase phase;
    unsigned refs; /* the owner's, one for each read, fetch and job */
    bool layered, closed, synced;
    struct source *below, *file;
    char adopted[256]; /* name in the library, while we keep it in use */

    struct copy_map map;
    struct copy_order order;
    bool looking, looked; /* for the ranges that firmware reads */
    unsigned look_rounds;

    struct copy_read *queue, **queue_end;
    struct copy_fetch *fetches;
    unsigned n_fetches, n_background, n_foreground; /* in `fetches`; of them, still on their way */
    struct copy_fetch *spare;                       /* to be used again */
    unsigned n_spare;
    bool pumping;

    struct loop_timer *tick;
    uint64_t last_foreground, last_sync, not_before, give_up; /* clock_now_us */
    unsigned failures;                                        /* of background fetches, one after the other */
    uint64_t told;                                            /* bytes in the last progress */
    bool syncing;
};

void copy_ref(struct library_copy *self);
void copy_unref(struct library_copy *self);
/* A job that holds a reference; its `done` must call copy_unref. -errno: none was taken. */
int copy_submit(struct library_copy *self, worker_fn *work, worker_fn *done, void *job);

/* library_copy_file.c */
void copy_names_make(const uint8_t id[16], struct copy_names *ret);
/* Opens or makes both files and loads what is there. -EBUSY: another copy of this medium runs. */
int copy_files_open(struct library_copy *self);
int copy_write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset);
int copy_read_all(int fd, uint8_t *room, size_t size, uint64_t offset);

/* library_copy_sync.c: run blocks: on the pool, or where that is over, on the loop's thread. */
struct copy_sync;
struct copy_sync *copy_sync_begin(struct library_copy *self); /* NULL: nothing to do, or no memory */
void copy_sync_run(struct copy_sync *sync);
int copy_sync_end(struct copy_sync *sync); /* the error; then it is still to do */
struct library_copy *copy_sync_copy(const struct copy_sync *sync);

/* library_copy_run.c: background work */
/* Opens the files, now or on a later tick; then copying begins, or has stopped with this error. */
int copy_open(struct library_copy *self, uint64_t now);
/* library_copy_stale.c: what crashes left and nobody came back for. Pool thread. */
void copy_remove_stale(int folder_fd);
void copy_background(struct library_copy *self);
void copy_stop(struct library_copy *self, int error);
void copy_tick(void *data);
/* library_copy_finish.c */
void copy_finish(struct library_copy *self);
/* library_copy_look.c: finds out what firmware reads first, as far as blocks are there */
void copy_look(struct library_copy *self);

/* library_copy_fetch.c */
struct copy_fetch *copy_fetch_find(const struct library_copy *self, uint64_t block);
void copy_fetch_free_spare(struct library_copy *self);
/* part: who waits for it, taken on success; NULL: background. -ENOMEM. */
int copy_fetch_start(struct library_copy *self, uint64_t block, struct copy_part *part);
/* library_copy_layer.c: gives out reads as far as there is room, then lets the background go on */
void copy_pump(struct library_copy *self);
/* Fills the part from its block, which is there or has failed, and frees it. */
void copy_part_done(struct copy_part *part, const struct copy_fetch *fetch, int error);
