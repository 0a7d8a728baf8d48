/* What the parts of uploads share. An upload has one job at a time; while it runs, what it works with is the job's. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <openssl/evp.h>

#include "media/library_internal.h"
#include "media/upload_record.h"

#define UPLOAD_ID_SIZE 16

struct upload_job {
    struct uploads *owner;
    struct upload_job *next, **link;
    bool worked; /* pool thread, then the loop's */
    bool gone;   /* the owner is: only what belongs to the job may be touched */
    void (*work)(struct upload_job *self);
    void (*done)(struct upload_job *self);
};

struct upload {
    struct upload_job job; /* first */
    struct uploads *owner;
    struct upload *next;
    char id[UPLOAD_ID_HEX + 1];
    bool busy;   /* the job is under way */
    bool ready;  /* it was begun: others see it */
    bool packed; /* room is kept for unpacking it */
    bool reserved;

    struct upload_record record; /* the loop's; jobs write a copy */
    struct upload_record saving; /* the job's */
    int fd;                      /* ID.part, -1: not open */
    EVP_MD_CTX *digest;          /* of the first `digested` bytes */
    uint64_t digested;

    struct upload_writer *writer;
    struct upload_finish *finish;
    struct upload_begin *begin;
    _Atomic uint64_t unpacked;

    uint64_t rate, window_us, window_bytes; /* of late */
};

struct uploads {
    struct loop *loop;
    struct library *library;
    struct worker_pool *io;
    int folder_fd;
    struct upload *list; /* newest first */
    struct loop_timer *expiry;
    struct upload_job *jobs; /* not done */

    pthread_mutex_t lock; /* for working */
    pthread_cond_t all_worked;
    unsigned working;
    atomic_bool stopping;
};

/* Runs work on the pool and done on the loop's thread; the job must live until then. -errno: neither is called. */
int uploads_submit(struct uploads *self, struct upload_job *job);

struct upload *upload_find(const struct uploads *self, const char *id);
void upload_tell(const struct upload *self, struct upload_state *ret);
/* Of those that are over only the newest UPLOAD_MAX are remembered. */
void uploads_trim(struct uploads *self);
/* No job may be under way. */
struct upload *upload_free(struct upload *self);
void upload_arrived(struct upload *self, uint64_t bytes); /* for the rate */

/* Blocking; pool threads. */
void upload_file_name(const char *id, const char *kind, char ret[64]); /* "part", "image", "state" */
int upload_save(int folder_fd, const char *id, const struct upload_record *record);
int upload_open_part(struct upload *self);

/* media/upload_begin.c: the rest of what goes, in the background. */
void upload_remove_files(struct uploads *self, const char *id);

/* media/upload_writer.c */
void upload_writer_gone(struct upload_writer *self);

/* media/upload_finish.c: the upload is whole and not busy. */
void upload_finish_begin(struct upload *self);
struct upload_finish *upload_finish_free(struct upload_finish *self);
/* media/upload_begin.c */
struct upload_begin *upload_begin_free(struct upload_begin *self);
void upload_begin_gone(struct upload_begin *self);
