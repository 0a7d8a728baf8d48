/* Messages between our own processes over a SOCK_SEQPACKET pair: one datagram each, at most IPC_MAX_BODY bytes and
 * IPC_MAX_FDS descriptors, with a magic and version in front. The other side may be taken over by an attacker: every
 * message is checked at the door and the channel closed at the first one that is not well formed. */
#pragma once

#include "core/loop.h"
#include "core/wire.h"

#define IPC_VERSION 1
#define IPC_MAX_BODY 16384
#define IPC_MAX_FDS 4

/* type: which message (the two sides share an enum). serial: chosen by the asker, repeated in the answer, 0 for
 * messages that want none. fds: the receiver's; those it does not take (by setting them to -1) are closed after the
 * callback. */
struct ipc_message {
    uint16_t type;
    uint32_t serial;
    const uint8_t *body;
    size_t body_size;
    int fds[IPC_MAX_FDS];
    unsigned n_fds;
};

struct ipc;

struct ipc_listener {
    void (*message)(void *data, struct ipc_message *message);
    void (*closed)(void *data, int error); /* 0: the other side ended; else -errno or -EPROTO. Called once. */
};

/* Takes fd. loop may be NULL for a side that only uses ipc_call. */
int ipc_create(struct loop *loop, int fd, const struct ipc_listener *listener, void *data, struct ipc **ret);
struct ipc *ipc_destroy(struct ipc *self); /* NULL allowed; returns NULL. Allowed inside its callbacks. */
DEFINE_CLEANUP(struct ipc, ipc_destroy)

/* Sends or queues (bounded; -ENOBUFS when the other side does not read). fds stay the caller's. */
int ipc_send(struct ipc *self, uint16_t type, uint32_t serial, const void *body, size_t size, const int *fds,
             unsigned n_fds);

/* How much may wait for the other side to read, instead of 64 messages and 256 KiB: for a channel over which much is
 * said at once. */
void ipc_let_wait(struct ipc *self, unsigned messages, size_t bytes);

/* Serials with this bit are chosen by ipc_call; other askers leave it clear. */
#define IPC_CALL_SERIAL 0x80000000u

/* Sends and waits, at most timeout_ms, for the answer with the same serial; messages that come in between reach the
 * listener afterwards, from the loop. Copies at most size bytes of the answer's body; *ret_size is its true size and
 * *ret_type its type; -EMSGSIZE when it did not fit. -ETIMEDOUT, -ECONNRESET, -EPROTO. Descriptors in the answer are
 * closed. An answer that comes after its time-out reaches the listener like any message. For the few places that cannot
 * wait asynchronously (a TLS signature). */
int ipc_call(struct ipc *self, uint16_t type, const void *body, size_t size, int timeout_ms, uint16_t *ret_type,
             void *answer, size_t answer_size, size_t *ret_size);

/* Header in front of the body: le32 magic, le16 version, le16 type, le32 serial, le16 size of the body, le16 number of
 * descriptors. */
#define IPC_HEADER_SIZE 16
#define IPC_MAGIC 0x4950534cu

/* Checks one datagram's header; pure, for the fuzzer. 0 and *ret filled (body points into bytes, n_fds as the sender
 * says, fds all -1), or -EPROTO. */
int ipc_parse(const uint8_t *bytes, size_t size, struct ipc_message *ret);

/* Adds a string as le16 length + bytes; reads one into room of the given size with a closing NUL: false when it is too
 * long, holds a NUL or ran short. */
void ipc_write_string(struct wire_writer *w, const char *text);
bool ipc_read_string(struct wire_reader *r, char *room, size_t size);
