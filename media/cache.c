#include "media/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "media/cache_internal.h"

static struct cache_chain *chain_of(struct cache *self, const struct cache_key *key, uint64_t number)
{
    uint64_t hash;
    memcpy(&hash, key->bytes, sizeof hash);
    hash = (hash ^ self->seed ^ number) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 32 ^ self->seed) * 0xd6e8feb86659fd93u;
    return &self->chains[(hash >> 32) & (self->n_chains - 1)];
}

struct cache_block *cache_block_find(struct cache *self, const struct cache_key *key, uint64_t number)
{
    struct cache_block *block;
    LIST_FOREACH(block, chain_of(self, key, number), chain)
    if (block->number == number && memcmp(&block->key, key, sizeof *key) == 0)
        return block;
    return NULL;
}

/* Not pinned, in no list of ages. */
static void free_block(struct cache *self, struct cache_block *block)
{
    self->used -= CACHE_BLOCK;
    free(block->bytes);
    free(block);
}

static void throw_out(struct cache *self, struct cache_block *block)
{
    LIST_REMOVE(block, chain);
    TAILQ_REMOVE(&self->ages, block, age);
    free_block(self, block);
}

bool cache_make_room(struct cache *self, uint64_t bytes)
{
    while (self->used + bytes > self->limit) {
        struct cache_block *oldest = TAILQ_FIRST(&self->ages);
        if (!oldest)
            return false;
        throw_out(self, oldest);
    }
    self->used += bytes;
    return true;
}

void cache_give_back(struct cache *self, uint64_t bytes)
{
    self->used -= bytes;
}

struct cache_block *cache_block_begin(struct cache *self, const struct cache_key *key, uint64_t number, uint32_t length)
{
    if (!cache_make_room(self, CACHE_BLOCK))
        return NULL;
    struct cache_block *block = calloc(1, sizeof *block);
    uint8_t *bytes = malloc(CACHE_BLOCK);
    if (!block || !bytes) {
        free(block);
        free(bytes);
        cache_give_back(self, CACHE_BLOCK);
        return NULL;
    }
    *block =
        (struct cache_block){.key = *key, .number = number, .length = length, .found = true, .pins = 1, .bytes = bytes};
    SLIST_INIT(&block->waiters);
    LIST_INSERT_HEAD(chain_of(self, key, number), block, chain);
    return block;
}

void cache_block_pin(struct cache *self, struct cache_block *block)
{
    if (block->pins++ == 0)
        TAILQ_REMOVE(&self->ages, block, age);
}

void cache_block_unpin(struct cache *self, struct cache_block *block)
{
    if (--block->pins)
        return;
    if (block->found)
        TAILQ_INSERT_TAIL(&self->ages, block, age);
    else
        free_block(self, block);
}

void cache_block_forget(struct cache_block *block)
{
    if (block->found)
        LIST_REMOVE(block, chain);
    block->found = false;
}

void cache_block_used(struct cache *self, struct cache_block *block)
{
    if (block->pins)
        return;
    TAILQ_REMOVE(&self->ages, block, age);
    TAILQ_INSERT_TAIL(&self->ages, block, age);
}

void cache_drop_key(struct cache *self, const struct cache_key *key)
{
    for (unsigned i = 0; i < self->n_chains; i++) {
        struct cache_block *block, *next;
        for (block = LIST_FIRST(&self->chains[i]); block; block = next) {
            next = LIST_NEXT(block, chain);
            if (memcmp(&block->key, key, sizeof *key) != 0)
                continue;
            if (block->pins)
                cache_block_forget(block);
            else
                throw_out(self, block);
        }
    }
}

void cache_statistics(const struct cache *self, struct cache_statistics *ret)
{
    *ret = self->counts;
    ret->memory = self->used;
    ret->disk = self->disk ? cache_disk_used(self->disk) : 0;
    ret->disk_off = !self->disk || cache_disk_is_off(self->disk);
}

void cache_unref(struct cache *self)
{
    if (--self->refs)
        return;
    while (!TAILQ_EMPTY(&self->ages))
        throw_out(self, TAILQ_FIRST(&self->ages));
    cache_disk_destroy(self->disk);
    free(self->chains);
    free(self);
}

struct cache *cache_destroy(struct cache *self)
{
    if (self)
        cache_unref(self);
    return NULL;
}

/* A cache without its disk is still a cache. */
static void open_disk(struct cache *self, struct worker_pool *io, const struct cache_config *config)
{
    if (config->folder_fd < 0 || config->disk < CACHE_BLOCK || !config->key)
        return;
    int r = cache_disk_create(io, config->folder_fd, config->disk, config->key, &self->disk);
    if (r < 0)
        log_warn("cache", "The folder of the block cache cannot be used (%s): blocks are kept in memory only.",
                 strerrordesc_np(-r));
}

int cache_create(struct worker_pool *io, const struct cache_config *config, struct cache **ret)
{
    _cleanup_free_ struct cache *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->refs = 1;
    self->limit = MAX(config->memory, CACHE_LEAST_MEMORY);
    self->n_chains = 64;
    while (self->n_chains < (1u << 20) && self->n_chains < self->limit / CACHE_BLOCK)
        self->n_chains *= 2;
    if (getrandom(&self->seed, sizeof self->seed, 0) != sizeof self->seed)
        return -errno;
    self->chains = calloc(self->n_chains, sizeof *self->chains);
    if (!self->chains)
        return -ENOMEM;
    TAILQ_INIT(&self->ages);
    TAILQ_INIT(&self->hungry);
    LIST_INIT(&self->layers);
    open_disk(self, io, config);
    if (config->folder_fd >= 0)
        close(config->folder_fd);
    *ret = take(self);
    return 0;
}
