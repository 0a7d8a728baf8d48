#include "media/source_memory.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/ref.h"

#define MAX_HELD 64

enum kind { READ, WRITE, FLUSH, TRIM };

struct request {
    enum kind kind;
    uint64_t offset, length;
    void *room;
    const void *bytes;
    source_done_fn *done;
    void *data;
};

struct memory {
    struct source source;
    struct ref ref; /* the owner's and one for each held request */
    uint8_t *bytes;
    bool holding;
    unsigned n_held;
    struct request held[MAX_HELD];
};

static struct memory *memory_of(struct source *source)
{
    return container_of(source, struct memory, source);
}

static void unref(struct memory *self)
{
    if (!ref_put(&self->ref))
        return;
    free(self->bytes);
    free(self);
}

static void serve(struct memory *self, const struct request *q)
{
    if (q->kind == READ)
        memcpy(q->room, self->bytes + q->offset, q->length);
    else if (q->kind == WRITE)
        memcpy(self->bytes + q->offset, q->bytes, q->length);
    else if (q->kind == TRIM)
        memset(self->bytes + q->offset, 0, q->length);
    q->done(q->data, 0);
}

static void submit(struct source *source, struct request request)
{
    struct memory *self = memory_of(source);
    if (!self->holding) {
        serve(self, &request);
    } else if (self->n_held == MAX_HELD) {
        request.done(request.data, -EIO);
    } else {
        self->held[self->n_held++] = request;
        ref_get(&self->ref);
    }
}

static void memory_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                        void *data)
{
    submit(source, (struct request){READ, offset, length, room, NULL, done, data});
}

static void memory_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                         void *data)
{
    submit(source, (struct request){WRITE, offset, length, NULL, bytes, done, data});
}

static void memory_flush(struct source *source, source_done_fn *done, void *data)
{
    submit(source, (struct request){FLUSH, 0, 0, NULL, NULL, done, data});
}

static void memory_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    submit(source, (struct request){TRIM, offset, length, NULL, NULL, done, data});
}

static void memory_close(struct source *source)
{
    unref(memory_of(source));
}

void source_memory_hold(struct source *source)
{
    memory_of(source)->holding = true;
}

unsigned source_memory_held(const struct source *source)
{
    return container_of(source, const struct memory, source)->n_held;
}

void source_memory_let_go(struct source *source, int error)
{
    struct memory *self = memory_of(source);
    self->holding = false;
    ref_get(&self->ref);
    while (self->n_held) {
        struct request request = self->held[--self->n_held];
        if (error)
            request.done(request.data, error);
        else
            serve(self, &request);
        (void)ref_put(&self->ref); /* the request's; ours keeps it from being the last */
    }
    unref(self);
}

static const struct source_ops memory_ops = {
    .name = "memory",
    .read = memory_read,
    .write = memory_write,
    .flush = memory_flush,
    .trim = memory_trim,
    .close = memory_close,
};

int source_memory_create(const void *bytes, size_t size, bool read_only, struct source **ret)
{
    struct memory *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->bytes = calloc(1, size ? size : 1);
    if (!self->bytes) {
        free(self);
        return -ENOMEM;
    }
    if (bytes)
        memcpy(self->bytes, bytes, size);
    ref_init(&self->ref);
    self->source = (struct source){.ops = &memory_ops, .size = size, .read_only = read_only};
    *ret = &self->source;
    return 0;
}
