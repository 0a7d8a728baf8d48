/* One HTTP request inside the transport: the route_call that handlers see, and where its answer stands. It outlives its
 * socket when a handler still works on it. */
#pragma once

#include "transport/server_internal.h"

#define REQUEST_MAX_PATH 2048
#define REQUEST_MAX_QUERY 4096
#define REQUEST_MAX_HEADERS 2048 /* of the answer, besides the fixed ones */

enum request_phase {
    REQUEST_BODY,     /* the body is coming in */
    REQUEST_SESSION,  /* the keeper is asked whose cookie this is */
    REQUEST_HANDLER,  /* the handler has it */
    REQUEST_REPLYING, /* the answer goes out */
};

struct request {
    struct route_call call;
    struct server *server;
    struct connection *connection; /* NULL: the peer has gone */
    enum request_phase phase;
    bool head;        /* HEAD: the answer goes out without its body */
    bool close_after; /* what the peer still sends cannot be told from a next request */

    enum route_method method;
    char path[REQUEST_MAX_PATH], query[REQUEST_MAX_QUERY];
    char param_room[REQUEST_MAX_PATH];
    char if_none_match[256], cookie_token[AUTH_TOKEN_HEX + 1], peer[64];

    uint8_t *body;
    size_t body_size, body_expected;
    uint64_t deadline_us; /* for the whole body */

    char headers[REQUEST_MAX_HEADERS];
    size_t headers_size;
    char etag[128];

    uint8_t *reply; /* head and, when it was copied, the body; LWS_PRE bytes in front of the first */
    size_t reply_size, reply_sent;
    const uint8_t *tail; /* a body that lives for ever; sent from where it stands */
    size_t tail_size, tail_sent;
};

/* request.c: from the first header to the end of the body */
int request_begin(struct connection *connection);
int request_body(struct connection *connection, const void *bytes, size_t size);
int request_body_end(struct connection *connection);
/* The peer is gone; NULL request allowed. */
void request_peer_gone(struct connection *connection);
void request_destroy(struct request *self);
/* Calls for request_write as soon as the socket can take more. */
void request_want_write(struct connection *connection);
void request_unwatch(struct connection *connection);

/* dispatch.c: which route, and may the caller */
void request_dispatch(struct request *self);

/* reply.c */
extern const struct route_reply_ops request_reply_ops;
/* As route_reply, but the body stays where it is for ever. etag: the file's, quoted. */
void request_reply_file(struct request *self, const struct site_file *file);
/* LWS_CALLBACK_HTTP_WRITEABLE: the next piece of the answer. -1: close the connection. */
int request_write(struct connection *connection);

/* site_files.c: true when the path is one of the page's files, and it was answered. */
bool site_serve(struct request *self);
extern const char site_security_headers[], api_security_headers[];
