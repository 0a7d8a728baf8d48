/* The cache's part on disk: blocks in slots of one file, and an index of what is in them (media/cache_index.h). A block
 * is written before its index entry, and its entry carries a check over key, number and content: whatever was cut off
 * in the middle, by kill -9 or a power cut, is found when it is read, and is then simply not there. */
#pragma once

#include "media/cache.h"

struct cache_disk;

/* folder_fd stays the caller's. bytes: at most, rounded down to blocks; the index comes on top (80 bytes a block).
 * What was sealed with another key is begun anew. -EBUSY: another process has it. */
int cache_disk_create(struct worker_pool *io, int folder_fd, uint64_t bytes, const struct seal_key *key,
                      struct cache_disk **ret);
/* What runs on the pool ends as ever. NULL allowed; returns NULL. */
struct cache_disk *cache_disk_destroy(struct cache_disk *self);

bool cache_disk_has(const struct cache_disk *self, const struct cache_key *key, uint64_t number);
/* -ENOENT: it is not there (any more), or is not what was written. done is called later, never before return, when 0
 * was returned. bytes stay the caller's until then. */
int cache_disk_read(struct cache_disk *self, const struct cache_key *key, uint64_t number, void *room, uint32_t length,
                    source_done_fn *done, void *data);
/* -EALREADY: it is there; -EBUSY: too much is being written, the block is left out. */
int cache_disk_write(struct cache_disk *self, const struct cache_key *key, uint64_t number, const void *bytes,
                     uint32_t length, source_done_fn *done, void *data);
uint64_t cache_disk_used(const struct cache_disk *self);
/* It was full or broken: nothing is found or kept from now on. */
bool cache_disk_is_off(const struct cache_disk *self);
