/* The client's half of NBD's transmission phase (simple replies), reads only, on a connected stream socket that both
 * sides have agreed about before. Never blocks. What the server sends is checked: a reply that nobody waits for ends
 * the connection. One owner at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NBD_CLIENT_REQUESTS 16 /* at a time */
#define NBD_CLIENT_REQUEST 28  /* bytes */
#define NBD_CLIENT_REPLY 16

struct nbd_client {
    int fd; /* -1: none */
    struct {
        bool busy;
        uint64_t cookie;
        uint32_t length;
        uint8_t *room;
    } requests[NBD_CLIENT_REQUESTS];
    uint64_t cookies; /* given out so far, on any connection: none is ever used again */
    uint8_t out[NBD_CLIENT_REQUESTS * NBD_CLIENT_REQUEST];
    size_t out_size, out_sent;
    uint8_t header[NBD_CLIENT_REPLY];
    size_t have;   /* of the header, then of the payload */
    int receiving; /* request whose payload comes, or -1 */
};

/* A request has ended: 0, or -EIO when the server refused it. */
typedef void nbd_client_done_fn(void *data, unsigned request, int error);

void nbd_client_init(struct nbd_client *self);
/* Takes the socket and makes it non-blocking. There must be none. */
void nbd_client_open(struct nbd_client *self, int fd);
/* Closes; requests that wait are forgotten, their room is left alone from now on. */
void nbd_client_close(struct nbd_client *self);

/* request: 0 to NBD_CLIENT_REQUESTS - 1, not busy. Sent with the next run. */
void nbd_client_read(struct nbd_client *self, unsigned request, uint64_t offset, uint32_t length, uint8_t *room);
/* Sends and receives what can be. 0; -errno when the connection is no good any more (it is still to be closed). *moved,
 * which is otherwise left alone: something came. */
int nbd_client_run(struct nbd_client *self, nbd_client_done_fn *done, void *data, bool *moved);
bool nbd_client_wants_to_send(const struct nbd_client *self);
