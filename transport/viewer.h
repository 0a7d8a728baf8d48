/* A viewer inside the transport: one console websocket from its upgrade to its end. */
#pragma once

#include "transport/console_wire.h"
#include "transport/flow.h"
#include "transport/outbox.h"
#include "transport/server_internal.h"

/* An update on its way to the socket: a header of our own, then the shared pieces from where they stand. */
struct viewer_update {
    struct packet *pieces[PACKET_MAX_PIECES];
    unsigned n_pieces, next_piece;
    size_t header, bytes; /* of the message; of the body */
    bool waiting;         /* given by the gateway, not begun */
    bool begun;           /* its message is open: nothing else may be written until it ends */
    bool complete;
    uint16_t check;
    enum console_class class;
    uint64_t captured_us, tracked_us, begun_us, encoded_us;
};

struct viewer {
    struct server *server;
    struct connection *connection;
    struct lws *wsi;
    struct viewer *next, **link;
    uint32_t number;
    char target[UPGRADE_MAX_TARGET];
    struct auth_session *session;  /* NULL before HELLO */
    struct console_viewer *handle; /* the gateway's; NULL before HELLO and after its close */
    struct loop_timer *timer;      /* HELLO's deadline; later the end of the connection */

    bool may_type, hidden, watching, closing;
    bool knows_seats; /* the page reads SEATS */
    bool knows_viewers, knows_recording;
    uint8_t changed; /* what the unsent CHANGED says */
    enum viewer_end end;

    uint8_t in[CONSOLE_MAX_CLIENT_MESSAGE];
    size_t in_size;

    struct outbox outbox;
    struct viewer_update update;
    struct flow flow;
    uint32_t sequence;
    bool pulled; /* the gateway owes an update */
    size_t pulled_budget;
    uint64_t stats_us;
    struct console_stats stats;
};

static inline struct viewer *viewer_next(struct viewer *self)
{
    return self->next;
}

static inline struct auth_session *viewer_session(struct viewer *self)
{
    return self->session;
}

/* console_channel.c: the socket is gone; none allowed. */
void viewer_gone(struct connection *connection);

/* console_send.c */
/* LWS_CALLBACK_SERVER_WRITEABLE. -1: the connection ends now. */
int viewer_write(struct viewer *self);
/* Asks the gateway for an update when the flow has credit and none is owed or waiting. Never inside a call from the
 * gateway. */
void viewer_pull(struct viewer *self);
void viewer_drop_update(struct viewer *self);
