/* A peer of the NBD server from inside. For nbd_connection*.c. */
#pragma once

#include "core/ref.h"
#include "media/nbd_connection.h"

struct nbd_request {
    struct nbd_connection *connection;
    struct nbd_request *next; /* in the queue of answers */
    struct nbd_read reading;  /* of a kernel's read */
    struct nbd_command command;
    size_t charged;      /* to the connection */
    size_t payload_size; /* of the answer */
    uint8_t header[NBD_REPLY_SIZE];
    uint8_t payload[];
};

struct nbd_connection {
    struct ref ref; /* the server's (given up by close), one for each request at the source, one for each callback */
    const struct nbd_connection_host *host;
    void *data;
    struct nbd_export *export;
    int fd; /* -1: closed */
    pid_t pid;
    uid_t uid;
    struct loop_io *io;
    struct loop_timer *timer; /* of the negotiation */
    uint32_t events;
    struct nbd_wire wire;
    bool finishing; /* the peer said good-bye */
    bool kernel;    /* the peer takes requests back and sends them again (nbd_reads.h) */

    uint8_t *talk; /* negotiation that waits to be sent */
    size_t talk_size, talk_sent;

    struct nbd_request *incoming; /* a write whose payload is on its way */
    struct nbd_request *first, **last;
    size_t sent; /* bytes of the first answer */
    unsigned requests;
    size_t bytes;
};

/* nbd_connection.c */
void nbd_connection_unref(struct nbd_connection *self);
void nbd_connection_settle(struct nbd_connection *self); /* wants of the loop what can be done now, or ends */
void nbd_connection_flush(struct nbd_connection *self);
void nbd_connection_answer(struct nbd_connection *self, struct nbd_request *request, enum nbd_error error);
void nbd_connection_finish_request(struct nbd_connection *self, struct nbd_request *request);
void nbd_connection_served(void *request, int error); /* by the source: answers, and gives up the request's reference */

/* nbd_connection_read.c: has the request's read, which holds a reference, served. */
void nbd_connection_read(struct nbd_connection *self, struct nbd_request *request);
