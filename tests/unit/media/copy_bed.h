/* What the tests of copies share: a library in a folder of its own, a source that answers late and in any order, and a
 * copy of it that is a layer of a medium. */
#pragma once

#include <pthread.h>

#include "media/library.h"
#include "media/library_copy.h"
#include "media/library_copy_internal.h"
#include "slow_source.h"

#define COPY_BED_BLOCKS 80u
#define COPY_BED_SIZE ((COPY_BED_BLOCKS - 1) * COPY_BLOCK + 12345)

struct copy_bed {
    struct loop *loop;
    struct worker_pool *io;
    struct library *library;
    struct slow_source below;
    struct library_copy *copy;
    struct source *layer;
    char folder[64];
    unsigned ended, progress;
    int error;
    char name[256];
    pthread_barrier_t workers_met;
    unsigned met;
};

extern const uint8_t copy_bed_id[16];
extern const struct library_copy_listener copy_bed_listener; /* its data is the bed */

int copy_bed_set_up(void **state); /* cmocka */
int copy_bed_tear_down(void **state);
void copy_bed_start(struct copy_bed *f);  /* loop, workers and library, in the folder that there is */
int copy_bed_folder(struct copy_bed *f);  /* a new descriptor */
void copy_bed_insert(struct copy_bed *f); /* "a disc.iso" */
void copy_bed_turn(struct copy_bed *f);
void copy_bed_settle(struct copy_bed *f);       /* the layer gives back its descriptors some time after it was closed */
void copy_bed_await_blocks(struct copy_bed *f); /* some are copied, not all: reads are answered before that */
void copy_bed_await(struct copy_bed *f, const unsigned *counter, unsigned at_least);
void copy_bed_check_image(struct copy_bed *f, const char *name); /* it has the source's bytes */

struct copy_bed_read {
    bool done;
    int error;
    uint64_t offset;
    size_t length;
    uint8_t room[300000];
};

void copy_bed_read_done(void *data, int error); /* data: struct copy_bed_read */
void copy_bed_read_check(const struct copy_bed_read *read);
uint32_t copy_bed_random(uint32_t *state);
/* Many at a time; each right, or (where the source fails) an error. Returns how many failed. */
unsigned copy_bed_read_about(struct copy_bed *f, unsigned n, uint32_t seed);
