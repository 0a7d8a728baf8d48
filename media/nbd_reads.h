/* Reads that are at a source, for a peer that takes a request back when its answer is late and sends it again over
 * another connection, as the kernel does (media/nbd_device.h): the second one waits for what the first one brings,
 * instead of beginning anew and being late again. A read that is never answered ends with an error after
 * NBD_READ_PATIENCE_US, whatever connections came and went. Pure: time is a parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Below the 30 s after which a system gives up its drive, and above the 26 s for which the layers above a source that
 * is away let reads wait (gateway/drives/drives.h): their answer comes first. */
#define NBD_READ_PATIENCE_US 27000000ull

struct nbd_reads;

/* Part of its owner's request. */
struct nbd_read {
    struct nbd_reads *list;     /* it is at the source; NULL: not, or the list has ended */
    struct nbd_read *next;      /* in that list, or among its leader's followers */
    struct nbd_read *followers; /* who wait for the same bytes */
    uint64_t offset, since_us;
    uint32_t length;
    bool late; /* its owner was told so */
};

/* Zeros: empty. */
struct nbd_reads {
    struct nbd_read *first;
};

enum nbd_reads_added {
    NBD_READS_BEGIN,  /* the source is to be asked */
    NBD_READS_FOLLOW, /* it comes out of nbd_reads_remove of the one that is at the source */
    NBD_READS_LATE,   /* the source has not answered for these blocks for too long; the read is not kept */
};
enum nbd_reads_added nbd_reads_add(struct nbd_reads *self, struct nbd_read *read, uint64_t offset, uint32_t length,
                                   uint64_t now_us);

/* The source has answered. Returns the first of those that followed, linked by next. */
struct nbd_read *nbd_reads_remove(struct nbd_read *read);

/* Calls late once for each read that has waited too long. True: some are still at the source. late must not add. */
bool nbd_reads_look(struct nbd_reads *self, uint64_t now_us, void (*late)(struct nbd_read *read));

/* The list ends before its reads, which are removed all the same when the source answers. */
void nbd_reads_finish(struct nbd_reads *self);
