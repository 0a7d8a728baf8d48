#include "media/source.h"

#include <errno.h>

#include "media/source_zero.h"

static bool in_range(const struct source *self, uint64_t offset, uint64_t length)
{
    return offset <= self->size && length <= self->size - offset;
}

void source_read(struct source *self, uint64_t offset, void *room, size_t length, source_done_fn *done, void *data)
{
    if (!in_range(self, offset, length))
        done(data, -EINVAL);
    else if (!length)
        done(data, 0);
    else
        self->ops->read(self, offset, room, length, done, data);
}

void source_write(struct source *self, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                  void *data)
{
    if (self->read_only)
        done(data, -EROFS);
    else if (!in_range(self, offset, length))
        done(data, -EINVAL);
    else if (!length)
        done(data, 0);
    else
        self->ops->write(self, offset, bytes, length, done, data);
}

void source_flush(struct source *self, source_done_fn *done, void *data)
{
    if (self->read_only)
        done(data, 0);
    else
        self->ops->flush(self, done, data);
}

void source_trim(struct source *self, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    if (self->read_only)
        done(data, -EROFS);
    else if (!in_range(self, offset, length))
        done(data, -EINVAL);
    else if (!length || !self->ops->trim)
        done(data, 0);
    else
        self->ops->trim(self, offset, length, done, data);
}

void source_zero(struct source *self, uint64_t offset, uint64_t length, bool keep_room, source_done_fn *done,
                 void *data)
{
    if (self->read_only)
        done(data, -EROFS);
    else if (!in_range(self, offset, length))
        done(data, -EINVAL);
    else if (!length)
        done(data, 0);
    else if (self->ops->zero)
        self->ops->zero(self, offset, length, keep_room, done, data);
    else
        source_zero_by_writing(self, offset, length, done, data);
}

struct source *source_close(struct source *self)
{
    if (self)
        self->ops->close(self);
    return NULL;
}
