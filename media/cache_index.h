/* The index of the cache's blocks on disk, as bytes: a head, then one entry a slot. All of it is hostile input: what
 * an entry says is believed only as far as the block's check bears it out. */
#pragma once

#include "media/cache.h"

#define CACHE_INDEX_HEAD 64u
#define CACHE_INDEX_ENTRY 80u
#define CACHE_CHECK_SIZE 16

struct cache_index_entry {
    uint64_t sequence; /* of writing; 0: the slot is empty */
    struct cache_key key;
    uint64_t number;
    uint32_t length; /* 1..CACHE_BLOCK */
    uint8_t check[CACHE_CHECK_SIZE];
};

/* id: drawn when the files are made. check: seal_check. */
void cache_index_write_head(uint8_t room[CACHE_INDEX_HEAD], const uint8_t id[SEAL_ID_SIZE],
                            const uint8_t check[SEAL_CHECK_SIZE]);
bool cache_index_read_head(const void *bytes, size_t size, uint8_t ret_id[SEAL_ID_SIZE],
                           uint8_t ret_check[SEAL_CHECK_SIZE]);
/* Before it is sealed, and after it was opened. */
void cache_index_write_entry(uint8_t room[CACHE_INDEX_ENTRY], const struct cache_index_entry *entry);
/* False: an empty slot, or nonsense. */
bool cache_index_read_entry(const void *bytes, size_t size, struct cache_index_entry *ret);
/* Over the seal's secret, key, number and content. Any thread. -ENOMEM. */
int cache_index_check(const uint8_t secret[SEAL_SECRET_SIZE], const struct cache_key *key, uint64_t number,
                      const void *bytes, uint32_t length, uint8_t ret[CACHE_CHECK_SIZE]);
