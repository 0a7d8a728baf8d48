#include "media/cache_index.h"

#include <string.h>

#include "core/wire.h"
#include "media/block_sum.h"

static const uint8_t magic[16] = "lightsout-cache2";

void cache_index_write_head(uint8_t room[CACHE_INDEX_HEAD], const uint8_t id[SEAL_ID_SIZE],
                            const uint8_t check[SEAL_CHECK_SIZE])
{
    struct wire_writer w = wire_writer_init(room, CACHE_INDEX_HEAD);
    memset(room, 0, CACHE_INDEX_HEAD);
    wire_write_bytes(&w, magic, sizeof magic);
    wire_write_bytes(&w, id, SEAL_ID_SIZE);
    wire_write_bytes(&w, check, SEAL_CHECK_SIZE);
    wire_write_le32(&w, CACHE_BLOCK);
}

bool cache_index_read_head(const void *bytes, size_t size, uint8_t ret_id[SEAL_ID_SIZE],
                           uint8_t ret_check[SEAL_CHECK_SIZE])
{
    struct wire_reader r = wire_reader_init(bytes, size);
    const uint8_t *word = wire_read_bytes(&r, sizeof magic);
    const uint8_t *id = wire_read_bytes(&r, SEAL_ID_SIZE), *check = wire_read_bytes(&r, SEAL_CHECK_SIZE);
    uint32_t block = wire_read_le32(&r);
    wire_read_bytes(&r, CACHE_INDEX_HEAD - sizeof magic - SEAL_ID_SIZE - SEAL_CHECK_SIZE - 4);
    if (r.bad || memcmp(word, magic, sizeof magic) != 0 || block != CACHE_BLOCK)
        return false;
    memcpy(ret_id, id, SEAL_ID_SIZE);
    memcpy(ret_check, check, SEAL_CHECK_SIZE);
    return true;
}

void cache_index_write_entry(uint8_t room[CACHE_INDEX_ENTRY], const struct cache_index_entry *entry)
{
    struct wire_writer w = wire_writer_init(room, CACHE_INDEX_ENTRY);
    memset(room, 0, CACHE_INDEX_ENTRY);
    wire_write_le64(&w, entry->sequence);
    wire_write_bytes(&w, entry->key.bytes, CACHE_KEY_SIZE);
    wire_write_le64(&w, entry->number);
    wire_write_le32(&w, entry->length);
    wire_write_bytes(&w, entry->check, CACHE_CHECK_SIZE);
}

bool cache_index_read_entry(const void *bytes, size_t size, struct cache_index_entry *ret)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    struct cache_index_entry entry = {.sequence = wire_read_le64(&r)};
    const uint8_t *key = wire_read_bytes(&r, CACHE_KEY_SIZE);
    entry.number = wire_read_le64(&r);
    entry.length = wire_read_le32(&r);
    const uint8_t *check = wire_read_bytes(&r, CACHE_CHECK_SIZE);
    /* the last number there can be is that of the last byte of 2^63 */
    if (r.bad || !entry.sequence || entry.sequence > UINT64_MAX / 2 || !entry.length || entry.length > CACHE_BLOCK ||
        entry.number > (UINT64_MAX >> 1) / CACHE_BLOCK)
        return false;
    memcpy(entry.key.bytes, key, CACHE_KEY_SIZE);
    memcpy(entry.check, check, CACHE_CHECK_SIZE);
    *ret = entry;
    return true;
}

int cache_index_check(const uint8_t secret[SEAL_SECRET_SIZE], const struct cache_key *key, uint64_t number,
                      const void *bytes, uint32_t length, uint8_t ret[CACHE_CHECK_SIZE])
{
    uint8_t sum[BLOCK_SUM_SIZE];
    const struct sum_part parts[] = {
        {secret, SEAL_SECRET_SIZE}, {key->bytes, CACHE_KEY_SIZE}, {&number, sizeof number}, {bytes, length}};
    int r = block_sum(parts, sizeof parts / sizeof *parts, sum);
    if (r == 0)
        memcpy(ret, sum, CACHE_CHECK_SIZE);
    return r;
}
