/* What is there of a copy, block by block, and how it stands in its file: a header that names the medium, then units of
 * 512 bytes, each with a check. A unit whose check is wrong (torn by a power cut, or another's) counts as empty: those
 * blocks are fetched again. A bit is written after the block itself is on the disk, so what a unit says is true. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COPY_BLOCK 65536u
#define COPY_MAX_SIZE (4ull << 40)
#define COPY_UNIT 512u
#define COPY_UNIT_BLOCKS ((COPY_UNIT - 8u) * 8u) /* blocks that one unit tells of */

struct copy_map {
    uint64_t size; /* bytes of the medium */
    uint8_t id[16];
    uint64_t n_blocks, n_have;
    uint64_t have_bytes;
    uint64_t *have;  /* bits: the block is in the file */
    uint64_t *taken; /* bits: that, or it is on its way */
    uint64_t n_units;
    bool *dirty; /* units that changed since they were last given out */
};

int copy_map_init(struct copy_map *self, uint64_t size, const uint8_t id[16]); /* 0; -EFBIG; -ENOMEM */
void copy_map_finish(struct copy_map *self);

bool copy_map_has(const struct copy_map *self, uint64_t block);
bool copy_map_taken(const struct copy_map *self, uint64_t block);
void copy_map_take(struct copy_map *self, uint64_t block);
void copy_map_give_up(struct copy_map *self, uint64_t block); /* it was taken, and does not come */
void copy_map_set(struct copy_map *self, uint64_t block);
uint32_t copy_map_length(const struct copy_map *self, uint64_t block); /* bytes of this block */
/* The first block from `from` on, before `end`, that is not taken; `end`: none. */
uint64_t copy_map_missing(const struct copy_map *self, uint64_t from, uint64_t end);

/* The file: the header at 0, unit i at (i + 1) * COPY_UNIT. */
void copy_map_header(const struct copy_map *self, uint8_t room[COPY_UNIT]);
void copy_map_unit(const struct copy_map *self, uint64_t unit, uint8_t room[COPY_UNIT]);
/* On a fresh map. False: the header is of another medium or of none. */
bool copy_map_header_fits(const struct copy_map *self, const uint8_t bytes[COPY_UNIT]);
bool copy_map_unit_load(struct copy_map *self, uint64_t unit, const uint8_t bytes[COPY_UNIT]);
