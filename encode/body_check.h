/* The check of an update's body (docs/console-protocol.md), so that a page never paints what is not as it was sent. No
 * C library: the page's module has the same code.
 *
 * Its lowest bit is the parity of all bits: one wrong bit, and any other odd number of them, is found for certain. The
 * other fifteen are from a hash of words in which every step can be undone, so that only their folding lets anything
 * pass: one of 2^15 of what changes an even number of bits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BODY_CHECK_SEED UINT32_C(0x9E3779B9)
#define BODY_CHECK_STEP UINT32_C(0x85EBCA6B)
#define BODY_CHECK_END UINT32_C(0xC2B2AE35)

/* Up to four bytes, the first one lowest. */
static inline uint32_t body_check_word(const uint8_t *at, size_t size)
{
    uint32_t word = 0;
    for (size_t i = 0; i < size; i++)
        word |= (uint32_t)at[i] << (8 * i);
    return word;
}

static inline uint32_t body_check_mix(uint32_t hash, uint32_t word)
{
    hash = (hash ^ word) * BODY_CHECK_STEP;
    return hash ^ hash >> 15;
}

static inline uint16_t body_check(const uint8_t *body, size_t size)
{
    uint32_t hash = BODY_CHECK_SEED, odd = 0;
    size_t at = 0;
    for (; size - at >= 4; at += 4) {
        uint32_t word = body_check_word(body + at, 4);
        hash = body_check_mix(hash, word);
        odd ^= word;
    }
    uint32_t tail = body_check_word(body + at, size - at);
    hash = body_check_mix(body_check_mix(hash, tail), (uint32_t)size) * BODY_CHECK_END;
    odd ^= tail;
    return (uint16_t)((hash >> 16 & 0xFFFE) | (uint32_t)__builtin_parity(odd));
}
