/* Creates, runs and ends the server. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/media_peer.h"
#include "transport/request.h"
#include "transport/tls_client.h"
#include "transport/viewer.h"

#define FAREWELL_US 300000 /* for the viewers to hear that the server stops */

static int create(struct server *self)
{
    int r = auth_tickets_create(&self->tickets);
    if (r >= 0)
        r = auth_tickets_create(&self->media_tickets);
    if (r >= 0)
        r = door_create(self, &self->door);
    if (r >= 0)
        r = limits_create(&self->limits);
    if (r >= 0)
        r = server_tls_reload(self);
    if (r >= 0)
        r = server_context_create(self);
    return r;
}

int server_create(struct loop *loop, struct keeper_client *keeper, const struct server_config *config,
                  struct server **ret)
{
    struct server *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->keeper = keeper;
    self->config = *config;
    self->authority = (struct authority){.names = config->public_names,
                                         .ports = config->public_ports,
                                         .n_names = config->n_public_names,
                                         .port = config->port};
    self->needs_setup = true;
    server_add_own_routes(self);
    int r = create(self);
    if (r < 0) {
        log_error("server", "the web server cannot start: %s", strerror(-r));
        server_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct server *server_destroy(struct server *self)
{
    if (!self)
        return NULL;
    self->stopping = true;
    self->door = door_destroy(self->door);
    server_context_destroy(self);
    self->limits = limits_destroy(self->limits);
    auth_tickets_destroy(self->tickets);
    auth_tickets_destroy(self->media_tickets);
    server_tls_destroy(self->tls);
    tls_clients_destroy(self->clients);
    free(self);
    return NULL;
}

static int service(struct server *self)
{
    self->statistics.rounds++;
    int r = lws_service(self->context, 0);
    return r < 0 ? -EIO : 0;
}

static void on_farewell_over(void *data)
{
    *(bool *)data = true;
}

static void say_farewell(struct server *self)
{
    struct loop_timer *timer;
    bool over = false;
    if (!(self->n_viewers + self->n_media_peers) || loop_timer_add(self->loop, on_farewell_over, &over, &timer) < 0)
        return;
    for (struct viewer *v = self->viewers; v; v = viewer_next(v))
        viewer_close(v, VIEWER_END_STOPPING, "The gateway is stopping.");
    for (struct media_peer *p = self->media_peers; p; p = p->next)
        media_peer_end(p, MEDIA_END_STOPPING, "The gateway is stopping.");
    loop_timer_arm_in(timer, FAREWELL_US);
    while (!over && self->n_viewers + self->n_media_peers && service(self) >= 0)
        continue;
    loop_timer_remove(timer);
}

int server_run(struct server *self)
{
    int r = 0;
    while (!self->stopping && r >= 0)
        r = service(self);
    self->stopping = true;
    say_farewell(self);
    return r < 0 ? r : self->code;
}

void server_stop(struct server *self, int code)
{
    if (self->stopping)
        return;
    self->stopping = true;
    self->code = code;
}

void server_set_names(struct server *self, const char *const *names, const uint16_t *ports, unsigned n, uint16_t port)
{
    self->authority = (struct authority){.names = names, .ports = ports, .n_names = n, .port = port};
}

int server_set_client_ca(struct server *self, const char *ca_pem, const char *crl_pem)
{
    struct tls_clients *next = NULL;
    int r = tls_clients_create(ca_pem, crl_pem, &next);
    tls_clients_destroy(self->clients);
    self->clients = next;
    return r;
}

void server_accept_tcp(struct server *self, int fd)
{
    door_enter(self->door, fd);
}

void server_session_ended(struct server *self, struct auth_session *session)
{
    for (struct viewer *v = self->viewers; v; v = viewer_next(v))
        if (viewer_session(v) && viewer_session(v)->id == session->id)
            viewer_close(v, VIEWER_END_SESSION, "Your session has ended; log in again.");
    for (struct media_peer *p = self->media_peers; p; p = p->next)
        if (p->session && p->session->id == session->id)
            media_peer_end(p, MEDIA_END_SESSION, "Your session has ended; log in again, and pick the file again.");
    auth_tickets_purge(self->tickets, clock_boot_us());
    auth_tickets_purge(self->media_tickets, clock_boot_us());
}

static bool allows(const struct server *self, const struct auth_session *session, uint32_t rights, const char *target)
{
    return self->config.may(self->config.may_context, session, rights, target);
}

void server_session_changed(struct server *self, struct auth_session *session)
{
    for (struct viewer *v = self->viewers; v; v = viewer_next(v))
        if (viewer_session(v) && viewer_session(v)->id == session->id)
            viewer_rights_changed(v);
    for (struct media_peer *p = self->media_peers; p; p = p->next)
        if (p->session && p->session->id == session->id && !allows(self, session, RIGHT_MEDIA, p->target))
            media_peer_end(p, MEDIA_END_REFUSED, "You may not insert media into this target's drives any more.");
    for (struct connection *c = self->connections; c; c = c->next)
        if (c->request && c->request->call.session && c->request->call.session->id == session->id &&
            !request_may_go_on(c->request))
            request_kill(c);
}

void server_set_needs_setup(struct server *self, bool needs_setup)
{
    self->needs_setup = needs_setup;
}

const struct transport_statistics *server_statistics(const struct server *self)
{
    return &self->statistics;
}
