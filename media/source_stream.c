#include "media/source_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

#define SLOT_BITS 6 /* of a request's number; the rest counts, so that an answer given twice fits nothing */

_Static_assert(1u << SLOT_BITS == STREAM_MAX_ASKED, "each request has a slot");

struct read {
    struct read *next; /* of those that wait to be asked */
    uint64_t offset;
    uint8_t *room;
    size_t left;      /* bytes that were not asked for yet */
    unsigned n_asked; /* pieces under way */
    int error;
    source_done_fn *done;
    void *data;
};

struct piece {
    struct read *read; /* NULL: the slot is free */
    uint32_t id, length;
    uint8_t *room;
};

struct stream {
    struct source source;
    const struct source_stream_ops *ops;
    void *data;
    struct read *first, **last;
    struct piece pieces[STREAM_MAX_ASKED];
    unsigned n_asked;
    uint32_t count;
    unsigned busy; /* calls on the stack that look at it again */
    bool lost, closed, asking;
};

static struct stream *stream_of(struct source *source)
{
    return container_of(source, struct stream, source);
}

static void leave(struct stream *self)
{
    if (!--self->busy && self->closed)
        free(self);
}

static void end_read(struct read *read)
{
    source_done_fn *done = read->done;
    void *data = read->data;
    int error = read->error;
    free(read);
    done(data, error);
}

/* A read that has failed asks for no more of its pieces. */
static bool ended(const struct read *read)
{
    return !read->n_asked && !read->left;
}

static struct piece *free_piece(struct stream *self)
{
    for (unsigned i = 0; i < STREAM_MAX_ASKED; i++)
        if (!self->pieces[i].read)
            return &self->pieces[i];
    return NULL;
}

static void ask_piece(struct stream *self, struct read *read)
{
    struct piece *piece = free_piece(self);
    uint64_t offset = read->offset;
    uint32_t length = (uint32_t)MIN(read->left, (size_t)STREAM_MAX_READ);
    uint32_t id = self->count++ << SLOT_BITS | (uint32_t)(piece - self->pieces);
    *piece = (struct piece){.read = read, .id = id, .length = length, .room = read->room};
    self->n_asked++;
    read->n_asked++;
    read->offset += length;
    read->room += length;
    read->left -= length;
    if (!read->left) {
        self->first = read->next;
        if (!self->first)
            self->last = &self->first;
    }
    self->ops->ask(self->data, id, offset, length);
}

/* An answer from inside `ask` only frees slots; the loop here goes on with them. */
static void ask(struct stream *self)
{
    if (self->asking)
        return;
    self->asking = true;
    while (self->first && !self->lost && !self->closed && self->n_asked < STREAM_MAX_ASKED)
        ask_piece(self, self->first);
    self->asking = false;
}

static void drop_waiting(struct stream *self, struct read *read)
{
    struct read **link = &self->first;
    while (*link && *link != read)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = read->next;
    if (!read->next)
        self->last = link;
}

static void stream_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                        void *data)
{
    struct stream *self = stream_of(source);
    if (self->lost) {
        done(data, -ENOTCONN);
        return;
    }
    struct read *read = malloc(sizeof *read);
    if (!read) {
        done(data, -ENOMEM);
        return;
    }
    *read = (struct read){.offset = offset, .room = room, .left = length, .done = done, .data = data};
    *self->last = read;
    self->last = &read->next;
    self->busy++;
    ask(self);
    leave(self);
}

static struct piece *asked(struct stream *self, uint32_t id)
{
    struct piece *piece = &self->pieces[id % STREAM_MAX_ASKED];
    return piece->read && piece->id == id ? piece : NULL;
}

int source_stream_answer(struct source *source, uint32_t id, const void *bytes, size_t size, int error)
{
    struct stream *self = stream_of(source);
    struct piece *piece = asked(self, id);
    if (!piece || (bytes && size != piece->length) || (!bytes && error >= 0))
        return -EPROTO;
    struct read *read = piece->read;
    if (bytes)
        memcpy(piece->room, bytes, size);
    *piece = (struct piece){0};
    self->n_asked--;
    read->n_asked--;
    if (!bytes) {
        read->error = error;
        if (read->left)
            drop_waiting(self, read);
        read->left = 0;
    }
    self->busy++;
    if (ended(read))
        end_read(read);
    ask(self);
    leave(self);
    return 0;
}

/* What waits is taken out first: an answered reader may read again at once. */
static void end_all(struct stream *self)
{
    struct read *ended_reads = NULL, **last = &ended_reads;
    for (unsigned i = 0; i < STREAM_MAX_ASKED; i++) {
        struct read *read = self->pieces[i].read;
        self->pieces[i] = (struct piece){0};
        if (read && !--read->n_asked && !read->left) {
            *last = read;
            last = &read->next;
        }
    }
    *last = self->first; /* the first of these may have lost pieces of its own just now */
    self->first = NULL;
    self->last = &self->first;
    self->n_asked = 0;
    while (ended_reads) {
        struct read *read = ended_reads;
        ended_reads = read->next;
        read->error = -ENOTCONN;
        end_read(read);
    }
}

void source_stream_lost(struct source *source)
{
    struct stream *self = stream_of(source);
    if (self->lost)
        return;
    self->lost = true;
    self->busy++;
    end_all(self);
    leave(self);
}

static void stream_close(struct source *source)
{
    struct stream *self = stream_of(source);
    self->busy++;
    self->closed = true;
    if (self->ops->closed)
        self->ops->closed(self->data);
    source_stream_lost(source);
    leave(self);
}

static const struct source_ops stream_ops = {.name = "stream", .read = stream_read, .close = stream_close};

int source_stream_create(uint64_t size, const struct source_stream_ops *ops, void *data, struct source **ret)
{
    if (!size)
        return -EINVAL;
    struct stream *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->source = (struct source){.ops = &stream_ops, .size = size, .read_only = true};
    self->ops = ops;
    self->data = data;
    self->last = &self->first;
    *ret = &self->source;
    return 0;
}
