#include "auth/keeper/audit_courier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/keeper/audit_syslog.h"
#include "auth/keeper/book_internal.h"
#include "core/log.h"

#define LOOK_US (250 * 1000ull)
#define WINDOW 128 /* messages that outward has and the server not yet */
#define BATCH 16

struct place {
    uint64_t line;
    int64_t head;
};

struct audit_courier {
    struct loop *loop;
    struct desk *desk;
    struct book *book;
    struct errands *errands;
    struct errand_syslog server; /* host "": none */
    struct loop_timer *timer;
    char host[256];

    struct place pending[WINDOW]; /* where the log has come with each message that is under way, oldest first */
    unsigned first, n;
    uint64_t counted; /* of given and lost that outward has told */
    bool reached;
    bool again; /* from where the server is known to be */
    bool busy;

    /* of the job; the store's thread has them while it runs */
    bool from_known;
    struct place next, done;
    unsigned n_messages;
    struct {
        struct place place;
        size_t size;
        char bytes[ERRAND_MAX_SYSLOG];
    } messages[BATCH];
};

/* ---- on the store's thread ---- */

static void fetch(void *data)
{
    struct audit_courier *self = data;
    struct audit_sink *sink = &self->book->audit_ways.syslog;
    struct audit_sink_reader reader;
    struct audit_object object;
    if (self->done.line || self->done.head) {
        sink->line = self->done.line;
        sink->head = self->done.head;
    }
    if (self->from_known)
        self->next = (struct place){.line = sink->line, .head = sink->head};
    struct audit_sink at = *sink;
    at.line = self->next.line;
    at.head = self->next.head;
    self->n_messages = 0;
    if (audit_sink_open(&reader, &at, &self->book->store) == 0) {
        sink->lost += at.lost - sink->lost;
        while (self->n_messages < BATCH && audit_sink_next(&reader, &object) == 1) {
            unsigned i = self->n_messages++;
            self->messages[i].size = audit_syslog_write(&object, self->host, self->messages[i].bytes);
            self->messages[i].place = (struct place){.line = reader.line, .head = reader.head};
        }
        audit_sink_close(&reader);
    }
}

/* ---- on the loop's ---- */

static void start_anew(struct audit_courier *self)
{
    self->n = 0;
    self->counted = 0;
    self->again = true;
}

static void fetched(void *data)
{
    struct audit_courier *self = data;
    self->busy = false;
    if (!self->errands)
        return;
    bool anew = self->again; /* outward went away meanwhile, or it is another server */
    for (unsigned i = 0; i < self->n_messages && !anew && self->n < WINDOW; i++) {
        int r = errands_syslog(self->errands, &self->server, self->messages[i].bytes, self->messages[i].size);
        if (r < 0)
            break;
        self->pending[(self->first + self->n++) % WINDOW] = self->messages[i].place;
        self->next = self->messages[i].place;
    }
    bool full = self->n_messages == BATCH;
    self->n_messages = 0;
    if (self->server.host[0])
        loop_timer_arm_in(self->timer, full && self->n < WINDOW ? 1000 : LOOK_US);
}

static void look(void *data)
{
    struct audit_courier *self = data;
    loop_timer_arm_in(self->timer, LOOK_US);
    if (self->busy || !errands_connected(self->errands) || WINDOW - self->n < BATCH)
        return;
    self->from_known = self->again;
    self->busy = desk_submit(self->desk, fetch, fetched, self) == 0;
    self->again = self->again && !self->busy;
}

static void on_state(void *data, const struct errand_syslog_state *state)
{
    struct audit_courier *self = data;
    if (self->reached != state->reached)
        log_info("keeper", "the syslog server of audit-syslog %s%s%s",
                 state->reached ? "takes the audit log" : "is away", state->why[0] ? ": " : "", state->why);
    self->reached = state->reached;
    uint64_t counted = state->given + state->lost;
    if (!errands_connected(self->errands) || counted < self->counted) {
        start_anew(self); /* another outward, which knows nothing of what this one had */
        return;
    }
    if (state->lost)
        log_error("keeper", "outward has lost messages for the syslog server: %s", state->why);
    for (uint64_t more = MIN(counted - self->counted, self->n); more; more--) {
        if (!self->busy)
            self->done = self->pending[self->first];
        self->first = (self->first + 1) % WINDOW;
        self->n--;
    }
    self->counted = counted;
}

int audit_courier_create(struct loop *loop, struct desk *desk, struct book *book, struct errands *errands,
                         struct audit_courier **ret)
{
    struct audit_courier *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct audit_courier){.loop = loop, .desk = desk, .book = book, .errands = errands, .again = true};
    if (gethostname(self->host, sizeof self->host - 1) < 0)
        self->host[0] = '\0';
    int r = loop_timer_add(loop, look, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    errands_listen(errands, on_state, self);
    *ret = self;
    return 0;
}

/* What outward still has for the former server would be counted as the new one's: it forgets all of it. */
void audit_courier_serve(struct audit_courier *self, const struct errand_syslog *server)
{
    static const struct errand_syslog none;
    server = server ? server : &none;
    bool same = strcmp(self->server.host, server->host) == 0 && self->server.port == server->port &&
                strcmp(self->server.authorities, server->authorities) == 0;
    if (same)
        return;
    bool had_one = self->server.host[0] != '\0';
    self->server = *server;
    start_anew(self);
    if (had_one)
        errands_begin_anew(self->errands);
    if (server->host[0])
        loop_timer_arm_in(self->timer, LOOK_US);
    else
        loop_timer_disarm(self->timer);
}

void audit_courier_stop(struct audit_courier *self)
{
    if (!self || !self->errands)
        return;
    errands_listen(self->errands, NULL, NULL);
    loop_timer_disarm(self->timer);
    self->errands = NULL;
}

struct audit_courier *audit_courier_destroy(struct audit_courier *self)
{
    if (!self)
        return NULL;
    audit_courier_stop(self);
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}
