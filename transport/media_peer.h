/* The owner of a file inside the transport: one media websocket from its upgrade to its end. */
#pragma once

#include "transport/media.h"
#include "transport/media_wire.h"
#include "transport/server_internal.h"

struct media_question {
    uint32_t id, length;
    uint64_t offset;
    bool open, sent;
};

struct media_peer {
    struct server *server;
    struct connection *connection;
    struct lws *wsi;
    struct media_peer *next, **link;
    char target[UPGRADE_MAX_TARGET];
    struct auth_session *session; /* NULL before HELLO */
    struct media_stream *handle;  /* the gateway's; NULL before HELLO and after its close */
    struct loop_timer *timer;     /* HELLO's deadline; later the end of the connection */

    bool said_hello, closing, orderly;
    enum media_end end;
    char why[MEDIA_MAX_TEXT + 1];

    uint8_t hello[MEDIA_MAX_HELLO]; /* a message comes together here, later in `in` */
    uint8_t *in;                    /* MEDIA_MAX_MESSAGE bytes, once somebody is known to be there */
    size_t in_size;

    bool ready_due, progress_due, end_due; /* to be written */
    uint8_t id[MEDIUM_ID_SIZE];
    bool complete;
    uint64_t copied, size;
    struct media_question questions[MEDIA_MOST];
    unsigned next_question; /* where the search for one to be written begins: roughly the order they came in */
};

/* media_channel.c */
/* The socket is gone; none allowed. */
void media_peer_gone(struct connection *connection);

/* media_send.c */
/* LWS_CALLBACK_SERVER_WRITEABLE. -1: the connection ends now. */
int media_peer_write(struct media_peer *self);
