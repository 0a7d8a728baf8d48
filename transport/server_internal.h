/* What the transport's files share about the server; not for other folders. Everything runs on the net thread. */
#pragma once

#include <libwebsockets.h>
#include <openssl/types.h>
#include <sys/types.h>

#include "auth/keeper_account.h"
#include "transport/authority.h"
#include "transport/limits.h"
#include "transport/server.h"
#include "transport/statistics.h"

struct connection;
struct door;
struct media_peer;
struct request;
struct viewer;

#define SERVER_MAX_CONNECTIONS 512 /* adopted ones; further ones are turned away */
#define SERVER_CROWDED 448         /* from here on strangers who keep silent make room */
#define SERVER_MAX_OF_PEER 160     /* of them from one address (limits.h) */
#define SERVER_LOCAL 64            /* besides, for local ones: a crowd never shuts them out */
#define SERVER_MAX_VIEWERS 128
#define SERVER_MAX_MEDIA 64
#define SERVER_WRITE_SIZE (65536 + 64) /* bytes that one lws_write may send without a copy */

struct server {
    struct loop *loop;
    struct keeper_client *keeper;
    struct server_config config;
    struct authority authority;

    struct lws_context *context;
    struct lws_vhost *tls_vhost, *local_vhost;
    struct server_tls *tls;      /* what new handshakes show */
    struct tls_clients *clients; /* NULL: no client certificates */
    uint64_t retired_us;         /* connections from before end after their next answer; websockets stay */

    struct door *door;
    struct limits *limits;
    struct auth_tickets *tickets, *media_tickets; /* apart: one for the one door never opens the other */
    struct route_table own_table;                 /* rows of the transport's own: the ticket */

    struct connection *connections; /* list */
    unsigned n_connections;
    struct connection *adopting; /* the one inside libwebsockets' adoption just now; NULL once it died there */
    struct viewer *viewers;      /* list */
    unsigned n_viewers;
    uint32_t last_viewer;
    struct media_peer *media_peers; /* list */
    unsigned n_media_peers;

    bool needs_setup, stopping;
    int code;
    unsigned callback_depth;
    struct transport_statistics statistics;
};

/* One socket inside libwebsockets; its opaque user data. Lives until LWS_CALLBACK_WSI_DESTROY. */
struct connection {
    struct server *server;
    struct connection *next, **link;
    struct lws *wsi;
    char peer[64];                /* for logs and route_call */
    struct limits_key of_peer;    /* what it is counted for */
    uint64_t since_us;            /* clock_boot_us */
    struct auth_session *session; /* of a local peer; else NULL */
    struct request *request;      /* the one being served */
    struct viewer *viewer;        /* once it is a console websocket */
    struct media_peer *media;     /* once it is a media websocket */
    struct loop_io *watch;        /* on the socket, while a request is answered */
    bool known;                   /* somebody with a session has asked something by it */
    bool leaving;                 /* it is about to be closed */
    bool lingering;               /* the answer is out; what still comes is thrown away */
    uint64_t linger_left, linger_until_us;
};

static inline struct server *server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* console_rights.c: what the session may not do any more ends. */
void viewer_rights_changed(struct viewer *viewer);

/* context.c */
int server_context_create(struct server *self);
void server_context_destroy(struct server *self);
/* The time of one callback, for the histogram. */
uint64_t server_callback_begin(struct server *self);
void server_callback_end(struct server *self, uint64_t began_ns);

/* connection.c */
/* Hands an accepted socket (taken) to libwebsockets. session: of a local peer, taken; else NULL. */
void connection_adopt(struct server *self, int fd, const char *peer, struct auth_session *session);
/* LWS_CALLBACK_WSI_DESTROY: the socket is gone. */
void connection_destroyed(struct connection *self);
static inline struct connection *connection_of(struct lws *wsi)
{
    return lws_get_opaque_user_data(wsi);
}

/* peer.c */
/* Whether the connection comes from a proxy that the configuration trusts. */
bool peer_is_proxy(const struct server *server, const char *peer);
/* The address of whoever sent the headers that libwebsockets holds just now: the connection's own, or what a trusted
 * proxy says of it. */
void peer_of_headers(const struct connection *connection, struct lws *wsi, char *room, size_t size);

/* tls.c */
void server_tls_destroy(struct server_tls *self); /* NULL allowed */
int server_tls_configure(struct server *self, SSL_CTX *context);

/* door.c: sockets of which it is not yet known whether they speak TLS */
int door_create(struct server *server, struct door **ret);
struct door *door_destroy(struct door *self);
void door_enter(struct door *self, int fd);

/* http.c, console_channel.c, media_channel.c: libwebsockets callbacks */
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size);
int console_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size);
int media_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size);

/* upgrade.c: NULL when the request may become a websocket, else why not; *ret_status for the answer */
const char *upgrade_refusal(struct server *self, struct lws *wsi, int *ret_status);
#define UPGRADE_MAX_TARGET 128
enum upgrade_kind { UPGRADE_CONSOLE, UPGRADE_MEDIA };
/* The target in the path of a websocket of this kind. */
bool upgrade_target(struct lws *wsi, enum upgrade_kind kind, char *room, size_t size);

/* ticket_route.c */
void server_add_own_routes(struct server *self);
