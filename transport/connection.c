#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
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
    snprintf(self->peer, sizeof self->peer, "%s", peer);
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
    if (server->adopting == self)
        server->adopting = NULL;
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    server->n_connections--;
    auth_session_unref(self->session);
    free(self);
}

void connection_adopt(struct server *server, int fd, const char *peer, struct auth_session *session)
{
    struct connection *self =
        server->n_connections < SERVER_MAX_CONNECTIONS ? connection_create(server, peer, session) : NULL;
    if (!self) {
        log_warn("server", "%s: turned away, %u connections are open", peer, server->n_connections);
        server->statistics.refused++;
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
