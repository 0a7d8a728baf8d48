/* SHA-256 over several pieces. Any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BLOCK_SUM_SIZE 32

struct sum_part {
    const void *bytes;
    size_t size;
};

/* -ENOMEM. */
int block_sum(const struct sum_part *parts, unsigned n, uint8_t ret[BLOCK_SUM_SIZE]);
