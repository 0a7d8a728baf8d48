/* Requests pass in the order they came, so that nobody waits for longer than those before him need. */
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "core/clock.h"
#include "core/loop.h"
#include "media/layers.h"
#include "media/rate_rule.h"

struct request {
    STAILQ_ENTRY(request) link;
    uint64_t offset;
    size_t length;
    void *room; /* NULL: a write */
    const void *bytes;
    source_done_fn *done;
    void *data;
};

struct limiter {
    struct source source;
    struct source *below;
    struct rate_rule rule;
    struct loop_timer *timer;
    STAILQ_HEAD(, request) requests;
};

static struct limiter *limiter_of(struct source *source)
{
    return container_of(source, struct limiter, source);
}

static void ask(struct limiter *self, const struct request *q)
{
    if (q->room)
        source_read(self->below, q->offset, q->room, q->length, q->done, q->data);
    else
        source_write(self->below, q->offset, q->bytes, q->length, q->done, q->data);
}

/* Looks at itself no more once a request is asked for, whose answer may close it: the timer goes on with the next. */
static void go_on(struct limiter *self)
{
    struct request *first = STAILQ_FIRST(&self->requests);
    uint64_t now_us = clock_now_us();
    if (!first)
        return;
    uint64_t wait_us = rate_pass(&self->rule, first->length, now_us);
    loop_timer_arm_at(self->timer, now_us + wait_us);
    if (wait_us)
        return;
    struct request request = *first;
    STAILQ_REMOVE_HEAD(&self->requests, link);
    free(first);
    ask(self, &request);
}

static void on_timer(void *data)
{
    go_on(data);
}

static void submit(struct source *source, struct request q)
{
    struct limiter *self = limiter_of(source);
    if (STAILQ_EMPTY(&self->requests) && !rate_pass(&self->rule, q.length, clock_now_us())) {
        ask(self, &q);
        return;
    }
    struct request *request = malloc(sizeof *request);
    if (!request) {
        q.done(q.data, -ENOMEM);
        return;
    }
    *request = q;
    bool first = STAILQ_EMPTY(&self->requests);
    STAILQ_INSERT_TAIL(&self->requests, request, link);
    if (first)
        go_on(self);
}

static void rate_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                      void *data)
{
    submit(source, (struct request){.offset = offset, .length = length, .room = room, .done = done, .data = data});
}

static void rate_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                       void *data)
{
    submit(source, (struct request){.offset = offset, .length = length, .bytes = bytes, .done = done, .data = data});
}

static void rate_flush(struct source *source, source_done_fn *done, void *data)
{
    source_flush(limiter_of(source)->below, done, data);
}

static void rate_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    source_trim(limiter_of(source)->below, offset, length, done, data);
}

static void rate_close(struct source *source)
{
    struct limiter *self = limiter_of(source);
    struct request *request;
    while ((request = STAILQ_FIRST(&self->requests))) {
        STAILQ_REMOVE_HEAD(&self->requests, link);
        ask(self, request);
        free(request);
    }
    loop_timer_remove(self->timer);
    source_close(self->below);
    free(self);
}

static const struct source_ops rate_ops = {
    .name = "rate",
    .read = rate_read,
    .write = rate_write,
    .flush = rate_flush,
    .trim = rate_trim,
    .close = rate_close,
};

void layer_rate_set(struct source *source, uint64_t bytes_per_s)
{
    struct limiter *self = limiter_of(source);
    rate_change(&self->rule, bytes_per_s, clock_now_us());
    if (!STAILQ_EMPTY(&self->requests))
        loop_timer_arm_in(self->timer, 0);
}

int layer_rate_create(struct loop *loop, struct source *below, uint64_t bytes_per_s, struct source **ret)
{
    struct limiter *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    self->source = (struct source){.ops = &rate_ops, .size = below->size, .read_only = below->read_only};
    self->below = below;
    rate_init(&self->rule, bytes_per_s, clock_now_us());
    STAILQ_INIT(&self->requests);
    *ret = &self->source;
    return 0;
}
