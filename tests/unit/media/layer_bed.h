/* What the tests of layers share: a medium with known bytes, readers that check what they get, a loop. */
#pragma once

#include "core/worker.h"
#include "media/source.h"

#define BED_READS 64

struct bed_read {
    struct bed *bed;
    unsigned done;
    int error;
    uint64_t offset;
    size_t length;
    uint8_t *room;
};

struct bed {
    struct loop *loop;
    struct worker_pool *io;
    uint64_t size;
    uint8_t *bytes; /* the reference */
    struct source *source;
    char folder[64];
};

int bed_set_up(void **state); /* cmocka; the medium has 8 MiB and some bytes */
int bed_tear_down(void **state);

struct source *bed_memory(struct bed *bed); /* a source with the reference's bytes */
/* A read of bed->source that is not waited for; bed_end waits for it, checks that it was answered once and, when it
 * went well, with the reference's bytes; and returns the error. */
struct bed_read *bed_begin(struct bed *bed, uint64_t offset, size_t length);
int bed_end(struct bed_read *read);
int bed_read(struct bed *bed, uint64_t offset, size_t length);
void bed_on_done(void *data, int error); /* data: struct bed_read */
/* Dispatches until it is true; fails after a long time. */
void bed_until(struct bed *bed, bool (*fn)(void *data), void *data);
/* The same on the reference. */
int bed_write(struct bed *bed, uint64_t offset, const void *bytes, size_t length);
int bed_flush(struct bed *bed);
int bed_trim(struct bed *bed, uint64_t offset, uint64_t length);
int bed_folder_fd(const struct bed *bed); /* a new descriptor of a folder that goes with the bed */
