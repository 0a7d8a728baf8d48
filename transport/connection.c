#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/media_peer.h"
#include "transport/request.h"
#include "transport/server_internal.h"
#include "transport/viewer.h"

static struct connection *connection_create(struct server *server, const char *peer, struct auth_session *session)
{
    struct connection *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->server = server;
    self->session = session;
    self->since_us = clock_boot_us();
    snprintf(self->peer, sizeof self->peer, "%s", peer);
    self->of_peer = limits_peer(peer);
    self->link = &server->connections;
    self->next = server->connections;
    if (self->next)
        self->next->link = &self->next;
    server->connections = self;
    server->n_connections++;
    return self;
}

void connection_destroyed(struct connection *self)
{
    struct server *server = self->server;
    request_peer_gone(self);
    viewer_gone(self);
    media_peer_gone(self);
    if (server->adopting == self)
        server->adopting = NULL;
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    server->n_connections--;
    auth_session_unref(self->session);
    free(self);
}

/* Nobody with a session has asked anything by it, and none of its requests is with a handler: it handshakes, or sends a
 * head or a body, or nothing. */
static bool is_idle_stranger(const struct connection *c)
{
    return !c->session && !c->known && !c->viewer && !c->media && !c->leaving &&
           (!c->request || c->request->phase == REQUEST_BODY);
}

/* Before the room is full the stranger who has kept a place for longest gives it up: a crowd that sends slowly, or
 * nothing, makes room by itself for whoever means it. */
static void make_room(struct server *server)
{
    struct connection *oldest = NULL;
    for (struct connection *c = server->connections; c; c = c->next)
        if (is_idle_stranger(c) && c->wsi)
            oldest = c;
    if (!oldest)
        return;
    oldest->leaving = true;
    server->statistics.evicted++;
    request_kill(oldest);
}

/* One address alone must not be able to take all the room. Local peers are trusted, and have their own. */
static bool has_room(struct server *server, const char *peer, bool local)
{
    unsigned of_peer = 0, n = 0;
    struct limits_key key = limits_peer(peer);
    for (const struct connection *c = server->connections; c; c = c->next) {
        n += !c->session == !local;
        of_peer += !c->session && limits_same(&c->of_peer, &key);
    }
    if (local)
        return n < SERVER_LOCAL;
    if (n >= SERVER_CROWDED)
        make_room(server);
    return n < SERVER_MAX_CONNECTIONS && (of_peer < SERVER_MAX_OF_PEER || peer_is_proxy(server, peer));
}

void connection_adopt(struct server *server, int fd, const char *peer, struct auth_session *session)
{
    struct connection *self = has_room(server, peer, session) ? connection_create(server, peer, session) : NULL;
    if (!self) {
        uint64_t refused = ++server->statistics.refused;
        if ((refused & (refused - 1)) == 0) /* a flood must not fill the log too */
            log_warn("server", "%s: turned away: %u connections are open, or too many of its own (%llu so far)", peer,
                     server->n_connections, (unsigned long long)refused);
        auth_session_unref(session);
        close(fd);
        return;
    }
    server->statistics.connections++;
    lws_adopt_desc_t adoption = {
        .vh = session ? server->local_vhost : server->tls_vhost,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | (session ? 0 : LWS_ADOPT_ALLOW_SSL),
        .fd = {.sockfd = fd},
        .opaque = self,
    };
    server->adopting = self;
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&adoption);
    /* A handshake that fails at once has already destroyed the connection together with its socket. */
    if (server->adopting && wsi)
        self->wsi = wsi;
    else if (server->adopting)
        connection_destroyed(self);
    server->adopting = NULL;
}
