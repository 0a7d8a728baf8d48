/* One peer of the NBD server: its socket, its place in the protocol, and its requests. For nbd_server.c. */
#pragma once

#include <sys/types.h>

#include "core/loop.h"
#include "media/nbd_reads.h"
#include "media/nbd_server.h"
#include "media/nbd_tls.h"
#include "media/nbd_wire.h"

struct nbd_export {
    char name[NBD_MAX_NAME + 1];
    struct source *source;
    char *description; /* for people; NULL: none */
    struct nbd_export_stats stats;
    struct nbd_reads reads; /* of kernels, at the source */
    struct loop_timer *look;
    bool looking; /* that timer is armed */
    struct nbd_export *next;
};

void nbd_export_look(void *data); /* of that timer */

struct nbd_connection;

/* Who is at the other end. */
struct nbd_peer {
    pid_t pid; /* of a local socket */
    uid_t uid;
    const char *identity; /* what TLS proved; NULL on a local socket */
};

struct nbd_connection_host {
    /* NULL: not there, or not for this peer. */
    struct nbd_export *(*find)(void *data, const struct nbd_peer *peer, const char *name);
    void (*list)(void *data, const struct nbd_peer *peer, void (*fn)(void *fn_data, const char *name), void *fn_data);
    /* It now uses the export (see nbd_connection_export). False: too many do. */
    bool (*chosen)(void *data, struct nbd_connection *connection, struct nbd_export *export);
    /* It ended by itself; why is NULL for an orderly end. It must be forgotten, and needs no nbd_connection_close. */
    void (*ended)(void *data, struct nbd_connection *connection, const char *why);
};

/* Takes fd, on success. tls: what the peer must begin before anything else; NULL: a local socket. */
int nbd_connection_create(struct loop *loop, int fd, const struct nbd_connection_host *host, void *data,
                          struct nbd_tls_context *tls, struct nbd_connection **ret);

/* The peer uses the export from the start: neither find nor chosen is asked. Takes fd, on success. */
int nbd_connection_create_chosen(struct loop *loop, int fd, const struct nbd_connection_host *host, void *data,
                                 struct nbd_export *export, struct nbd_connection **ret);
struct nbd_export_info nbd_export_info(const struct nbd_export *export);

/* Ends it without a call of `ended`. What its requests hold is freed as the source answers them. */
void nbd_connection_close(struct nbd_connection *self);

struct nbd_export *nbd_connection_export(const struct nbd_connection *self); /* NULL while it negotiates */
const struct nbd_peer *nbd_connection_peer(const struct nbd_connection *self);
