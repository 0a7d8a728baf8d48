/* The two bulk endpoints as the drive's thread uses them: nothing blocks, what ended is told later. One ops table for
 * FunctionFS (big_cd_aio.c), one in the tests. Inside big_cd. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BIG_CD_PIPE_READ 16384u /* the most that is received at a time */

enum big_cd_pipe_event {
    PIPE_NOTHING,
    PIPE_SENT,     /* there is room for another write */
    PIPE_RECEIVED, /* received_size bytes in received; received_short: ended by the host */
    PIPE_DOWN,     /* the endpoints are disabled, until the host configures us again */
};

struct big_cd_pipe {
    const struct big_cd_pipe_ops *ops;
    int event_fd;    /* becomes readable (an edge; nobody reads it): reap has something */
    unsigned packet; /* bytes of a packet at the speed that the host has chosen */
    bool receiving;
    const uint8_t *received;
    size_t received_size;
    bool received_short;
};

struct big_cd_pipe_ops {
    /* Copies and sends. How many bytes it took (perhaps fewer: a whole number of packets), 0: no room now, PIPE_SENT
     * tells when; as for all of these: -ENOMEM, -EAGAIN: to be tried again soon; -ESHUTDOWN: the endpoint is disabled.
     */
    int (*write)(struct big_cd_pipe *self, const void *bytes, size_t size);
    /* An empty packet. 1: done. */
    int (*write_empty)(struct big_cd_pipe *self);
    /* Begins to receive. size: a whole number of packets. 1: done. */
    int (*read)(struct big_cd_pipe *self, size_t size);
    enum big_cd_pipe_event (*reap)(struct big_cd_pipe *self);
    /* What is under way is taken back and never told of. */
    void (*cancel)(struct big_cd_pipe *self);
    /* Halts bulk IN. 1: done; -EAGAIN: the host is still to take something. */
    int (*halt)(struct big_cd_pipe *self);
    /* The host has configured us: packet is set anew. */
    void (*enabled)(struct big_cd_pipe *self);
    void (*destroy)(struct big_cd_pipe *self); /* bounded in time */
};

/* Takes both descriptors on success. -ENOSYS and the like: the kernel has no asynchronous I/O. */
int big_cd_aio_create(int bulk_in, int bulk_out, struct big_cd_pipe **ret);
