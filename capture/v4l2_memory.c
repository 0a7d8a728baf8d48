#include "capture/v4l2_memory.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <smmintrin.h>
#endif

#include "core/clock.h"

#define MEASURED_BYTES ((size_t)4 << 20)
#define TURNS 3

/* All words are needed for the result, so that none is left unread. */
static uint64_t sum_of(const uint8_t *memory, size_t size)
{
    uint64_t sums[4] = {0};
    for (size_t i = 0; i + sizeof sums <= size; i += sizeof sums) {
        uint64_t words[4];
        memcpy(words, memory + i, sizeof words);
        for (unsigned k = 0; k < 4; k++)
            sums[k] += words[k];
    }
    return sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
}

/* The compiler may not leave out what nobody looks at. */
static void need(uint64_t sum)
{
    __asm__ volatile("" : : "r"(sum));
}

uint64_t memory_read_speed(const uint8_t *memory, size_t size)
{
    size = size < MEASURED_BYTES ? size : MEASURED_BYTES;
    need(sum_of(memory, size)); /* faults and first misses */
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < TURNS; i++) {
        uint64_t start = clock_now_us();
        need(sum_of(memory, size));
        uint64_t us = clock_now_us() - start;
        least = us < least ? us : least;
    }
    return (uint64_t)size * 1000000 / (least ? least : 1);
}

uint64_t memory_ordinary_speed(size_t size)
{
    uint8_t *memory = malloc(size < MEASURED_BYTES ? size : MEASURED_BYTES);
    if (!memory)
        return 0;
    memset(memory, 1, size < MEASURED_BYTES ? size : MEASURED_BYTES);
    uint64_t speed = memory_read_speed(memory, size);
    free(memory);
    return speed;
}

#if defined(__x86_64__)
/* Loads with the non-temporal hint fetch a whole line of write-combined memory at a time, where others take 16 bytes
 * over the bus. */
__attribute__((target("sse4.1"))) static size_t copy_lines(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t done = 0;
    for (; done + 64 <= size; done += 64) {
        __m128i *line = (__m128i *)(uintptr_t)(from + done), *room = (__m128i *)(to + done);
        __m128i a = _mm_stream_load_si128(line), b = _mm_stream_load_si128(line + 1);
        __m128i c = _mm_stream_load_si128(line + 2), d = _mm_stream_load_si128(line + 3);
        _mm_store_si128(room, a);
        _mm_store_si128(room + 1, b);
        _mm_store_si128(room + 2, c);
        _mm_store_si128(room + 3, d);
    }
    return done;
}

static size_t copy_body(uint8_t *to, const uint8_t *from, size_t size)
{
    if (((uintptr_t)to | (uintptr_t)from) % 16 || !__builtin_cpu_supports("sse4.1"))
        return 0;
    return copy_lines(to, from, size);
}
#else
static size_t copy_body(uint8_t *to, const uint8_t *from, size_t size)
{
    (void)to, (void)from, (void)size;
    return 0;
}
#endif

void memory_copy_uncached(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t done = copy_body(to, from, size);
    memcpy(to + done, from + done, size - done);
}
