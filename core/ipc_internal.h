/* What the files of ipc share; for core/ipc*.c only. */
#pragma once

#include "core/ipc.h"

#define IPC_QUEUE_BYTES (256 * 1024) /* unsent, a channel */
#define IPC_QUEUE_MESSAGES 64

/* A datagram that waits: to be sent, or to reach the listener after an ipc_call. Its descriptors are ours. */
struct ipc_held {
    struct ipc_held *next;
    int fds[IPC_MAX_FDS];
    unsigned n_fds;
    size_t size;
    uint8_t bytes[];
};

struct ipc_queue {
    struct ipc_held *first, **end;
    size_t bytes, most_bytes;
    unsigned count, most;
};

struct ipc {
    int fd;
    struct loop_io *io;
    struct loop_timer *later; /* runs what ipc_call left for the loop */
    const struct ipc_listener *listener;
    void *data;
    struct ipc_queue unsent, unread;
    bool wants_out;   /* the io waits for room to send */
    bool was_reset;   /* the other side ended without reading all we sent */
    int error;        /* why the channel is closed: 1 by the other side, or -errno */
    bool closed_told; /* the listener knows */
    bool *destroyed;  /* told when a callback destroys us */
    uint32_t last_call;
};

/* One datagram with its descriptors, which the caller gets in message->fds and must close. message->body points into
 * room. 0, -EAGAIN, or 1: closed or broken, and self->error says why. */
#define IPC_DATAGRAM (IPC_HEADER_SIZE + IPC_MAX_BODY)
int ipc_receive(struct ipc *self, uint8_t room[IPC_DATAGRAM], struct ipc_message *message);
void ipc_close_fds(int *fds, unsigned n);

/* 0, also when it had to be left for later; -errno: the channel is of no use any more, or the queue is full. */
int ipc_flush(struct ipc *self);

void ipc_queue_init(struct ipc_queue *queue);
void ipc_queue_clear(struct ipc_queue *queue);
/* What it held may be a password: nothing of it stays in memory. */
void ipc_held_free(struct ipc_held *held);
struct ipc_held *ipc_queue_take(struct ipc_queue *queue);
/* Copies; on success takes the descriptors and sets them to -1. -ENOBUFS, -ENOMEM. */
int ipc_queue_add(struct ipc_queue *queue, const uint8_t *bytes, size_t size, int *fds, unsigned n_fds);
