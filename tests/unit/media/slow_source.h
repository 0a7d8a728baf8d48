/* A medium that answers late and in any order, and sometimes not well; the same each time for one seed. Its content is
 * a function of the offset, so that every byte can be told. */
#pragma once

#include "core/loop.h"
#include "media/source.h"

struct slow_source {
    struct source source;
    struct loop *loop;
    uint64_t seed;
    uint32_t delay_us; /* at most */
    uint16_t fail;     /* chance of -EIO in 65536 */
    unsigned reads, under_way, most_under_way, closed;
    uint64_t order[512];  /* offsets of the first reads */
    const uint8_t *bytes; /* NULL: a function of the offset, slow_source_byte */
};

void slow_source_init(struct slow_source *self, struct loop *loop, uint64_t size, uint64_t seed);
uint8_t slow_source_byte(uint64_t seed, uint64_t offset);
