#include "media/nbd_server.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/utf8.h"
#include "media/nbd_connection.h"

#define BACKLOG 16
#define ACCEPTS 8              /* in one callback */
#define ACCEPT_PAUSE_US 200000 /* after running out of descriptors */
#define WARN_EVERY_US 1000000

struct listener {
    struct nbd_server *server;
    struct listener *next;
    int fd;
    struct loop_io *io;
    struct loop_timer *pause;
    char path[];
};

struct nbd_server {
    struct loop *loop;
    const struct nbd_server_host *host;
    void *data;
    struct listener *listeners;
    struct nbd_export *exports;
    unsigned n_exports, n_connections;
    struct nbd_connection *connections[NBD_MAX_CONNECTIONS];
    uint64_t warned_us;
    unsigned unwarned;
};

/* A peer that comes again and again must not fill the log. */
static void warn(struct nbd_server *self, pid_t pid, const char *export, const char *why)
{
    uint64_t now = clock_now_us();
    if (self->warned_us && now - self->warned_us < WARN_EVERY_US) {
        self->unwarned++;
        return;
    }
    log_warn("nbd", "client pid %d, export '%s': %s; connection closed (%u more not shown)", (int)pid, export, why,
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

static void tell_used(struct nbd_server *self, const struct nbd_export *export)
{
    if (self->host->used)
        self->host->used(self->data, export->name, export->stats.connections);
}

static void forget(struct nbd_server *self, unsigned index)
{
    struct nbd_export *export = nbd_connection_export(self->connections[index]);
    self->connections[index] = self->connections[--self->n_connections];
    if (export)
        export->stats.connections--;
}

static void end_connections(struct nbd_server *self, const struct nbd_export *export)
{
    for (unsigned i = self->n_connections; i-- > 0;) {
        struct nbd_connection *connection = self->connections[i];
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

static struct nbd_export *peer_find(void *data, pid_t pid, uid_t uid, const char *name)
{
    struct nbd_server *self = data;
    struct nbd_export *export = find_export(self, name);
    if (!export)
        return NULL;
    if (!self->host->admit(self->data, pid, uid, name)) {
        warn(self, pid, name, "not for this process");
        return NULL;
    }
    return export;
}

static void peer_list(void *data, pid_t pid, uid_t uid, void (*fn)(void *fn_data, const char *name), void *fn_data)
{
    struct nbd_server *self = data;
    for (struct nbd_export *e = self->exports; e; e = e->next)
        if (self->host->admit(self->data, pid, uid, e->name))
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
        warn(self, nbd_connection_pid(connection), export ? export->name : "", why);
    for (unsigned i = 0; i < self->n_connections; i++)
        if (self->connections[i] == connection) {
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

int nbd_server_adopt(struct nbd_server *self, int fd)
{
    if (self->n_connections == NBD_MAX_CONNECTIONS)
        return -ENOSPC;
    struct nbd_connection *connection;
    int r = nbd_connection_create(self->loop, fd, &connection_host, self, &connection);
    if (r < 0)
        return r;
    self->connections[self->n_connections++] = connection;
    return 0;
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
    self->connections[self->n_connections++] = connection;
    export->stats.connections++;
    if (ret_flags) {
        struct nbd_export_info info = nbd_export_info(export);
        *ret_flags = nbd_wire_flags(&info);
    }
    tell_used(self, export);
    return 0;
}

/* --- listening --- */

static void on_accept(void *data, int fd, uint32_t events)
{
    struct listener *listener = data;
    struct nbd_server *self = listener->server;
    (void)events;
    for (unsigned i = 0; i < ACCEPTS; i++) {
        _cleanup_close_ int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (peer < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                /* it would be reported as readable without end */
                loop_io_set_events(listener->io, 0);
                loop_timer_arm_in(listener->pause, ACCEPT_PAUSE_US);
            }
            return;
        }
        int r = nbd_server_adopt(self, peer);
        if (r < 0)
            warn(self, 0, "", r == -ENOSPC ? "too many connections" : "it cannot be served");
        else
            peer = -1;
    }
}

static void on_pause_over(void *data)
{
    struct listener *listener = data;
    loop_io_set_events(listener->io, EPOLLIN);
}

static int add_listener(struct nbd_server *self, int fd, const char *path)
{
    size_t path_size = strlen(path) + 1;
    struct listener *listener = calloc(1, sizeof *listener + path_size);
    if (!listener)
        return -ENOMEM;
    listener->server = self;
    listener->fd = fd;
    memcpy(listener->path, path, path_size);
    int r = loop_timer_add(self->loop, on_pause_over, listener, &listener->pause);
    if (r >= 0)
        r = loop_io_add(self->loop, fd, EPOLLIN, on_accept, listener, &listener->io);
    if (r < 0) {
        loop_timer_remove(listener->pause);
        free(listener);
        return r;
    }
    listener->next = self->listeners;
    self->listeners = listener;
    return 0;
}

/* A socket that nobody answers on was left by a server that was killed. */
static int remove_stale(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EADDRINUSE;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno != ECONNREFUSED)
        return -EADDRINUSE;
    return unlink(address->sun_path) < 0 ? -errno : 0;
}

int nbd_server_listen(struct nbd_server *self, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int r = remove_stale(&address);
    if (r < 0)
        return r;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* before bind: the socket file gets this mode from the start */
    if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    if (listen(fd, BACKLOG) < 0)
        return -errno;
    r = add_listener(self, fd, path);
    if (r < 0)
        unlink(path);
    else
        fd = -1;
    return r;
}

static void remove_listener(struct listener *listener)
{
    loop_io_remove(listener->io);
    loop_timer_remove(listener->pause);
    close(listener->fd);
    unlink(listener->path);
    free(listener);
}

/* --- life --- */

int nbd_server_create(struct loop *loop, const struct nbd_server_host *host, void *data, struct nbd_server **ret)
{
    assert(host->admit);
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
    while (self->listeners) {
        struct listener *listener = self->listeners;
        self->listeners = listener->next;
        remove_listener(listener);
    }
    while (self->n_connections)
        nbd_connection_close(self->connections[--self->n_connections]);
    while (self->exports) {
        struct nbd_export *export = self->exports;
        self->exports = export->next;
        free_export(export);
    }
    free(self);
    return NULL;
}
