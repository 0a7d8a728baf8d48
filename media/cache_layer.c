/* The cache as a layer: requests that go through their blocks, and wait for memory in turn. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "media/cache_internal.h"

/* What another fetched, perhaps as a part of more, and did not get, is fetched once more; but not by who has waited
 * already until somebody's patience ended. */
#define ASK_ITSELF_US 1000000

static const struct source_ops cache_ops;

static struct cache_layer *layer_of(struct source *source)
{
    return container_of(source, struct cache_layer, source);
}

void cache_layer_unref(struct cache_layer *self)
{
    if (--self->refs)
        return;
    struct cache *cache = self->cache;
    free(self);
    cache_unref(cache);
}

static void copy_out(struct cache_request *request, const struct cache_block *block)
{
    uint64_t start = block->number * CACHE_BLOCK;
    uint64_t from = MAX(start, request->offset);
    uint64_t to = MIN(start + block->length, request->offset + request->length);
    memcpy(request->room + (from - request->offset), block->bytes + (from - start), to - from);
}

static void wait_for_memory(struct cache_request *request)
{
    request->hungry = true;
    TAILQ_INSERT_TAIL(&request->layer->cache->hungry, request, hunger);
}

/* False: it must wait, for memory or because enough is on its way. */
static bool take_next(struct cache_request *request)
{
    struct cache *cache = request->layer->cache;
    if (request->n_waiting >= CACHE_WINDOW)
        return false;
    struct cache_block *block = cache_block_find(cache, &request->layer->key, request->next);
    if (!block) {
        if (cache_fetch(request))
            return true;
        wait_for_memory(request);
        return false;
    }
    if (block->state == CACHE_LOADING) {
        request->error = cache_wait(request, block, false);
    } else {
        cache->counts.hits++;
        copy_out(request, block);
        cache_block_used(cache, block);
    }
    request->next++;
    return true;
}

/* May end the request. What comes back while it is here only counts. */
static void advance(struct cache_request *request)
{
    if (request->advancing || request->hungry)
        return;
    request->advancing = true;
    while (!request->error && request->next < request->end && take_next(request))
        ;
    request->advancing = false;
    if (request->n_waiting || request->hungry || (!request->error && request->next < request->end))
        return;
    struct cache_layer *layer = request->layer;
    source_done_fn *done = request->done;
    void *data = request->data;
    int error = request->error;
    free(request);
    done(data, error);
    cache_layer_unref(layer);
}

void cache_request_told(struct cache_request *request, const struct cache_block *block, int error, bool own)
{
    request->n_waiting--;
    if (!error)
        copy_out(request, block);
    else if (own || clock_now_us() - request->since_us >= ASK_ITSELF_US)
        request->error = error;
    else if (!request->error)
        request->next = MIN(request->next, block->number);
    advance(request);
}

/* Each that waits is looked at once: it may have to wait again. */
void cache_feed(struct cache *self)
{
    struct cache_request *last = TAILQ_LAST(&self->hungry, cache_hungry), *request;
    self->refs++;
    while (last && (request = TAILQ_FIRST(&self->hungry))) {
        if (self->used + CACHE_BLOCK > self->limit && TAILQ_EMPTY(&self->ages))
            break;
        bool was_last = request == last;
        TAILQ_REMOVE(&self->hungry, request, hunger);
        request->hungry = false;
        advance(request);
        if (was_last)
            break;
    }
    cache_unref(self);
}

static void cache_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                       void *data)
{
    struct cache_layer *self = layer_of(source);
    struct cache_request *request = self->closed ? NULL : malloc(sizeof *request);
    if (!request) {
        done(data, self->closed ? -EIO : -ENOMEM);
        return;
    }
    *request = (struct cache_request){.layer = self,
                                      .since_us = clock_now_us(),
                                      .offset = offset,
                                      .length = length,
                                      .room = room,
                                      .next = offset / CACHE_BLOCK,
                                      .end = (offset + length + CACHE_BLOCK - 1) / CACHE_BLOCK,
                                      .done = done,
                                      .data = data};
    self->refs++;
    advance(request);
}

static void end_hungry(struct cache_layer *self)
{
    struct cache_request *request;
    TAILQ_FOREACH(request, &self->cache->hungry, hunger)
    if (request->layer == self)
        request->error = -EIO; /* it ends when it is fed, which is now */
}

static void cache_close(struct source *source)
{
    struct cache_layer *self = layer_of(source), *other;
    bool shared = false;
    self->closed = true;
    LIST_REMOVE(self, link);
    LIST_FOREACH(other, &self->cache->layers, link)
    shared = shared || memcmp(&other->key, &self->key, sizeof self->key) == 0;
    self->below = source_close(self->below);
    if (!shared && !cache_key_lasts(&self->key))
        cache_drop_key(self->cache, &self->key);
    end_hungry(self);
    cache_feed(self->cache);
    cache_layer_unref(self);
}

static const struct source_ops cache_ops = {.name = "cache", .read = cache_read, .close = cache_close};

bool layer_cache_has(const struct source *source, uint64_t number)
{
    if (source->ops != &cache_ops)
        return false;
    const struct cache_layer *self = container_of(source, const struct cache_layer, source);
    const struct cache_block *block = cache_block_find(self->cache, &self->key, number);
    return block ? block->state == CACHE_READY
                 : self->cache->disk && cache_disk_has(self->cache->disk, &self->key, number);
}

int layer_cache_create(struct cache *cache, const struct cache_key *key, struct source *below, struct source **ret)
{
    struct cache_layer *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->source = (struct source){.ops = &cache_ops, .size = below->size, .read_only = true};
    self->cache = cache;
    self->below = below;
    self->key = *key;
    self->refs = 1;
    cache->refs++;
    LIST_INSERT_HEAD(&cache->layers, self, link);
    *ret = &self->source;
    return 0;
}
