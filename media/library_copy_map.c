#include "media/library_copy_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"

#define WORD 64u

static const char magic[16] = "lightsout copy1";

int copy_map_init(struct copy_map *self, uint64_t size, const uint8_t id[16])
{
    if (!size || size > COPY_MAX_SIZE)
        return -EFBIG;
    *self = (struct copy_map){.size = size, .n_blocks = (size + COPY_BLOCK - 1) / COPY_BLOCK};
    memcpy(self->id, id, sizeof self->id);
    uint64_t words = (self->n_blocks + WORD - 1) / WORD;
    self->n_units = (self->n_blocks + COPY_UNIT_BLOCKS - 1) / COPY_UNIT_BLOCKS;
    self->have = calloc(words, sizeof *self->have);
    self->taken = calloc(words, sizeof *self->taken);
    self->dirty = calloc(self->n_units, sizeof *self->dirty);
    if (self->have && self->taken && self->dirty)
        return 0;
    copy_map_finish(self);
    return -ENOMEM;
}

void copy_map_finish(struct copy_map *self)
{
    free(self->have);
    free(self->taken);
    free(self->dirty);
    *self = (struct copy_map){.size = 0};
}

static bool bit(const uint64_t *bits, uint64_t block)
{
    return bits[block / WORD] >> block % WORD & 1;
}

bool copy_map_has(const struct copy_map *self, uint64_t block)
{
    return bit(self->have, block);
}

bool copy_map_taken(const struct copy_map *self, uint64_t block)
{
    return bit(self->taken, block);
}

void copy_map_take(struct copy_map *self, uint64_t block)
{
    self->taken[block / WORD] |= 1ull << block % WORD;
}

void copy_map_give_up(struct copy_map *self, uint64_t block)
{
    if (!copy_map_has(self, block))
        self->taken[block / WORD] &= ~(1ull << block % WORD);
}

uint32_t copy_map_length(const struct copy_map *self, uint64_t block)
{
    return (uint32_t)MIN(self->size - block * COPY_BLOCK, COPY_BLOCK);
}

void copy_map_set(struct copy_map *self, uint64_t block)
{
    if (copy_map_has(self, block))
        return;
    copy_map_take(self, block);
    self->have[block / WORD] |= 1ull << block % WORD;
    self->n_have++;
    self->have_bytes += copy_map_length(self, block);
    self->dirty[block / COPY_UNIT_BLOCKS] = true;
}

uint64_t copy_map_missing(const struct copy_map *self, uint64_t from, uint64_t end)
{
    end = MIN(end, self->n_blocks);
    while (from < end) {
        uint64_t free_ones = ~self->taken[from / WORD] >> from % WORD;
        if (free_ones)
            return MIN(from + (uint64_t)__builtin_ctzll(free_ones), end);
        from = (from / WORD + 1) * WORD;
    }
    return end;
}

/* FNV-1a over the unit's bits, the medium and the unit's number: against tearing and mix-ups, not against an attacker,
 * who could as well change the blocks. */
static uint64_t check(const struct copy_map *self, uint64_t unit, const uint8_t *bytes, size_t size)
{
    uint64_t sum = 0xcbf29ce484222325u ^ unit;
    for (size_t i = 0; i < sizeof self->id; i++)
        sum = (sum ^ self->id[i]) * 0x100000001b3u;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return sum;
}

void copy_map_header(const struct copy_map *self, uint8_t room[COPY_UNIT])
{
    struct wire_writer w = wire_writer_init(room, COPY_UNIT);
    memset(room, 0, COPY_UNIT);
    wire_write_bytes(&w, magic, sizeof magic);
    wire_write_le32(&w, COPY_BLOCK);
    wire_write_le32(&w, COPY_UNIT);
    wire_write_le64(&w, self->size);
    wire_write_bytes(&w, self->id, sizeof self->id);
}

bool copy_map_header_fits(const struct copy_map *self, const uint8_t bytes[COPY_UNIT])
{
    uint8_t own[COPY_UNIT];
    copy_map_header(self, own);
    return !memcmp(own, bytes, sizeof own);
}

void copy_map_unit(const struct copy_map *self, uint64_t unit, uint8_t room[COPY_UNIT])
{
    struct wire_writer w = wire_writer_init(room + COPY_UNIT - 8, 8);
    uint64_t first = unit * COPY_UNIT_BLOCKS;
    memset(room, 0, COPY_UNIT);
    for (uint64_t i = 0; i < COPY_UNIT_BLOCKS && first + i < self->n_blocks; i++)
        if (copy_map_has(self, first + i))
            room[i / 8] |= (uint8_t)(1 << i % 8);
    wire_write_le64(&w, check(self, unit, room, COPY_UNIT - 8));
}

bool copy_map_unit_load(struct copy_map *self, uint64_t unit, const uint8_t bytes[COPY_UNIT])
{
    struct wire_reader r = wire_reader_init(bytes + COPY_UNIT - 8, 8);
    uint64_t first = unit * COPY_UNIT_BLOCKS;
    if (unit >= self->n_units || wire_read_le64(&r) != check(self, unit, bytes, COPY_UNIT - 8))
        return false;
    for (uint64_t i = 0; i < COPY_UNIT_BLOCKS && first + i < self->n_blocks; i++)
        if (bytes[i / 8] >> i % 8 & 1)
            copy_map_set(self, first + i);
    self->dirty[unit] = false;
    return true;
}
