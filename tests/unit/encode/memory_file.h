/* A file in memory for the WebM writer, whose disk can be full. */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode/webm_write.h"

struct memory_file {
    uint8_t *bytes;
    size_t size, limit; /* limit 0: none */
};

static inline int memory_write(void *data, uint64_t at, const void *bytes, size_t size)
{
    struct memory_file *self = data;
    size_t room = self->limit && at + size > self->limit ? (at < self->limit ? self->limit - (size_t)at : 0) : size;
    if (at + room > self->size) {
        self->bytes = realloc(self->bytes, at + room);
        if (at > self->size)
            memset(self->bytes + self->size, 0, at - self->size);
        self->size = at + room;
    }
    memcpy(self->bytes + at, bytes, room);
    return room < size ? -ENOSPC : 0;
}

static inline int memory_cut(void *data, uint64_t size)
{
    struct memory_file *self = data;
    if (size < self->size)
        self->size = (size_t)size;
    return 0;
}

static inline int memory_read(void *data, uint64_t at, void *room, size_t size, size_t *ret)
{
    struct memory_file *self = data;
    size_t left = at < self->size ? self->size - (size_t)at : 0;
    *ret = size < left ? size : left;
    memcpy(room, self->bytes + at * (*ret > 0), *ret);
    return 0;
}

static inline struct webm_file memory_file(struct memory_file *self)
{
    return (struct webm_file){.write = memory_write, .cut = memory_cut, .read = memory_read, .data = self};
}
