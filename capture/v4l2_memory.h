/* Capture memory as the CPU sees it: how fast it can be read, and reading it once when that is slow. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes per second of reading memory again that was just read: the caches' or the bus's. The least of a few turns
 * counts, over at most a few megabytes. Any thread. */
uint64_t memory_read_speed(const uint8_t *memory, size_t size);

/* The same of ordinary memory of that size; 0: none to be had. */
uint64_t memory_ordinary_speed(size_t size);

/* Speeds are compared on the same machine in the same moment: what cannot be cached is 5 to 30 times slower. */
#define MEMORY_IS_CACHED(speed, ordinary) ((speed) >= (ordinary) / 3)

/* One streaming pass over memory that is not cached, which must be read in whole lines and only once. `to` is ordinary
 * memory, aligned to 16. */
void memory_copy_uncached(uint8_t *to, const uint8_t *from, size_t size);
