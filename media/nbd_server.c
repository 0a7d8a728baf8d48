#include "media/nbd_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/utf8.h"
#include "media/nbd_connection.h"
#include "media/nbd_crowd.h"
#include "media/nbd_listener.h"

#define LISTENERS 4
#define WARN_EVERY_US 1000000

struct nbd_server {
    struct loop *loop;
    const struct nbd_server_host *host;
    void *data;
    struct nbd_listener *listeners[LISTENERS];
    unsigned n_listeners;
    struct nbd_export *exports;
    unsigned n_exports, n_connections;
    struct nbd_guest guests[NBD_MAX_CONNECTIONS];
    uint64_t came; /* so many */
    uint64_t warned_us;
    unsigned unwarned;
};

/* A peer that comes again and again must not fill the log. */
static void warn(struct nbd_server *self, const struct nbd_peer *peer, const char *export, const char *why)
{
    uint64_t now = clock_now_us();
    if (self->warned_us && now - self->warned_us < WARN_EVERY_US) {
        self->unwarned++;
        return;
    }
    char who[NBD_IDENTITY_MAX];
    snprintf(who, sizeof who, "pid %d", peer ? (int)peer->pid : 0);
    if (peer && peer->identity)
        snprintf(who, sizeof who, "%s", peer->identity);
    log_warn("nbd", "client %s, export '%s': %s; connection closed (%u more not shown)", who, export, why,
             self->unwarned);
    self->warned_us = now;
    self->unwarned = 0;
}

/* --- exports --- */

static struct nbd_export *find_export(const struct nbd_server *self, const char *name)
{
    for (struct nbd_export *e = self->exports; e; e = e->next)
        if (strcmp(e->name, name) == 0)
            return e;
    return NULL;
}

static bool name_fits(const char *name)
{
    size_t size = strlen(name), at = 0;
    while (at < size) {
        size_t n = utf8_printable(name + at, size - at);
        if (!n)
            return false;
        at += n;
    }
    return size >= 1 && size <= NBD_MAX_NAME;
}

int nbd_server_add(struct nbd_server *self, const char *name, struct source *source)
{
    if (!name_fits(name))
        return -EINVAL;
    if (find_export(self, name))
        return -EEXIST;
    if (self->n_exports == NBD_MAX_EXPORTS)
        return -ENOSPC;
    struct nbd_export *export = calloc(1, sizeof *export);
    if (!export)
        return -ENOMEM;
    int r = loop_timer_add(self->loop, nbd_export_look, export, &export->look);
    if (r < 0) {
        free(export);
        return r;
    }
    memcpy(export->name, name, strlen(name) + 1);
    export->source = source;
    export->stats.size = source->size;
    export->next = self->exports;
    self->exports = export;
    self->n_exports++;
    return 0;
}

int nbd_server_describe(struct nbd_server *self, const char *name, const char *description)
{
    struct nbd_export *export = find_export(self, name);
    char *copy = strdup(description);
    if (!export || !copy) {
        free(copy);
        return export ? -ENOMEM : -ENOENT;
    }
    free(export->description);
    export->description = copy;
    return 0;
}

static void tell_used(struct nbd_server *self, const struct nbd_export *export)
{
    if (self->host->used)
        self->host->used(self->data, export->name, export->stats.connections);
}

static void forget(struct nbd_server *self, unsigned index)
{
    struct nbd_export *export = nbd_connection_export(self->guests[index].connection);
    self->guests[index] = self->guests[--self->n_connections];
    if (export)
        export->stats.connections--;
}

static void end_connections(struct nbd_server *self, const struct nbd_export *export)
{
    for (unsigned i = self->n_connections; i-- > 0;) {
        struct nbd_connection *connection = self->guests[i].connection;
        if (nbd_connection_export(connection) == export) {
            forget(self, i);
            nbd_connection_close(connection);
        }
    }
}

static void free_export(struct nbd_export *export)
{
    nbd_reads_finish(&export->reads);
    loop_timer_remove(export->look);
    source_close(export->source);
    free(export->description);
    free(export);
}

int nbd_server_remove(struct nbd_server *self, const char *name)
{
    struct nbd_export *export = find_export(self, name);
    if (!export)
        return -ENOENT;
    struct nbd_export **link = &self->exports;
    while (*link != export)
        link = &(*link)->next;
    *link = export->next;
    self->n_exports--;
    end_connections(self, export);
    free_export(export);
    return 0;
}

bool nbd_server_stats(const struct nbd_server *self, const char *name, struct nbd_export_stats *ret)
{
    const struct nbd_export *export = find_export(self, name);
    if (export)
        *ret = export->stats;
    return export;
}

/* --- what connections ask --- */

static bool admit(struct nbd_server *self, const struct nbd_peer *peer, const char *name)
{
    if (peer->identity)
        return self->host->admit_identity && self->host->admit_identity(self->data, peer->identity, name);
    return self->host->admit && self->host->admit(self->data, peer->pid, peer->uid, name);
}

static struct nbd_export *peer_find(void *data, const struct nbd_peer *peer, const char *name)
{
    struct nbd_server *self = data;
    /* asked first: the export of a grant may be there only when somebody wants it */
    bool admitted = peer->identity ? admit(self, peer, name) : true;
    struct nbd_export *export = find_export(self, name);
    if (!export)
        return NULL;
    if (!admitted || (!peer->identity && !admit(self, peer, name))) {
        warn(self, peer, name, "not for this client");
        return NULL;
    }
    return export;
}

static void peer_list(void *data, const struct nbd_peer *peer, void (*fn)(void *fn_data, const char *name),
                      void *fn_data)
{
    struct nbd_server *self = data;
    if (peer->identity) {
        if (self->host->list_identity)
            self->host->list_identity(self->data, peer->identity, fn, fn_data);
        return;
    }
    for (struct nbd_export *e = self->exports; e; e = e->next)
        if (admit(self, peer, e->name))
            fn(fn_data, e->name);
}

static bool peer_chosen(void *data, struct nbd_connection *connection, struct nbd_export *export)
{
    struct nbd_server *self = data;
    (void)connection;
    if (export->stats.connections == NBD_MAX_PER_EXPORT)
        return false;
    export->stats.connections++;
    tell_used(self, export);
    return true;
}

static void peer_ended(void *data, struct nbd_connection *connection, const char *why)
{
    struct nbd_server *self = data;
    struct nbd_export *export = nbd_connection_export(connection);
    if (why)
        warn(self, nbd_connection_peer(connection), export ? export->name : "", why);
    for (unsigned i = 0; i < self->n_connections; i++)
        if (self->guests[i].connection == connection) {
            forget(self, i);
            break;
        }
    if (export)
        tell_used(self, export);
}

static const struct nbd_connection_host connection_host = {
    .find = peer_find,
    .list = peer_list,
    .chosen = peer_chosen,
    .ended = peer_ended,
};

static void remember(struct nbd_server *self, struct nbd_connection *connection, const struct nbd_origin *origin)
{
    self->guests[self->n_connections++] =
        (struct nbd_guest){.connection = connection, .origin = *origin, .came = self->came++};
}

int nbd_server_adopt(struct nbd_server *self, int fd)
{
    if (self->n_connections == NBD_MAX_CONNECTIONS)
        return -ENOSPC;
    struct nbd_connection *connection;
    int r = nbd_connection_create(self->loop, fd, &connection_host, self, NULL, &connection);
    if (r == 0)
        remember(self, connection, &(struct nbd_origin){.remote = false});
    return r;
}

static int make_place(struct nbd_server *self, const struct nbd_origin *origin)
{
    char from[NBD_ORIGIN_TEXT];
    nbd_origin_text(origin, from);
    const struct nbd_peer peer = {.identity = from};
    if (!nbd_crowd_admits(self->guests, self->n_connections, origin)) {
        warn(self, &peer, "", "too many connections from there");
        return -EUSERS;
    }
    if (self->n_connections < NBD_MAX_CONNECTIONS)
        return 0;
    int index = nbd_crowd_gives_way(self->guests, self->n_connections);
    if (index < 0) {
        warn(self, &peer, "", "too many connections");
        return -ENOSPC;
    }
    struct nbd_connection *stranger = self->guests[index].connection;
    forget(self, (unsigned)index);
    nbd_connection_close(stranger);
    return 0;
}

int nbd_server_adopt_tls(struct nbd_server *self, int fd, struct nbd_tls_context *tls)
{
    struct nbd_origin origin;
    struct nbd_connection *connection;
    int r = nbd_origin_of(fd, &origin);
    r = r ? r : make_place(self, &origin);
    r = r ? r : nbd_connection_create(self->loop, fd, &connection_host, self, tls, &connection);
    if (r == 0)
        remember(self, connection, &origin);
    return r;
}

int nbd_server_serve(struct nbd_server *self, const char *name, int fd, uint16_t *ret_flags)
{
    struct nbd_export *export = find_export(self, name);
    if (!export)
        return -ENOENT;
    if (self->n_connections == NBD_MAX_CONNECTIONS || export->stats.connections == NBD_MAX_PER_EXPORT)
        return -ENOSPC;
    struct nbd_connection *connection;
    int r = nbd_connection_create_chosen(self->loop, fd, &connection_host, self, export, &connection);
    if (r < 0)
        return r;
    remember(self, connection, &(struct nbd_origin){.remote = false});
    export->stats.connections++;
    if (ret_flags) {
        struct nbd_export_info info = nbd_export_info(export);
        *ret_flags = nbd_wire_flags(&info, false);
    }
    tell_used(self, export);
    return 0;
}

static void on_accepted(void *data, int fd)
{
    struct nbd_server *self = data;
    int r = nbd_server_adopt(self, fd);
    if (r == 0)
        return;
    close(fd);
    warn(self, NULL, "", r == -ENOSPC ? "too many connections" : "it cannot be served");
}

int nbd_server_listen(struct nbd_server *self, const char *path)
{
    if (self->n_listeners == LISTENERS)
        return -ENOSPC;
    int r = nbd_listener_create(self->loop, path, on_accepted, self, &self->listeners[self->n_listeners]);
    if (r == 0)
        self->n_listeners++;
    return r;
}

/* --- life --- */

int nbd_server_create(struct loop *loop, const struct nbd_server_host *host, void *data, struct nbd_server **ret)
{
    assert(host->admit || host->admit_identity);
    struct nbd_server *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->host = host;
    self->data = data;
    *ret = self;
    return 0;
}

struct nbd_server *nbd_server_destroy(struct nbd_server *self)
{
    if (!self)
        return NULL;
    while (self->n_listeners)
        nbd_listener_destroy(self->listeners[--self->n_listeners]);
    while (self->n_connections)
        nbd_connection_close(self->guests[--self->n_connections].connection);
    while (self->exports) {
        struct nbd_export *export = self->exports;
        self->exports = export->next;
        free_export(export);
    }
    free(self);
    return NULL;
}
