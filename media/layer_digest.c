#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "media/block_sum.h"
#include "media/digest_book.h"
#include "media/layers.h"

struct digest {
    struct source source;
    struct source *below;
    struct worker_pool *io;
    uint32_t block;
    const struct digest_listener *listener; /* NULL after close */
    void *data;
    bool distrusted, complained, closed;
    unsigned refs;
    pthread_mutex_t lock; /* of the book, which is the pool's */
    struct digest_book book;
};

struct request {
    struct digest *owner;
    uint64_t offset, begin; /* begin, span: in whole blocks */
    size_t length, span;
    uint8_t *room, *bytes; /* bytes: all that is read; room itself where that is whole blocks */
    uint64_t differs_at;
    int error, write_error;
    source_done_fn *done;
    void *data;
};

static struct digest *digest_of(struct source *source)
{
    return container_of(source, struct digest, source);
}

static void unref(struct digest *self)
{
    if (--self->refs)
        return;
    pthread_mutex_destroy(&self->lock);
    digest_book_close(&self->book);
    free(self);
}

static void finish(struct request *request, int error)
{
    struct digest *self = request->owner;
    source_done_fn *done = request->done;
    void *data = request->data;
    if (request->bytes != request->room) {
        if (!error)
            memcpy(request->room, request->bytes + (request->offset - request->begin), request->length);
        free(request->bytes);
    }
    free(request);
    done(data, error);
    unref(self);
}

/* A digest is kept before its block goes up: what a target has seen is known after kill -9 too. */
static void sum_work(void *data)
{
    struct request *request = data;
    struct digest *self = request->owner;
    request->error = 0;
    for (size_t at = 0; at < request->span && !request->error; at += self->block) {
        uint8_t sum[BLOCK_SUM_SIZE];
        const struct sum_part part = {request->bytes + at, MIN((size_t)self->block, request->span - at)};
        request->error = block_sum(&part, 1, sum);
        if (request->error)
            return;
        pthread_mutex_lock(&self->lock);
        bool same = digest_book_admit(&self->book, (request->begin + at) / self->block, sum, &request->write_error);
        pthread_mutex_unlock(&self->lock);
        if (!same) {
            request->error = -EBADMSG;
            request->differs_at = request->begin + at;
        }
    }
}

static void tell(struct digest *self, const struct request *request)
{
    if (request->write_error && !self->complained) {
        self->complained = true;
        log_warn("media", "Digests of a medium's blocks cannot be kept on disk (%s): they go with this process.",
                 strerrordesc_np(-request->write_error));
    }
    if (request->error != -EBADMSG || self->distrusted)
        return;
    self->distrusted = true;
    if (self->listener && self->listener->differs)
        self->listener->differs(self->data, request->differs_at);
}

static void sum_done(void *data)
{
    struct request *request = data;
    struct digest *self = request->owner;
    self->refs++;
    tell(self, request);
    finish(request, request->error == -EBADMSG || (!request->error && self->distrusted) ? -EIO : request->error);
    unref(self);
}

/* What comes after it was closed, as reads ahead do, may come after the pool. */
static void on_read(void *data, int error)
{
    struct request *request = data;
    request->error = -ECANCELED; /* stays, should the pool end before the job begins */
    int r = error                    ? error
            : request->owner->closed ? -EIO
                                     : worker_pool_submit(request->owner->io, sum_work, sum_done, request);
    if (r < 0)
        finish(request, r);
}

static int begin(struct digest *self, struct request **ret, uint64_t offset, void *room, size_t length)
{
    if (self->closed || self->distrusted)
        return -EIO;
    struct request *request = malloc(sizeof *request);
    if (!request)
        return -ENOMEM;
    uint64_t first = offset - offset % self->block, end = offset + length;
    end = MIN(end + (self->block - end % self->block) % self->block, self->source.size);
    *request = (struct request){.owner = self,
                                .offset = offset,
                                .begin = first,
                                .length = length,
                                .span = end - first,
                                .room = room,
                                .bytes = room};
    if (request->span != length)
        request->bytes = malloc(request->span);
    if (!request->bytes) {
        free(request);
        return -ENOMEM;
    }
    *ret = request;
    return 0;
}

static void digest_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                        void *data)
{
    struct digest *self = digest_of(source);
    struct request *request;
    int r = begin(self, &request, offset, room, length);
    if (r < 0) {
        done(data, r);
        return;
    }
    request->done = done;
    request->data = data;
    self->refs++;
    source_read(self->below, request->begin, request->bytes, request->span, on_read, request);
}

static void digest_close(struct source *source)
{
    struct digest *self = digest_of(source);
    self->closed = true;
    self->listener = NULL;
    self->below = source_close(self->below);
    unref(self);
}

static const struct source_ops digest_ops = {.name = "digest", .read = digest_read, .close = digest_close};

void layer_digest_trust(struct source *source)
{
    digest_of(source)->distrusted = false;
}

int layer_digest_create(struct source *below, uint32_t block, int fd, struct worker_pool *io,
                        const struct digest_listener *listener, void *data, struct source **ret)
{
    if (block < 4096 || block > 1u << 20 || (block & (block - 1)))
        return -EINVAL;
    struct digest *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int r = digest_book_open(&self->book, below->size, block, fd);
    if (r < 0) {
        free(self);
        return r;
    }
    pthread_mutex_init(&self->lock, NULL);
    self->source = (struct source){.ops = &digest_ops, .size = below->size, .read_only = true};
    self->below = below;
    self->io = io;
    self->block = block;
    self->listener = listener;
    self->data = data;
    self->refs = 1;
    *ret = &self->source;
    return 0;
}
