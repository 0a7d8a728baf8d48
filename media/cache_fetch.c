/* How blocks come into the cache: from its disk, else from the source below, side by side ones as one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/cache_internal.h"

struct fetch {
    struct cache_layer *layer;
    unsigned n;
    struct cache_block *blocks[CACHE_RUN];
    uint8_t *run; /* of n blocks; NULL: straight into the only one */
};

int cache_wait(struct cache_request *request, struct cache_block *block, bool own)
{
    struct cache_waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return -ENOMEM;
    *waiter = (struct cache_waiter){.request = request, .own = own};
    SLIST_INSERT_HEAD(&block->waiters, waiter, link);
    request->n_waiting++;
    return 0;
}

/* It is there, or will not come: all that wait are told, and it loses the pin that it had for being on its way. */
static void resolve(struct cache *cache, struct cache_block *block, int error)
{
    struct cache_waiter *waiter;
    if (error)
        cache_block_forget(block);
    block->state = CACHE_READY;
    while ((waiter = SLIST_FIRST(&block->waiters))) {
        struct cache_request *request = waiter->request;
        bool own = waiter->own;
        SLIST_REMOVE_HEAD(&block->waiters, link);
        free(waiter);
        cache_request_told(request, block, error, own);
    }
    cache_block_unpin(cache, block);
}

struct kept {
    struct cache *cache;
    struct cache_block *block;
};

static void on_kept(void *data, int error)
{
    struct kept *kept = data;
    struct cache *cache = kept->cache;
    (void)error; /* the disk part says so itself */
    cache_block_unpin(cache, kept->block);
    free(kept);
    cache_feed(cache);
    cache_unref(cache);
}

static void keep(struct cache *cache, struct cache_block *block)
{
    if (!cache->disk || !cache_key_lasts(&block->key))
        return;
    struct kept *kept = malloc(sizeof *kept);
    if (!kept)
        return;
    *kept = (struct kept){cache, block};
    if (cache_disk_write(cache->disk, &block->key, block->number, block->bytes, block->length, on_kept, kept) < 0) {
        free(kept);
        return;
    }
    cache_block_pin(cache, block);
    cache->refs++;
}

static void take_run(struct fetch *fetch, struct cache *cache, int error)
{
    for (unsigned i = 0; i < fetch->n && !error; i++)
        memcpy(fetch->blocks[i]->bytes, fetch->run + i * (size_t)CACHE_BLOCK, fetch->blocks[i]->length);
    free(fetch->run);
    cache_give_back(cache, fetch->n * (uint64_t)CACHE_BLOCK);
}

static void on_fetched(void *data, int error)
{
    struct fetch *fetch = data;
    struct cache_layer *layer = fetch->layer;
    struct cache *cache = layer->cache;
    cache->refs++;
    if (fetch->run)
        take_run(fetch, cache, error);
    for (unsigned i = 0; i < fetch->n; i++) {
        if (!error && !layer->closed) /* the pool may be gone as well */
            keep(cache, fetch->blocks[i]);
        resolve(cache, fetch->blocks[i], error);
    }
    free(fetch);
    cache_feed(cache);
    cache_layer_unref(layer);
    cache_unref(cache);
}

static void fetch_below(struct fetch *fetch)
{
    struct cache_layer *layer = fetch->layer;
    const struct cache_block *first = fetch->blocks[0], *last = fetch->blocks[fetch->n - 1];
    uint64_t offset = first->number * CACHE_BLOCK;
    if (layer->closed) {
        on_fetched(fetch, -EIO);
        return;
    }
    layer->cache->counts.fetches += fetch->n;
    source_read(layer->below, offset, fetch->run ? fetch->run : first->bytes,
                last->number * CACHE_BLOCK + last->length - offset, on_fetched, fetch);
}

static void on_loaded(void *data, int error)
{
    struct fetch *fetch = data;
    struct cache_layer *layer = fetch->layer;
    struct cache *cache = layer->cache;
    if (error) {
        fetch_below(fetch);
        return;
    }
    cache->counts.disk_hits++;
    cache->refs++;
    resolve(cache, fetch->blocks[0], 0);
    free(fetch);
    cache_feed(cache);
    cache_layer_unref(layer);
    cache_unref(cache);
}

static uint32_t length_of(const struct cache_layer *layer, uint64_t number)
{
    return (uint32_t)MIN((uint64_t)CACHE_BLOCK, layer->source.size - number * CACHE_BLOCK);
}

static bool on_disk(const struct cache_layer *layer, uint64_t number)
{
    return layer->cache->disk && cache_disk_has(layer->cache->disk, &layer->key, number);
}

/* The next block is the request's own, on its way in the fetch. */
static int begin_block(struct cache_request *request, struct fetch *fetch)
{
    struct cache_layer *layer = request->layer;
    struct cache_block *block =
        cache_block_begin(layer->cache, &layer->key, request->next, length_of(layer, request->next));
    if (!block)
        return -EAGAIN;
    if (cache_wait(request, block, true) < 0) {
        cache_block_forget(block);
        cache_block_unpin(layer->cache, block);
        return -ENOMEM;
    }
    fetch->blocks[fetch->n++] = block;
    request->next++;
    return 0;
}

/* As long as memory lasts, for the blocks and for the run. */
static void lengthen(struct cache_request *request, struct fetch *fetch)
{
    struct cache *cache = request->layer->cache;
    while (fetch->n < CACHE_RUN && request->next < request->end && request->n_waiting < CACHE_WINDOW &&
           !cache_block_find(cache, &request->layer->key, request->next) && !on_disk(request->layer, request->next)) {
        if (begin_block(request, fetch) < 0)
            break;
    }
}

static void drop_last(struct cache_request *request, struct fetch *fetch)
{
    struct cache_block *block = fetch->blocks[--fetch->n];
    struct cache_waiter *waiter = SLIST_FIRST(&block->waiters);
    SLIST_REMOVE_HEAD(&block->waiters, link);
    free(waiter);
    request->n_waiting--;
    request->next--;
    cache_block_forget(block);
    cache_block_unpin(request->layer->cache, block);
}

static void get_run(struct cache_request *request, struct fetch *fetch)
{
    struct cache *cache = request->layer->cache;
    while (fetch->n > 1) {
        uint64_t bytes = fetch->n * (uint64_t)CACHE_BLOCK;
        if (cache_make_room(cache, bytes)) {
            fetch->run = malloc(bytes);
            if (fetch->run)
                return;
            cache_give_back(cache, bytes);
        }
        drop_last(request, fetch);
    }
}

bool cache_fetch(struct cache_request *request)
{
    struct cache_layer *layer = request->layer;
    if (layer->closed) {
        request->error = -EIO;
        return true;
    }
    struct fetch *fetch = calloc(1, sizeof *fetch);
    int r = -ENOMEM;
    if (fetch) {
        fetch->layer = layer;
        r = begin_block(request, fetch);
    }
    if (r < 0) {
        free(fetch);
        if (r != -EAGAIN)
            request->error = r;
        return r != -EAGAIN;
    }
    layer->refs++;
    struct cache_block *block = fetch->blocks[0];
    if (on_disk(layer, block->number) && cache_disk_read(layer->cache->disk, &block->key, block->number, block->bytes,
                                                         block->length, on_loaded, fetch) == 0)
        return true;
    lengthen(request, fetch);
    get_run(request, fetch);
    fetch_below(fetch);
    return true;
}
