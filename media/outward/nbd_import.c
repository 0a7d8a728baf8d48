/* An export of another machine's NBD server as a source. A connection that ends is made again, more slowly each time;
 * until then reads end with something that is worth another try. An export of another size is another one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "media/outward/dial.h"
#include "media/outward/nbd_front.h"
#include "media/outward/nbd_link.h"
#include "media/outward/remote_kinds.h"

#define AGAIN_FIRST_US 100000
#define AGAIN_LONGEST_US 4000000
#define TRIM_AT_ONCE (1u << 30)

struct request {
    struct nbd_call call; /* first */
    struct request *next, **link;
    source_done_fn *done;
    void *data;
};

struct nbd_import {
    struct source source; /* first */
    struct remote remote;
    struct loop *loop;
    const struct remote_settings *settings;
    const struct remote_listener *listener;
    void *data;
    struct nbd_url url;
    char *user, *key; /* NULL: no key. With nbds, certificates then */
    char *ca;         /* PEM; NULL: the system's */
    bool writable;
    struct dial *dial;
    struct nbd_front *front; /* TLS with certificates */
    struct nbd_link *connection;
    bool ready; /* the connection is */
    struct loop_timer *later;
    uint64_t pause_us;
    struct request *active, *unused;
    bool opened, closed;
    enum remote_link state;
};

static void tell_state(struct nbd_import *self, enum remote_link state, const char *why)
{
    if (self->state == state || self->state == REMOTE_CHANGED || !self->opened)
        return;
    self->state = state;
    if (!self->closed)
        self->listener->link(self->data, state, why);
}

static void end_request(struct nbd_import *self, struct request *request, int error)
{
    source_done_fn *done = request->done;
    void *data = request->data;
    *request->link = request->next;
    if (request->next)
        request->next->link = request->link;
    request->next = self->unused;
    self->unused = request;
    done(data, error);
}

static void disconnect(struct nbd_import *self, int error)
{
    self->dial = dial_cancel(self->dial);
    self->connection = nbd_link_destroy(self->connection);
    self->front = nbd_front_destroy(self->front);
    self->ready = false;
    while (self->active)
        end_request(self, self->active, error);
}

static void free_import(struct nbd_import *self)
{
    for (struct request *request = self->unused, *next; request; request = next) {
        next = request->next;
        free(request);
    }
    loop_timer_remove(self->later);
    if (self->key)
        explicit_bzero(self->key, strlen(self->key));
    free(self->key);
    free(self->user);
    free(self->ca);
    free(self);
}

/* --- the connection --- */

static void connection_failed(struct nbd_import *self, int error, const char *why)
{
    char text[256];
    text_copy(text, sizeof text, why);
    disconnect(self, error == -ETIMEDOUT ? -ETIMEDOUT : -ECONNRESET);
    if (self->closed)
        return;
    if (self->opened) {
        loop_timer_arm_in(self->later, self->pause_us);
        self->pause_us = MIN(self->pause_us * 2, AGAIN_LONGEST_US);
        tell_state(self, REMOTE_AWAY, text);
        return;
    }
    self->closed = true;
    loop_timer_arm_in(self->later, 0);
    self->listener->opened(self->data, error, text, NULL, NULL);
}

static void on_ready(void *data, uint64_t size, bool read_only)
{
    struct nbd_import *self = data;
    struct remote_info info = {.size = size, .read_only = read_only || !self->writable};
    if (self->closed)
        return;
    self->pause_us = AGAIN_FIRST_US;
    if (self->opened && (size != self->source.size || (read_only && !self->source.read_only))) {
        tell_state(self, REMOTE_CHANGED, "The NBD server has another export there now.");
        disconnect(self, -ESTALE);
        return;
    }
    self->ready = true;
    if (self->opened) {
        tell_state(self, REMOTE_GOOD, "");
        return;
    }
    self->opened = true;
    self->source.size = size;
    self->source.read_only = info.read_only;
    bool shown = self->url.export[0] && strlen(self->url.export) < sizeof info.name;
    text_copy(info.name, sizeof info.name, shown ? self->url.export : self->url.host);
    for (char *c = info.name; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            *c = '_';
    self->listener->opened(self->data, 0, NULL, &info, &self->source);
}

static void on_done(void *data, struct nbd_call *call, int error)
{
    end_request(data, (struct request *)call, error);
}

static void on_lost(void *data, int error, const char *why)
{
    connection_failed(data, error, why);
}

static unsigned stall_s(const struct nbd_import *self)
{
    return self->settings->stall_s ? self->settings->stall_s : REMOTE_STALL_S;
}

/* Takes fd. */
static void on_clear(void *data, int fd)
{
    static const struct nbd_link_owner owner = {.ready = on_ready, .done = on_done, .lost = on_lost};
    struct nbd_import *self = data;
    int error = nbd_link_create(self->loop, fd, &self->url, self->user, self->key, stall_s(self), &owner, self,
                                &self->connection);
    if (error == 0)
        return;
    close(fd);
    connection_failed(
        self, error, "The NBD connection cannot be made: the identity or the key is malformed, or there is no memory.");
}

static void begin_front(struct nbd_import *self, int fd)
{
    static const struct nbd_front_owner owner = {.ready = on_clear, .failed = on_lost};
    char why[256];
    int error = nbd_front_create(self->loop, fd, self->url.host, self->ca, stall_s(self), &owner, self, &self->front,
                                 why, sizeof why);
    if (error == 0)
        return;
    close(fd);
    connection_failed(self, error, why);
}

static void on_dialed(void *data, int error, const char *why, int fd)
{
    struct nbd_import *self = data;
    self->dial = NULL;
    if (error < 0)
        connection_failed(self, error, why);
    else if (self->url.tls && !self->key)
        begin_front(self, fd);
    else
        on_clear(self, fd);
}

static void connect_again(struct nbd_import *self)
{
    if (dial_start(self->loop, self->settings, self->url.host, self->url.port, on_dialed, self, &self->dial) < 0)
        connection_failed(self, -EAGAIN, "There is no memory for another connection.");
}

static void on_later(void *data)
{
    struct nbd_import *self = data;
    if (self->closed) {
        disconnect(self, -ECANCELED);
        free_import(self);
    } else if (!self->dial && !self->connection && self->state != REMOTE_CHANGED) {
        connect_again(self);
    }
}

/* --- the source --- */

static void begin(struct source *source, enum nbd_link_action action, uint64_t offset, void *room, size_t length,
                  source_done_fn *done, void *data)
{
    struct nbd_import *self = (struct nbd_import *)source;
    if (!self->ready || self->closed) {
        done(data, self->closed ? -ECANCELED : self->state == REMOTE_CHANGED ? -ESTALE : -ENOTCONN);
        return;
    }
    struct request *request = self->unused;
    if (request)
        self->unused = request->next;
    else
        request = malloc(sizeof *request);
    if (!request) {
        done(data, -ENOMEM);
        return;
    }
    *request = (struct request){.next = self->active, .link = &self->active, .done = done, .data = data};
    if (self->active)
        self->active->link = &request->next;
    self->active = request;
    int r = nbd_link_begin(self->connection, &request->call, action, offset, room, length);
    /* a server that can do neither has nothing to be flushed, and need not forget */
    if (r < 0)
        end_request(self, request, action == NBD_LINK_FLUSH || action == NBD_LINK_TRIM ? 0 : r);
}

static void import_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                        void *data)
{
    begin(source, NBD_LINK_READ, offset, room, length, done, data);
}

static void import_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                         void *data)
{
    begin(source, NBD_LINK_WRITE, offset, (void *)bytes, length, done, data);
}

static void import_flush(struct source *source, source_done_fn *done, void *data)
{
    begin(source, NBD_LINK_FLUSH, 0, NULL, 0, done, data);
}

/* A hint: what is beyond a request's longest stays as it is. */
static void import_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    begin(source, NBD_LINK_TRIM, offset, NULL, (size_t)MIN(length, (uint64_t)TRIM_AT_ONCE), done, data);
}

static void import_close(struct source *source)
{
    struct nbd_import *self = (struct nbd_import *)source;
    self->closed = true;
    loop_timer_arm_in(self->later, 0);
}

static void cancel(struct remote *remote)
{
    import_close(&container_of(remote, struct nbd_import, remote)->source);
}

static int check_spec(const struct nbd_url *url, const struct remote_spec *spec, char *why, size_t size)
{
    bool user = spec->user && *spec->user, secret = spec->secret && *spec->secret;
    if (url->tls && user != secret) {
        snprintf(why, size,
                 "nbds with a pre-shared key takes its identity as user and the key, in hexadecimal digits, as "
                 "password; for a server with a certificate give neither.");
        return -EINVAL;
    }
    if (!url->tls && spec->secret && *spec->secret) {
        snprintf(why, size, "nbd sends no key; write nbds:// for a server that wants one.");
        return -EINVAL;
    }
    return 0;
}

static int copy_secrets(struct nbd_import *self, const struct remote_spec *spec)
{
    const char *ca = spec->ca && *spec->ca ? spec->ca : self->settings->ca;
    if (!self->url.tls)
        return 0;
    if (!spec->secret || !*spec->secret) {
        self->ca = ca ? strdup(ca) : NULL;
        return ca && !self->ca ? -ENOMEM : 0;
    }
    self->user = strdup(spec->user);
    self->key = strdup(spec->secret);
    return self->user && self->key ? 0 : -ENOMEM;
}

static int import_open(struct loop *loop, const struct remote_settings *settings, const struct remote_spec *spec,
                       const struct remote_listener *listener, void *data, struct remote **ret, char *why,
                       size_t why_size)
{
    static const struct source_ops ops = {.name = "nbd import",
                                          .read = import_read,
                                          .write = import_write,
                                          .flush = import_flush,
                                          .trim = import_trim,
                                          .close = import_close};
    const char *clause;
    struct nbd_import *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->source.ops = &ops;
    self->remote.cancel = cancel;
    self->loop = loop;
    self->settings = settings;
    self->listener = listener;
    self->data = data;
    self->writable = spec->writable;
    self->pause_us = AGAIN_FIRST_US;
    int r = 0;
    if (!nbd_url_parse(spec->url, &self->url, &clause)) {
        snprintf(why, why_size, "%s", clause);
        r = -EINVAL;
    }
    r = r ? r : check_spec(&self->url, spec, why, why_size);
    r = r ? r : copy_secrets(self, spec);
    r = r ? r : loop_timer_add(loop, on_later, self, &self->later);
    if (r < 0) {
        free_import(self);
        return r;
    }
    loop_timer_arm_in(self->later, 0);
    *ret = &self->remote;
    return 0;
}

const struct remote_kind remote_nbd = {.schemes = {"nbd", "nbds", NULL}, .open = import_open};
