#include "gateway/drives/drive_void.h"

#include <errno.h>
#include <stdlib.h>

struct drive_void {
    struct source source; /* first member */
    int error;
};

static void on_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done, void *data)
{
    (void)offset, (void)room, (void)length;
    done(data, ((struct drive_void *)source)->error);
}

static void on_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                     void *data)
{
    (void)offset, (void)bytes, (void)length;
    done(data, ((struct drive_void *)source)->error);
}

static void on_flush(struct source *source, source_done_fn *done, void *data)
{
    done(data, ((struct drive_void *)source)->error);
}

static void on_close(struct source *source)
{
    free(source);
}

int drive_void_create(uint64_t size, int error, struct source **ret)
{
    static const struct source_ops ops = {
        .name = "void", .read = on_read, .write = on_write, .flush = on_flush, .close = on_close};
    struct drive_void *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct drive_void){.source = {.ops = &ops, .size = size, .read_only = true}, .error = error};
    *ret = &self->source;
    return 0;
}
