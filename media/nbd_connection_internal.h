/* A peer of the NBD server from inside. For nbd_connection*.c. */
#pragma once

#include <sys/uio.h>

#include "core/ref.h"
#include "media/nbd_connection.h"
#include "media/nbd_reply.h"
#include "media/nbd_spare.h"

#define NBD_CONNECTION_ROUNDS 16  /* reads, and writes, in one callback: others wait meanwhile */
#define NBD_CONNECTION_AHEAD 2048 /* bytes of commands that are taken from the socket at once */

struct nbd_request {
    struct nbd_connection *connection;
    struct nbd_request *next; /* in the queue of answers */
    struct nbd_read reading;  /* of a kernel's read */
    struct nbd_command command;
    size_t charged;                   /* to the connection */
    size_t room;                      /* of payload; nbd_spare.h */
    size_t header_size, payload_size; /* of the answer */
    uint8_t header[NBD_REPLY_ROOM];
    uint8_t payload[];
};

struct nbd_connection {
    struct ref ref; /* the server's (given up by close), one for each request at the source, one for each callback */
    const struct nbd_connection_host *host;
    void *data;
    struct nbd_export *export;
    int fd; /* -1: closed */
    struct nbd_peer peer;
    struct loop_io *io;
    struct loop_timer *timer; /* of the negotiation; later of `spare` */
    struct nbd_tls_context *tls_context;
    struct nbd_tls *tls;      /* it began */
    struct loop_timer *again; /* for bytes that TLS holds already */
    bool starting, shaking;   /* TLS begins when `talk` is sent; its handshake is under way */
    uint32_t events;
    struct nbd_wire wire;
    bool finishing; /* the peer said good-bye */
    bool busy;      /* answers are collected, and sent when all that has come is served */
    bool kernel;    /* the peer takes requests back and sends them again (nbd_reads.h) */

    size_t ahead, ahead_at; /* commands that came together, and where the next one begins */
    uint8_t *talk;          /* negotiation that waits to be sent */
    size_t talk_size, talk_sent;

    struct nbd_request *incoming; /* a write whose payload is on its way */
    struct nbd_request *first, **last;
    size_t sent; /* bytes of the first answer */
    unsigned requests;
    size_t bytes;
    struct nbd_spare spare;
    bool resting; /* the timer runs for it */
    uint8_t commands[NBD_CONNECTION_AHEAD];
};

/* nbd_connection.c */
void nbd_connection_unref(struct nbd_connection *self);
void nbd_connection_end(struct nbd_connection *self, const char *why); /* by itself; NULL: orderly */
void nbd_connection_settle(struct nbd_connection *self); /* wants of the loop what can be done now, or ends */
bool nbd_connection_over_budget(const struct nbd_connection *self);

/* nbd_connection_link.c: bytes, in the clear or through TLS. As recv and sendmsg, but -errno. */
ssize_t nbd_link_receive(struct nbd_connection *self, void *room, size_t size);
ssize_t nbd_link_send(struct nbd_connection *self, const struct iovec *pieces, unsigned n);
bool nbd_link_unsent(const struct nbd_connection *self); /* something waits below */
void nbd_link_advance(struct nbd_connection *self); /* begins TLS when it is time, and goes on with its handshake */

/* nbd_connection_send.c */
bool nbd_connection_unsent(const struct nbd_connection *self);
void nbd_connection_talk(struct nbd_connection *self, const void *bytes, size_t size); /* of the negotiation */
void nbd_connection_flush(struct nbd_connection *self);
void nbd_connection_answer(struct nbd_connection *self, struct nbd_request *request, enum nbd_error error);
void nbd_connection_answered(struct nbd_connection *self); /* sends, unless more answers are about to come */
void nbd_connection_finish_request(struct nbd_connection *self, struct nbd_request *request);

/* nbd_connection_serve.c */
struct nbd_request *nbd_connection_make_request(struct nbd_connection *self); /* for wire.command; NULL: no memory */
void nbd_connection_command(struct nbd_connection *self);
void nbd_connection_served(void *request, int error); /* by the source: answers, and gives up the request's reference */

/* nbd_connection_read.c: has the request's read, which holds a reference, served. */
void nbd_connection_read(struct nbd_connection *self, struct nbd_request *request);
