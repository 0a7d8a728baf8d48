/* Blocks that were fetched from a slow source, in memory and, where a folder is given, on disk: bounded, least recently
 * used out first, still there after a restart. One store for all media.
 *
 * A block is found only under the key of who fetched it: source identity (the URL without credentials, export, file
 * name and size), validator (ETag, Last-Modified; without one nothing is kept over an insertion) and owner (the user,
 * and what he proved himself with): nobody gets blocks that were fetched with another's rights. Blocks on disk and
 * what is told of them are sealed (media/seal.h), and each block carries a check that only we can make: one that does
 * not fit, after a power cut or by an attacker, is fetched again.
 *
 * The loop's thread; disk work runs on the I/O pool. A disk that is full or broken turns the disk part off with a word
 * in the log; reading goes on. */
#pragma once

#include "core/worker.h"
#include "media/seal.h"
#include "media/source.h"

#define CACHE_BLOCK 65536u
#define CACHE_KEY_SIZE 32

struct cache;

struct cache_config {
    uint64_t memory;            /* bytes at most, of all media together, the blocks that are on their way included */
    uint64_t disk;              /* 0: memory only */
    int folder_fd;              /* taken; -1: memory only */
    const struct seal_key *key; /* blocks on disk are sealed with it; used during the call. NULL: memory only */
};

struct cache_key {
    uint8_t bytes[CACHE_KEY_SIZE];
};

struct cache_statistics {
    uint64_t memory, disk;             /* bytes in use */
    uint64_t hits, disk_hits, fetches; /* blocks */
    bool disk_off;                     /* the disk part was turned off, or there is none */
};

int cache_create(struct worker_pool *io, const struct cache_config *config, struct cache **ret);
struct cache *cache_destroy(struct cache *self); /* after its layers; NULL allowed; returns NULL */
void cache_statistics(const struct cache *self, struct cache_statistics *ret);

/* owner: see above. validator NULL or "": a key that never comes again; its blocks stay in memory, and go with the last
 * layer that has it. */
void cache_key_make(const char *identity, const char *validator, const char *owner, struct cache_key *ret);

/* Reads what is not there from `below` in whole blocks (the last one as long as it is), once for all that wait for it.
 * Read-only. Owns below on success. */
int layer_cache_create(struct cache *cache, const struct cache_key *key, struct source *below, struct source **ret);
/* The block is there: then reading it needs no source. For read-ahead. False of layers that are no cache. */
bool layer_cache_has(const struct source *layer, uint64_t block);
