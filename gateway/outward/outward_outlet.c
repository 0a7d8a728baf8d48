#include "gateway/outward/outward_outlet.h"

#include <errno.h>
#include <stdlib.h>

#include "media/source_nbd.h"

struct outward_outlet {
    struct source source; /* first */
    struct source *inner;
    const struct outward_outlet_owner *owner; /* NULL: it is gone, or has a newer source */
    void *data;
};

static struct source *inner_of(struct source *source)
{
    return ((struct outward_outlet *)source)->inner;
}

static void outlet_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                        void *data)
{
    source_read(inner_of(source), offset, room, length, done, data);
}

static void outlet_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                         void *data)
{
    source_write(inner_of(source), offset, bytes, length, done, data);
}

static void outlet_flush(struct source *source, source_done_fn *done, void *data)
{
    source_flush(inner_of(source), done, data);
}

static void outlet_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    source_trim(inner_of(source), offset, length, done, data);
}

static void outlet_close(struct source *source)
{
    struct outward_outlet *self = (struct outward_outlet *)source;
    if (self->owner)
        self->owner->closed(self->data);
    self->owner = NULL;
    source_close(self->inner);
    free(self);
}

static void on_inner_closed(void *data, const char *why)
{
    struct outward_outlet *self = data;
    (void)why;
    if (self->owner)
        self->owner->broken(self->data);
}

int outward_outlet_create(struct loop *loop, int fd, const struct outward_opened *opened,
                          const struct outward_outlet_owner *owner, void *data, struct outward_outlet **ret)
{
    static const struct source_ops ops = {.name = "outward",
                                          .read = outlet_read,
                                          .write = outlet_write,
                                          .flush = outlet_flush,
                                          .trim = outlet_trim,
                                          .close = outlet_close};
    static const struct source_nbd_listener listener = {.closed = on_inner_closed};
    struct outward_outlet *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->source = (struct source){.ops = &ops, .size = opened->size, .read_only = opened->read_only};
    self->owner = owner;
    self->data = data;
    int r = source_nbd_create(loop, fd, opened->size, opened->read_only, &listener, self, &self->inner);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct source *outward_outlet_source(struct outward_outlet *self)
{
    return &self->source;
}

void outward_outlet_forget(struct outward_outlet *self)
{
    if (self)
        self->owner = NULL;
}
