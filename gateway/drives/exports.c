#include "gateway/drives/exports.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/log.h"
#include "gateway/drives/export_notes.h"
#include "media/nbd_server.h"
#include "media/source_file.h"

#define ACCEPTS 8              /* in one turn; the others wait in the kernel */
#define ACCEPT_PAUSE_US 200000 /* after running out of descriptors: the socket would stay readable */

/* One grant. Its export is there while the image is open. */
struct grant {
    struct exports *owner;
    struct grant *next;
    struct api_export asked;
    bool open, opening, gone; /* gone: withdrawn while its image was being opened */
    bool broken;              /* the image changed: to be opened anew */
    char why[512];
    api_export_done_fn *done; /* of who asked for it; until then it is not kept */
    void *data;
};

struct door {
    struct exports *owner;
    struct loop_io *io; /* NULL: free */
    int fd;
};

struct exports {
    struct loop *loop;
    struct exports_config config;
    char path[1100];
    struct nbd_tls_context *tls;
    struct nbd_server *server; /* NULL: stopped */
    struct grant *first;
    size_t n;
    struct door doors[EXPORTS_DOORS];
    struct loop_timer *pause, *mend;
};

/* --- grants --- */

static struct grant *find(const struct exports *self, const char *name)
{
    for (struct grant *g = self->first; g; g = g->next)
        if (!g->gone && strcmp(g->asked.name, name) == 0)
            return g;
    return NULL;
}

static void unlink_grant(struct grant *grant)
{
    struct grant **link = &grant->owner->first;
    while (*link != grant)
        link = &(*link)->next;
    *link = grant->next;
    grant->owner->n--;
    free(grant);
}

static void shut(struct grant *grant)
{
    struct exports *self = grant->owner;
    if (!grant->open)
        return;
    grant->open = false;
    nbd_server_remove(self->server, grant->asked.name);
    library_unuse(self->config.library, grant->asked.image);
}

static int save(const struct exports *self)
{
    struct export_notes *notes = calloc(1, sizeof *notes);
    if (!notes)
        return -ENOMEM;
    for (const struct grant *g = self->first; g; g = g->next)
        if (!g->gone && !g->done)
            notes->list[notes->n++] = g->asked;
    int r = export_notes_save(self->path, notes);
    free(notes);
    return r;
}

/* --- opening --- */

/* The image is not what it was: it is opened anew when this is over, for those who come again. */
static void on_fault(void *data, const char *why)
{
    struct grant *grant = data;
    log_warn("exports", "export %s: %s", grant->asked.name, why);
    snprintf(grant->why, sizeof grant->why, "%s", why);
    grant->broken = true;
    loop_timer_arm_in(grant->owner->mend, 0);
}

static const struct source_file_listener file_listener = {.fault = on_fault};

static int offer(struct grant *grant, int fd)
{
    struct exports *self = grant->owner;
    struct source *source;
    int r = source_file_create(fd, grant->asked.image, grant->asked.read_only, self->config.io, &file_listener, grant,
                               &source);
    if (r < 0)
        return r;
    r = nbd_server_add(self->server, grant->asked.name, source);
    if (r < 0) {
        source_close(source);
        return r;
    }
    nbd_server_describe(self->server, grant->asked.name, grant->asked.image);
    library_use(self->config.library, grant->asked.image);
    grant->open = true;
    return 0;
}

static void tell(struct grant *grant, int error)
{
    api_export_done_fn *done = grant->done;
    grant->done = NULL;
    if (!done)
        return;
    if (error == 0) {
        error = save(grant->owner);
        if (error < 0)
            snprintf(grant->why, sizeof grant->why, "The grant cannot be kept on disk: %s.", strerror(-error));
    }
    char why[sizeof grant->why];
    memcpy(why, grant->why, sizeof why);
    void *data = grant->data;
    if (error < 0) { /* never granted, then */
        shut(grant);
        unlink_grant(grant);
    }
    done(data, error, why);
}

static void on_opened(void *data, int error, const char *why, int fd, const struct library_image *image)
{
    struct grant *grant = data;
    grant->opening = false;
    if (grant->gone || !grant->owner->server) {
        if (error == 0)
            close(fd);
        api_export_done_fn *done = grant->done;
        grant->gone = true;
        grant->done = NULL;
        if (done)
            done(grant->data, -ECANCELED, "The gateway stops.");
        if (grant->owner->server)
            unlink_grant(grant);
        return;
    }
    char words[sizeof grant->why];
    snprintf(words, sizeof words, "%s", why ? why : "");
    if (error == 0 && image->folder) {
        error = -EISDIR;
        snprintf(words, sizeof words, "%s is a folder, and only images can be exported.", grant->asked.image);
        close(fd);
    } else if (error == 0) {
        error = offer(grant, fd);
        if (error < 0)
            close(fd);
        if (error == -EBUSY)
            snprintf(words, sizeof words, "%s is in a drive, or in another export, in a way that excludes this one.",
                     grant->asked.image);
        else if (error < 0)
            snprintf(words, sizeof words, "%s cannot be exported: %s.", grant->asked.image, strerror(-error));
    }
    memcpy(grant->why, error < 0 ? words : "", error < 0 ? sizeof words : 1);
    if (error < 0 && !grant->done)
        log_warn("exports", "export %s: %s", grant->asked.name, grant->why);
    tell(grant, error);
}

static int open_image(struct grant *grant)
{
    if (grant->open || grant->opening)
        return 0;
    grant->opening = true;
    int r = library_open(grant->owner->config.library, grant->asked.image, !grant->asked.read_only, on_opened, grant);
    if (r < 0)
        grant->opening = false;
    return r;
}

static void on_mend(void *data)
{
    struct exports *self = data;
    for (struct grant *g = self->first; g; g = g->next)
        if (g->broken) {
            g->broken = false;
            shut(g);
            open_image(g);
        }
}

static int make_grant(struct exports *self, const struct api_export *asked, struct grant **ret)
{
    if (self->n == API_EXPORTS_MAX)
        return -ENOSPC;
    struct grant *grant = calloc(1, sizeof *grant);
    if (!grant)
        return -ENOMEM;
    grant->owner = self;
    grant->asked = *asked;
    struct grant **end = &self->first;
    while (*end)
        end = &(*end)->next;
    *end = grant;
    self->n++;
    *ret = grant;
    return 0;
}

/* --- what the API asks --- */

static size_t ops_list(void *context, struct api_export *room, size_t n)
{
    struct exports *self = context;
    size_t used = 0;
    for (struct grant *g = self->first; g && used < n; g = g->next) {
        if (g->gone || g->done)
            continue;
        struct nbd_export_stats stats = {.connections = 0};
        nbd_server_stats(self->server, g->asked.name, &stats);
        struct api_export *e = &room[used++];
        *e = g->asked;
        e->usable = g->open;
        e->connections = stats.connections;
        e->bytes_read = stats.bytes_read;
        e->bytes_written = stats.bytes_written;
        memcpy(e->why, g->why, sizeof e->why);
        open_image(g); /* perhaps it is there by now */
    }
    return used;
}

static void ops_add(void *context, const struct api_export *asked, api_export_done_fn *done, void *data)
{
    struct exports *self = context;
    struct grant *grant;
    const char *mistake = export_mistake(asked);
    if (mistake || find(self, asked->name)) {
        done(data, mistake ? -EINVAL : -EEXIST, mistake ? mistake : "There is an export of this name already.");
        return;
    }
    int r = make_grant(self, asked, &grant);
    if (r == 0) {
        grant->done = done;
        grant->data = data;
        r = open_image(grant);
        if (r == 0)
            return;
        unlink_grant(grant);
    }
    done(data, r, r == -ENOSPC ? "There are 64 exports already; remove one first." : strerror(-r));
}

static int ops_remove(void *context, const char *name)
{
    struct exports *self = context;
    struct grant *grant = find(self, name);
    if (!grant || grant->done)
        return -ENOENT;
    grant->gone = true;
    shut(grant);
    if (!grant->opening)
        unlink_grant(grant);
    return save(self);
}

const struct api_exports_ops exports_ops = {.list = ops_list, .add = ops_add, .remove = ops_remove};

/* --- what peers may have --- */

static bool admit_identity(void *data, const char *identity, const char *name)
{
    struct grant *grant = find(data, name);
    if (!grant || grant->done || strcmp(grant->asked.identity, identity) != 0)
        return false;
    open_image(grant);
    return true;
}

static void list_identity(void *data, const char *identity, void (*fn)(void *fn_data, const char *name), void *fn_data)
{
    const struct exports *self = data;
    for (const struct grant *g = self->first; g; g = g->next)
        if (g->open && !g->done && strcmp(g->asked.identity, identity) == 0)
            fn(fn_data, g->asked.name);
}

static const struct nbd_server_host server_host = {.admit_identity = admit_identity, .list_identity = list_identity};

/* --- doors --- */

static void set_doors(struct exports *self, uint32_t events)
{
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++)
        if (self->doors[i].io)
            loop_io_set_events(self->doors[i].io, events);
}

static void on_pause_over(void *data)
{
    set_doors(data, EPOLLIN);
}

static void greet(struct exports *self, int peer)
{
    int one = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(peer, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    if (nbd_server_adopt_tls(self->server, peer, self->tls) < 0)
        close(peer);
}

static void on_readable(void *data, int fd, uint32_t events)
{
    struct door *door = data;
    (void)events;
    for (unsigned i = 0; i < ACCEPTS; i++) {
        int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (peer >= 0) {
            greet(door->owner, peer);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            set_doors(door->owner, 0);
            loop_timer_arm_in(door->owner->pause, ACCEPT_PAUSE_US);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

int exports_listen(struct exports *self, int fd)
{
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++) {
        struct door *door = &self->doors[i];
        if (door->io)
            continue;
        *door = (struct door){.owner = self, .fd = fd};
        return loop_io_add(self->loop, fd, EPOLLIN, on_readable, door, &door->io);
    }
    return -ENOSPC;
}

int exports_set_certificate(struct exports *self, const char *certificate, EVP_PKEY *key)
{
    return nbd_tls_context_set_certificate(self->tls, certificate, key);
}

void exports_unlisten(struct exports *self, int fd)
{
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++)
        if (self->doors[i].io && self->doors[i].fd == fd)
            self->doors[i].io = loop_io_remove(self->doors[i].io);
}

/* --- life --- */

static void open_kept(struct exports *self)
{
    struct export_notes *notes = calloc(1, sizeof *notes);
    if (!notes)
        return;
    export_notes_load(self->path, notes);
    for (size_t i = 0; i < notes->n; i++) {
        struct grant *grant;
        if (make_grant(self, &notes->list[i], &grant) == 0)
            open_image(grant);
    }
    free(notes);
}

int exports_create(struct loop *loop, const struct exports_config *config, struct exports **ret, char *why,
                   size_t why_size)
{
    struct exports *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->config = *config;
    snprintf(self->path, sizeof self->path, "%s", config->path);
    int r = nbd_tls_context_create(&config->tls, &self->tls, why, why_size);
    r = r ? r : loop_timer_add(loop, on_pause_over, self, &self->pause);
    r = r ? r : loop_timer_add(loop, on_mend, self, &self->mend);
    r = r ? r : nbd_server_create(loop, &server_host, self, &self->server);
    self->config.tls = (struct nbd_tls_config){.psks = NULL}; /* the caller's, and secret */
    if (r < 0) {
        exports_destroy(self);
        return r;
    }
    open_kept(self);
    *ret = self;
    return 0;
}

void exports_stop(struct exports *self)
{
    if (!self)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(self->doors); i++)
        self->doors[i].io = loop_io_remove(self->doors[i].io);
    self->pause = loop_timer_remove(self->pause);
    self->mend = loop_timer_remove(self->mend);
    for (struct grant *g = self->first; g; g = g->next)
        shut(g);
    self->server = nbd_server_destroy(self->server);
}

struct exports *exports_destroy(struct exports *self)
{
    if (!self)
        return NULL;
    exports_stop(self);
    while (self->first)
        unlink_grant(self->first);
    nbd_tls_context_destroy(self->tls);
    free(self);
    return NULL;
}
