#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "core/clock.h"
#include "core/loop.h"
#include "media/layers.h"

enum fate { GOOD, FAIL_AGAIN, FAIL, NEVER, CORRUPT };

struct request {
    TAILQ_ENTRY(request) link; /* of those whose answer waits, or never comes */
    struct fault *owner;
    enum fate fate;
    uint64_t wrong_bit;
    uint64_t delay_us, when_us;
    uint8_t *room; /* NULL: no read */
    size_t length;
    int error;
    source_done_fn *done;
    void *data;
};

struct fault {
    struct source source;
    struct source *below;
    struct fault_plan plan;
    uint64_t state;
    struct loop_timer *timer;
    TAILQ_HEAD(requests, request) waiting, never;
    unsigned refs; /* the owner's and one for each request */
};

static struct fault *fault_of(struct source *source)
{
    return container_of(source, struct fault, source);
}

static void unref(struct fault *self)
{
    if (--self->refs)
        return;
    loop_timer_remove(self->timer);
    free(self);
}

/* splitmix64: the same faults for the same seed, everywhere. */
static uint64_t draw(struct fault *self)
{
    uint64_t z = self->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static enum fate draw_fate(struct fault *self)
{
    uint32_t at = (uint16_t)draw(self);
    const struct {
        uint16_t chance;
        enum fate fate;
    } table[] = {{self->plan.fail_again, FAIL_AGAIN},
                 {self->plan.fail, FAIL},
                 {self->plan.never, NEVER},
                 {self->plan.corrupt, CORRUPT}};
    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        if (at < table[i].chance)
            return table[i].fate;
        at -= table[i].chance;
    }
    return GOOD;
}

static void answer(struct request *request)
{
    struct fault *self = request->owner;
    source_done_fn *done = request->done;
    void *data = request->data;
    int error = request->error;
    if (!error && request->fate == CORRUPT && request->room)
        request->room[request->wrong_bit / 8 % request->length] ^= (uint8_t)(1u << request->wrong_bit % 8);
    free(request);
    done(data, error);
    unref(self);
}

static void arm(struct fault *self)
{
    struct request *request;
    uint64_t when_us = UINT64_MAX;
    TAILQ_FOREACH(request, &self->waiting, link)
    when_us = MIN(when_us, request->when_us);
    if (when_us != UINT64_MAX)
        loop_timer_arm_at(self->timer, when_us);
}

static struct request *due(struct fault *self, uint64_t now_us)
{
    struct request *request;
    TAILQ_FOREACH(request, &self->waiting, link)
    if (request->when_us <= now_us)
        return request;
    return NULL;
}

static void on_timer(void *data)
{
    struct fault *self = data;
    struct request *request;
    uint64_t now_us = clock_now_us();
    self->refs++;
    while ((request = due(self, now_us))) {
        TAILQ_REMOVE(&self->waiting, request, link);
        answer(request);
    }
    arm(self);
    unref(self);
}

static void on_below(void *data, int error)
{
    struct request *request = data;
    struct fault *self = request->owner;
    request->error = error;
    if (!request->delay_us) {
        answer(request);
        return;
    }
    request->when_us = clock_now_us() + request->delay_us;
    TAILQ_INSERT_TAIL(&self->waiting, request, link);
    arm(self);
}

/* NULL: it was dealt with, below is not asked. */
static struct request *begin(struct source *source, void *room, size_t length, source_done_fn *done, void *data)
{
    struct fault *self = fault_of(source);
    struct request *request = malloc(sizeof *request);
    if (!request) {
        done(data, -ENOMEM);
        return NULL;
    }
    *request = (struct request){
        .owner = self, .fate = draw_fate(self), .room = room, .length = length, .done = done, .data = data};
    request->wrong_bit = draw(self) >> 1;
    request->delay_us = self->plan.delay_us ? draw(self) % (self->plan.delay_us + 1ull) : 0;
    self->refs++;
    if (request->fate == NEVER) {
        TAILQ_INSERT_TAIL(&self->never, request, link);
        return NULL;
    }
    if (request->fate == FAIL || request->fate == FAIL_AGAIN) {
        on_below(request, request->fate == FAIL ? -EIO : -EAGAIN);
        return NULL;
    }
    return request;
}

static void fault_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                       void *data)
{
    struct request *request = begin(source, room, length, done, data);
    if (request)
        source_read(fault_of(source)->below, offset, room, length, on_below, request);
}

static void fault_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                        void *data)
{
    struct request *request = begin(source, NULL, length, done, data);
    if (request)
        source_write(fault_of(source)->below, offset, bytes, length, on_below, request);
}

static void fault_flush(struct source *source, source_done_fn *done, void *data)
{
    struct request *request = begin(source, NULL, 0, done, data);
    if (request)
        source_flush(fault_of(source)->below, on_below, request);
}

static void fault_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    struct request *request = begin(source, NULL, 0, done, data);
    if (request)
        source_trim(fault_of(source)->below, offset, length, on_below, request);
}

static void fault_close(struct source *source)
{
    struct fault *self = fault_of(source);
    struct request *request;
    self->below = source_close(self->below);
    while ((request = TAILQ_FIRST(&self->never))) {
        TAILQ_REMOVE(&self->never, request, link);
        request->error = -ENOTCONN;
        answer(request);
    }
    unref(self);
}

static const struct source_ops fault_ops = {
    .name = "fault",
    .read = fault_read,
    .write = fault_write,
    .flush = fault_flush,
    .trim = fault_trim,
    .close = fault_close,
};

int layer_fault_create(struct loop *loop, struct source *below, const struct fault_plan *plan, struct source **ret)
{
    struct fault *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    self->source = (struct source){.ops = &fault_ops, .size = below->size, .read_only = below->read_only};
    self->below = below;
    self->plan = *plan;
    self->state = plan->seed;
    self->refs = 1;
    TAILQ_INIT(&self->waiting);
    TAILQ_INIT(&self->never);
    *ret = &self->source;
    return 0;
}
