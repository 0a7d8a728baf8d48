/* The libwebsockets server: HTTPS with the page's files, REST routes, console and media websockets; plain HTTP on the
 * same port is redirected; the local unix socket serves routes and media websockets without TLS, by peer uid. Net
 * thread. */
#pragma once

#include "auth/keeper_client.h"
#include "core/loop.h"
#include "core/route.h"
#include "transport/console.h"
#include "transport/media.h"
#include "transport/site.h"

struct server;

struct server_config {
    const char *const *public_names; /* Host and Origin names that are ours ("localhost", "kvm.example"); lower case */
    unsigned n_public_names;
    const uint16_t *public_ports; /* as in struct authority */
    uint16_t port;                /* of the redirect's and Origin's authority */
    const char *base_path; /* "/kvm": page, routes and websockets are below it, for TLS peers; NULL or "": none */
    /* Whether X-Forwarded-For of this address (IPv4 as ::ffff:a.b.c.d) is believed; NULL: nobody's. It changes what the
     * log and the limits take for the peer, and no right. */
    bool (*trusts_proxy)(const void *context, const uint8_t address[16]);
    const void *proxy_context;
    const struct site_file *site;
    size_t n_site;
    const struct route_table *tables;
    size_t n_tables;
    const struct console_ops *console;
    void *console_context;
    const struct media_ops *media; /* NULL: no media websocket */
    void *media_context;
    /* True when a logged-in session may use the right on the target; the one place where rights are checked. */
    bool (*may)(void *context, const struct auth_session *session, uint32_t rights, const char *target);
    void *may_context;
    /* Peer uids the local socket admits, as Administrator: root always, and this one. */
    uint32_t local_uid;
    unsigned body_pause_ms; /* how long a streamed body may pause, and an answer not be read; 0: 60 s */
    /* Instead of the keeper's certificate and key, both or neither: a PEM (the chain behind it) and its private key.
     * The server takes a copy and a reference. keeper may then be NULL: nobody can log in. */
    const char *tls_certificate;
    struct evp_pkey_st *tls_key;
};

/* keeper: for sessions, the certificate and TLS signatures; outlives the server, as does all that config points to.
 * Until server_set_needs_setup says otherwise, a first user is taken to be missing. One server in a process. */
int server_create(struct loop *loop, struct keeper_client *keeper, const struct server_config *config,
                  struct server **ret);
/* Viewers that are left are closed by console_ops.close, requests by their `cancelled`. */
struct server *server_destroy(struct server *self);

/* Runs until server_stop: libwebsockets' loop with core/loop's descriptor adopted into it. Tells the viewers that the
 * server stops, then returns the code. Called once. */
int server_run(struct server *self);
void server_stop(struct server *self, int code);

/* Accepted connections enter here; takes fd. `tls_port`: first byte decides between TLS and the redirect. */
void server_accept_tcp(struct server *self, int fd);
void server_accept_local(struct server *self, int fd);

/* Names that were changed, from now on; the arrays outlive the server. */
void server_set_names(struct server *self, const char *const *names, const uint16_t *ports, unsigned n, uint16_t port);

/* The keeper uses another certificate: so do handshakes from now on; connections that are there go on. Blocks for the
 * keeper's answer. On failure (-errno) the former one stays. */
int server_tls_reload(struct server *self);
/* Who may vouch for client certificates from now on (PEM); ca_pem NULL: nobody is asked. -EINVAL: one of them makes no
 * sense, and nobody is asked. */
int server_set_client_ca(struct server *self, const char *ca_pem, const char *crl_pem);
/* Connections that are there end after their next answer, so that who asks again comes over a new one; websockets
 * stay. */
void server_retire_connections(struct server *self);

/* From keeper_client's listener. */
void server_session_ended(struct server *self, struct auth_session *session);
/* Its rights are others now: what it may not do any more ends at once. */
void server_session_changed(struct server *self, struct auth_session *session);
void server_set_needs_setup(struct server *self, bool needs_setup);
