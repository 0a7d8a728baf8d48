/* 64-bit keyed hash of the visible pixels of one 16x16 cell. What a viewer holds is judged by these hashes, and what a
 * target shows is chosen by whoever controls the target: so the key is random in each process, and the function is one
 * whose collisions can be bounded. Two independent NH sums (Black et al., UMAC, 1999: 2^-32 each for any two different
 * cells) are folded by a multilinear hash modulo 2^128 of which the upper half is kept (Lemire and Kaser, "Strongly
 * universal string hashing is fast", 2014): less than 2^-62 for any pair chosen without knowing the key.
 *
 * The words hashed are the 256 pixels in reading order; those outside a cut cell count as 0, and the cell's size is
 * hashed too. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CELL_SIZE 16 /* pixels; cells at the right and lower edge may be cut */
#define CELL_PIXELS (CELL_SIZE * CELL_SIZE)

struct cell_key {
    uint32_t nh[2][CELL_PIXELS];
    struct cell_key_fold {
        uint64_t low, high;
    } fold[4];
} __attribute__((aligned(64)));

/* The key of this process, drawn at the first call. Any thread. Aborts when the kernel has no random bytes. */
const struct cell_key *cell_hash_key(void);

/* From the two NH sums (modulo 2^64) and the cell's size to its hash. */
static inline uint64_t cell_hash_fold(const struct cell_key *key, const uint64_t nh[2], int width, int height)
{
    const uint64_t words[3] = {nh[0], nh[1], (uint64_t)width << 32 | (uint32_t)height};
    unsigned __int128 sum = (unsigned __int128)key->fold[3].high << 64 | key->fold[3].low;
    for (int i = 0; i < 3; i++)
        sum += ((unsigned __int128)key->fold[i].high << 64 | key->fold[i].low) * words[i];
    return (uint64_t)(sum >> 64);
}
