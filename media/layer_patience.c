#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "core/clock.h"
#include "core/loop.h"
#include "media/patience_rule.h"

#define MAX_ATTEMPTS 3                /* under way for one request */
#define MAX_STRAY_BYTES (16ull << 20) /* asked, never answered, and nobody waits for them any more */

enum kind { READ, WRITE, FLUSH, TRIM };

struct request {
    TAILQ_ENTRY(request) link;
    LIST_HEAD(, attempt) attempts; /* under way */
    unsigned n_attempts;
    bool held; /* below has the caller's memory: it must answer before we may */
    int error; /* the last one */
    struct patience_try turn;
    enum kind kind;
    uint64_t offset, length;
    void *room;
    const void *bytes;
    source_done_fn *done;
    void *data;
};

/* Asking a second time while the first time may still be answered needs memory of its own: the caller's may be gone
 * by the time the late answer comes. */
struct attempt {
    LIST_ENTRY(attempt) link;
    struct patience *owner;
    struct request *request; /* NULL: a stray */
    unsigned generation;
    size_t size; /* of bytes; 0: into the caller's room */
    uint8_t bytes[];
};

struct patience {
    struct source source;
    struct source *below;
    struct patience_config config;
    const struct patience_listener *listener; /* NULL after close */
    void *data;
    struct loop_timer *timer;
    uint64_t timer_us; /* when it rings; UINT64_MAX: never */
    TAILQ_HEAD(, request) requests;
    uint64_t stray_bytes;
    uint64_t answered_us; /* when below last answered anything */
    uint64_t lost_us;     /* when a request was given up; 0: something was answered since */
    uint64_t n_answers;
    unsigned generation; /* of below */
    unsigned refs;       /* the owner's, attempts, calls on the stack */
    bool waiting, closed;
};

static struct patience *patience_of(struct source *source)
{
    return container_of(source, struct patience, source);
}

static void unref(struct patience *self)
{
    if (--self->refs)
        return;
    loop_timer_remove(self->timer);
    free(self);
}

static void look_at(struct patience *self, uint64_t when_us)
{
    if (when_us >= self->timer_us || self->closed)
        return;
    self->timer_us = when_us;
    loop_timer_arm_at(self->timer, when_us);
}

static void tell_waiting(struct patience *self, int error)
{
    if (self->waiting || self->closed)
        return;
    self->waiting = true;
    if (self->listener && self->listener->waiting)
        self->listener->waiting(self->data, error);
}

static void tell_resumed(struct patience *self)
{
    if (!self->waiting || self->closed)
        return;
    self->waiting = false;
    if (self->listener && self->listener->resumed)
        self->listener->resumed(self->data);
}

static void make_stray(struct request *request, struct attempt *attempt)
{
    LIST_REMOVE(attempt, link);
    request->n_attempts--;
    attempt->request = NULL;
    attempt->owner->stray_bytes += attempt->size;
}

static void make_all_stray(struct request *request)
{
    while (!LIST_EMPTY(&request->attempts))
        make_stray(request, LIST_FIRST(&request->attempts));
}

static void finish(struct patience *self, struct request *request, int error)
{
    TAILQ_REMOVE(&self->requests, request, link);
    make_all_stray(request);
    source_done_fn *done = request->done;
    void *data = request->data;
    free(request);
    done(data, error);
}

static void give_up(struct patience *self, struct request *request)
{
    int error = request->error ? request->error : -ETIMEDOUT;
    self->lost_us = clock_now_us();
    self->refs++;
    finish(self, request, self->config.given_up ? self->config.given_up : -EIO);
    tell_waiting(self, error);
    if (self->listener && self->listener->lost)
        self->listener->lost(self->data, error);
    unref(self);
}

static void step(struct patience *self, struct request *request);

/* The last attempt of a request has failed with an error that may pass. Listeners are told last: they may do anything.
 */
static void failed(struct patience *self, struct request *request, int error, bool of_old)
{
    uint64_t now_us = clock_now_us();
    request->error = error;
    request->held = false;
    if (self->closed) {
        finish(self, request, error);
        return;
    }
    patience_failed(&request->turn, now_us);
    if (of_old)
        request->turn.ask_at_us = now_us;
    self->refs++;
    step(self, request);
    if (!of_old)
        tell_waiting(self, error);
    unref(self);
}

static void on_answer(void *data, int error)
{
    struct attempt *attempt = data;
    struct patience *self = attempt->owner;
    struct request *request = attempt->request;
    bool of_old = attempt->generation != self->generation;
    if (request) {
        LIST_REMOVE(attempt, link);
        request->n_attempts--;
        if (!error && attempt->size)
            memcpy(request->room, attempt->bytes, attempt->size);
    } else {
        self->stray_bytes -= attempt->size;
    }
    free(attempt);
    if (!of_old && !patience_bears(error)) {
        self->answered_us = clock_now_us();
        self->lost_us = 0;
        self->n_answers++;
    }
    if (request && !patience_bears(error)) {
        finish(self, request, error);
        if (!error)
            tell_resumed(self);
    } else if (request && !request->n_attempts) {
        failed(self, request, error, of_old);
    }
    unref(self); /* the attempt's */
}

static struct attempt *new_attempt(struct patience *self, struct request *request)
{
    bool own = (self->config.ask_again_us || request->n_attempts) && request->kind == READ;
    size_t size = own ? request->length : 0;
    if (size && self->stray_bytes + size > MAX_STRAY_BYTES)
        return NULL;
    struct attempt *attempt = malloc(sizeof *attempt + size);
    if (!attempt)
        return NULL;
    *attempt = (struct attempt){.owner = self, .request = request, .generation = self->generation, .size = size};
    if (!own)
        request->held = true;
    LIST_INSERT_HEAD(&request->attempts, attempt, link);
    request->n_attempts++;
    self->refs++;
    return attempt;
}

static void ask_below(struct patience *self, struct request *request, struct attempt *attempt)
{
    switch (request->kind) {
    case READ:
        source_read(self->below, request->offset, attempt->size ? attempt->bytes : request->room, request->length,
                    on_answer, attempt);
        break;
    case WRITE:
        source_write(self->below, request->offset, request->bytes, request->length, on_answer, attempt);
        break;
    case FLUSH:
        source_flush(self->below, on_answer, attempt);
        break;
    case TRIM:
        source_trim(self->below, request->offset, request->length, on_answer, attempt);
        break;
    }
}

/* Others are being answered: it is slow rather than gone, and asking twice would make it slower. Twice at most: a
 * single request may be lost as well. */
static bool is_slow(const struct patience *self, const struct request *request, uint64_t now_us)
{
    uint64_t again_us = self->config.ask_again_us;
    return request->n_attempts && self->answered_us && now_us - self->answered_us < again_us &&
           request->turn.silence_us <= 2 * again_us;
}

/* May end the request. */
static void ask(struct patience *self, struct request *request)
{
    uint64_t now_us = clock_now_us();
    bool again = !is_slow(self, request, now_us) && request->n_attempts < MAX_ATTEMPTS;
    bool silent = request->n_attempts && again;
    patience_asked(&request->turn, &self->config, now_us);
    look_at(self, request->turn.ask_at_us);
    if (!again)
        return;
    struct attempt *attempt = new_attempt(self, request);
    if (!attempt) {
        if (!request->n_attempts)
            failed(self, request, -EAGAIN, false);
        return;
    }
    /* the asked stand behind those that are due */
    TAILQ_REMOVE(&self->requests, request, link);
    TAILQ_INSERT_TAIL(&self->requests, request, link);
    self->refs++;
    uint64_t before = self->n_answers;
    ask_below(self, request, attempt);
    if (silent && self->n_answers == before)
        tell_waiting(self, -ETIMEDOUT);
    unref(self);
}

static void step(struct patience *self, struct request *request)
{
    uint64_t when_us = UINT64_MAX;
    if (request->held && request->n_attempts)
        return; /* its answer comes */
    switch (patience_step(&request->turn, &self->config, clock_now_us(), &when_us)) {
    case PATIENCE_WAIT:
        look_at(self, when_us);
        break;
    case PATIENCE_ASK:
        ask(self, request);
        break;
    case PATIENCE_GIVE_UP:
        give_up(self, request);
        break;
    }
}

static bool due(const struct patience *self, const struct request *request, uint64_t now_us)
{
    uint64_t when_us;
    return !(request->held && request->n_attempts) &&
           patience_step(&request->turn, &self->config, now_us, &when_us) != PATIENCE_WAIT;
}

/* Any step may change the list, through who is answered: begin again after each. */
static void run_due(struct patience *self, uint64_t now_us)
{
    struct request *request;
    do {
        TAILQ_FOREACH(request, &self->requests, link)
        if (due(self, request, now_us))
            break;
        if (request)
            step(self, request);
    } while (request && !self->closed);
    self->timer_us = UINT64_MAX;
    TAILQ_FOREACH(request, &self->requests, link)
    {
        uint64_t when_us = UINT64_MAX;
        if (!(request->held && request->n_attempts) &&
            patience_step(&request->turn, &self->config, now_us, &when_us) == PATIENCE_WAIT)
            look_at(self, when_us);
    }
}

static void on_timer(void *data)
{
    struct patience *self = data;
    self->refs++;
    run_due(self, clock_now_us());
    unref(self);
}

/* How much of its patience a request has used up before it came. */
static uint64_t spent_before(const struct patience *self, uint64_t now_us)
{
    uint64_t after_us = self->config.after_us, all_us = self->config.patience_us;
    bool follows = self->lost_us && now_us - self->lost_us < 2 * after_us && all_us > after_us;
    return follows ? MIN(all_us - after_us, now_us) : 0;
}

static void submit(struct source *source, struct request q)
{
    struct patience *self = patience_of(source);
    struct request *request = self->closed ? NULL : malloc(sizeof *request);
    if (!request) {
        q.done(q.data, self->closed ? -EIO : -ENOMEM);
        return;
    }
    *request = q;
    LIST_INIT(&request->attempts);
    uint64_t now_us = clock_now_us();
    patience_begin(&request->turn, now_us);
    request->turn.since_us -= spent_before(self, now_us);
    TAILQ_INSERT_TAIL(&self->requests, request, link);
    self->refs++;
    uint64_t end_us = self->config.patience_us ? request->turn.since_us + self->config.patience_us : UINT64_MAX;
    look_at(self, end_us);
    ask(self, request);
    unref(self);
}

static void patience_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                          void *data)
{
    submit(source, (struct request){
                       .kind = READ, .offset = offset, .length = length, .room = room, .done = done, .data = data});
}

static void patience_write(struct source *source, uint64_t offset, const void *bytes, size_t length,
                           source_done_fn *done, void *data)
{
    submit(source, (struct request){
                       .kind = WRITE, .offset = offset, .length = length, .bytes = bytes, .done = done, .data = data});
}

static void patience_flush(struct source *source, source_done_fn *done, void *data)
{
    submit(source, (struct request){.kind = FLUSH, .done = done, .data = data});
}

static void patience_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    submit(source, (struct request){.kind = TRIM, .offset = offset, .length = length, .done = done, .data = data});
}

/* What is under way is still answered; what waits has nobody left to ask. */
static void patience_close(struct source *source)
{
    struct patience *self = patience_of(source);
    self->closed = true;
    self->listener = NULL;
    loop_timer_disarm(self->timer);
    self->below = source_close(self->below);
    struct request *request;
    do {
        TAILQ_FOREACH(request, &self->requests, link)
        if (!request->n_attempts)
            break;
        if (request)
            finish(self, request, request->error ? request->error : -EIO);
    } while (request);
    unref(self);
}

static const struct source_ops patience_ops = {
    .name = "patience",
    .read = patience_read,
    .write = patience_write,
    .flush = patience_flush,
    .trim = patience_trim,
    .close = patience_close,
};

void layer_patience_set(struct source *source, const struct patience_config *config)
{
    struct patience *self = patience_of(source);
    self->config = *config;
    self->refs++;
    run_due(self, clock_now_us());
    unref(self);
}

/* Everything is asked at once; what was asked of the old one in memory of ours is no longer waited for. */
static void ask_all(struct patience *self, bool forget)
{
    uint64_t now_us = clock_now_us();
    struct request *request;
    TAILQ_FOREACH(request, &self->requests, link)
    {
        if (request->held && request->n_attempts)
            continue;
        if (forget)
            make_all_stray(request);
        request->turn.ask_at_us = now_us;
        request->turn.silence_us = 0;
        request->turn.distance_us = PATIENCE_FIRST_US;
    }
    if (TAILQ_EMPTY(&self->requests))
        tell_resumed(self);
    else
        run_due(self, now_us);
}

int layer_patience_replace(struct source *source, struct source *below)
{
    struct patience *self = patience_of(source);
    struct source *old = NULL;
    if (below) {
        if (below->size != self->source.size || (below->read_only && !self->source.read_only))
            return -ESTALE;
        old = self->below;
        self->below = below;
        self->generation++;
        self->answered_us = self->lost_us = 0;
    }
    self->refs++;
    ask_all(self, below);
    source_close(old);
    unref(self);
    return 0;
}

int layer_patience_create(struct loop *loop, struct source *below, const struct patience_config *config,
                          const struct patience_listener *listener, void *data, struct source **ret)
{
    struct patience *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    self->source = (struct source){.ops = &patience_ops, .size = below->size, .read_only = below->read_only};
    self->below = below;
    self->config = *config;
    self->listener = listener;
    self->data = data;
    self->timer_us = UINT64_MAX;
    self->refs = 1;
    TAILQ_INIT(&self->requests);
    *ret = &self->source;
    return 0;
}
