/* One HTTP request inside the transport: the route_call that handlers see, and where its answer stands. It outlives its
 * socket when a handler still works on it. */
#pragma once

#include "transport/limits.h"
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

    struct limits *limits;
    bool of_stream;
    struct limits_key of_peer, of_session; /* what it is counted for; zeroed: nothing */

    enum route_method method;
    char path[REQUEST_MAX_PATH], query[REQUEST_MAX_QUERY];
    char param_room[REQUEST_MAX_PATH];
    char if_none_match[256], if_match[80], cookie_token[AUTH_TOKEN_HEX + 1], device_token[AUTH_TOKEN_HEX + 1], peer[64];
    char agent[121];
    bool authorization;              /* there is such a header: it alone says who asks, never the cookie */
    char bearer[AUTH_API_TOKEN_MAX]; /* its token; "": it is none of ours */

    uint8_t *body;
    size_t body_size, body_expected;
    uint64_t deadline_us; /* for the whole body, when it is collected */
    uint64_t unread;      /* of the body, still with the peer, or not counted any more */

    /* request_stream.c: the body of a row with `stream` */
    bool streaming;
    bool continue_wanted; /* the peer waits to be told that its body is welcome */
    bool more;            /* the handler wants the next piece */
    bool giving;          /* inside its `piece` */
    bool body_ended;      /* all was given to it, and it was told */
    uint64_t body_left;   /* not yet given */
    uint8_t *stash;       /* what was read while the handler was busy */
    size_t stash_size;
    struct loop_timer *tick; /* while something long comes in or goes out */
    uint64_t progress_us;    /* when the peer last did something for it */
    int unsent;              /* bytes in the socket at the last tick */

    char headers[REQUEST_MAX_HEADERS];
    size_t headers_size;
    char etag[128];

    uint8_t *chain; /* of the peer's certificates, once somebody asked */

    uint8_t *reply; /* head and, when it was copied, the body; LWS_PRE bytes in front of the first */
    size_t reply_size, reply_sent;
    const uint8_t *tail; /* a body that lives for ever; sent from where it stands */
    size_t tail_size, tail_sent;

    /* reply_stream.c: an answer whose body comes from a source */
    const struct route_source *source; /* until it is told that it ended */
    void *source_data;
    uint64_t source_left; /* not yet brought */
    bool source_failed;   /* the connection is about to end */
    size_t pulled;        /* asked for, not yet brought */
    uint8_t *piece;       /* LWS_PRE bytes in front */
    size_t piece_size;
};

/* request.c: from the first header to the end of the body */
int request_begin(struct connection *connection);
int request_body(struct connection *connection, const void *bytes, size_t size);
int request_body_end(struct connection *connection);
/* The peer is gone; NULL request allowed. */
void request_peer_gone(struct connection *connection);
void request_destroy(struct request *self);
/* Answers, and closes the connection after it. */
void request_refuse(struct request *self, int status, const char *code, const char *message);
/* Nothing is read from the peer for now; it is noticed when it leaves. */
void request_watch_leaving(struct connection *connection);
/* Calls for request_write as soon as the socket can take more. */
void request_want_write(struct connection *connection);
void request_unwatch(struct connection *connection);

/* dispatch.c: which route, and may the caller */
void request_dispatch(struct request *self);
/* Whether who asked may still have what is under way: rights may be taken away meanwhile. */
bool request_may_go_on(const struct request *self);
/* Whether the body of what is asked for is to come in pieces. */
bool request_is_stream(struct request *self);

/* request_stream.c */
/* Dispatches on the headers; the body waits. -1: close. */
int request_stream_begin(struct request *self);
/* The handler has the call, and said what it wants of the body. */
void request_stream_open(struct request *self);
int request_stream_body(struct request *self, const void *bytes, size_t size);
void request_stream_more(struct request *self);
/* The peer is gone: true when the handler was told by `broken`. */
bool request_stream_broken(struct request *self);
/* Watches over something long, in either direction. False: out of memory. */
bool request_start_tick(struct request *self);
/* "HTTP/1.1 100 Continue", when the peer waits for it. */
int request_say_continue(struct request *self);
bool request_header_copy(struct request *self, const char *name, char *room, size_t size);
/* Ends the connection soon, from anywhere. */
void request_kill(struct connection *connection);

/* request_limits.c: false: too many, and it was answered. Given back when the request ends. */
bool request_claim_peer(struct request *self);
bool request_claim_session(struct request *self);
void request_unclaim(struct request *self);

/* linger.c: a peer whose answer came before the end of its body must be able to read it: a socket that is closed with
 * unread bytes in it takes the answer along. */
/* What finish returns: 0 when the connection stays for a while to throw away up to `unread` bytes. */
int linger_begin(struct connection *connection, uint64_t unread);
/* A piece to throw away. -1: it was the last one, or there were too many. */
int linger_body(struct connection *connection, size_t size);

/* reply.c */
extern const struct route_reply_ops request_reply_ops;
/* As route_reply, but the body stays where it is for ever. etag: the file's, quoted. */
void request_reply_file(struct request *self, const struct site_file *file);
/* Status and headers of an answer with a body of `size` bytes, then `copied` of them behind these; in self->reply.
 * False: out of memory. */
bool reply_prepare(struct request *self, int status, const char *content_type, const void *body, size_t copied,
                   uint64_t size, const char *security);
/* What every answer of a route goes through: 304 for what the peer has already, and no caching. */
void reply_settle(struct request *self, int *status, const char **content_type, uint64_t *size);
void reply_start(struct request *self);
void reply_header(struct route_call *call, const char *name, const char *value);

/* reply_stream.c */
#define REPLY_PIECE 65536
void reply_send_stream(struct route_call *call, int status, const char *content_type, uint64_t size,
                       const struct route_source *source, void *data);
void reply_piece(struct route_call *call, const void *bytes, size_t size);
/* Asks the source for its next piece, if it may. */
void reply_pull(struct request *self);
/* Nothing is there to be written before the source brings it. */
void reply_wait_for_source(struct request *self);
void reply_end_source(struct request *self);

/* LWS_CALLBACK_HTTP_WRITEABLE: the next piece of the answer. -1: close the connection. */
int request_write(struct connection *connection);

/* site_files.c: true when the path is one of the page's files, and it was answered. */
bool site_serve(struct request *self);
/* base_path.c: without the base in front, in place. A path that is not below it is answered here: true. */
bool base_path_answered(struct request *self);
extern const char site_security_headers[], api_security_headers[];
