/* Inside the block cache: what its files share. media/cache.h is for users. */
#pragma once

#include <sys/queue.h>

#include "media/cache.h"
#include "media/cache_disk.h"

#define CACHE_RUN 4      /* blocks that are fetched as one when they stand side by side: 256 KiB */
#define CACHE_WINDOW 32u /* blocks on their way for one request */
#define CACHE_LEAST_MEMORY (16 * (uint64_t)CACHE_BLOCK)

enum cache_block_state { CACHE_LOADING, CACHE_READY };

struct cache_waiter {
    SLIST_ENTRY(cache_waiter) link;
    struct cache_request *request;
    bool own; /* it began what brings the block */
};

struct cache_block {
    LIST_ENTRY(cache_block) chain; /* of its hash */
    TAILQ_ENTRY(cache_block) age;  /* when ready and not pinned; the least recently used first */
    SLIST_HEAD(, cache_waiter) waiters;
    struct cache_key key;
    uint64_t number;
    enum cache_block_state state;
    bool found;    /* by others; else it goes with its last pin */
    unsigned pins; /* never thrown out while there are any */
    uint32_t length;
    uint8_t *bytes; /* CACHE_BLOCK */
};

struct cache_layer {
    struct source source;
    struct cache *cache;
    struct source *below;
    LIST_ENTRY(cache_layer) link; /* of the cache's */
    struct cache_key key;
    unsigned refs; /* the owner's, requests, fetches */
    bool closed;
};

struct cache_request {
    struct cache_layer *layer;
    TAILQ_ENTRY(cache_request) hunger; /* while it waits for memory */
    bool hungry, advancing;
    uint64_t since_us, offset, length;
    uint8_t *room;
    uint64_t next, end; /* blocks that were not looked for yet */
    unsigned n_waiting; /* blocks on their way */
    int error;
    source_done_fn *done;
    void *data;
};

struct cache {
    unsigned refs; /* the owner's, layers, work on the pool */
    uint64_t limit, used;
    uint64_t seed;     /* of the hash */
    unsigned n_chains; /* a power of two */
    LIST_HEAD(cache_chain, cache_block) * chains;
    TAILQ_HEAD(, cache_block) ages;
    TAILQ_HEAD(cache_hungry, cache_request) hungry;
    LIST_HEAD(, cache_layer) layers;
    struct cache_disk *disk; /* NULL: none */
    struct cache_statistics counts;
};

void cache_unref(struct cache *self);

/* cache.c: the blocks in memory. */
struct cache_block *cache_block_find(struct cache *self, const struct cache_key *key, uint64_t number);
/* Room within the bound, made by throwing out what was not used for longest. False: all of it is on its way. */
bool cache_make_room(struct cache *self, uint64_t bytes);
void cache_give_back(struct cache *self, uint64_t bytes);
/* A new block on its way, pinned; NULL: no room. */
struct cache_block *cache_block_begin(struct cache *self, const struct cache_key *key, uint64_t number,
                                      uint32_t length);
void cache_block_pin(struct cache *self, struct cache_block *block);
void cache_block_unpin(struct cache *self, struct cache_block *block);
/* The pinned block is found no more; it goes with its last pin. */
void cache_block_forget(struct cache_block *block);
void cache_block_used(struct cache *self, struct cache_block *block);
bool cache_key_lasts(const struct cache_key *key);
/* Blocks of a key that never comes again. */
void cache_drop_key(struct cache *self, const struct cache_key *key);

/* cache_layer.c */
/* Those that wait for memory go on. */
void cache_feed(struct cache *self);
void cache_layer_unref(struct cache_layer *self);
/* A block that it waited for came, or did not. */
void cache_request_told(struct cache_request *request, const struct cache_block *block, int error, bool own);

/* cache_fetch.c: brings the block that a request needs next, and what stands behind it. False: no memory now. */
bool cache_fetch(struct cache_request *request);
/* The request is told when the block is there. -ENOMEM. */
int cache_wait(struct cache_request *request, struct cache_block *block, bool own);
