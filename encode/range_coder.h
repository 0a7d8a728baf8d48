/* Adaptive binary range coder, both directions (docs/update-format.md, "Entropy stream"). The same function codes a bit
 * and decodes it, told by `encoding`, which is constant wherever it is called: a model written on top of it cannot
 * differ between the two sides. No C library here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGE_INLINE static inline __attribute__((always_inline))
#define RANGE_TOP (1u << 24)
#define RANGE_MAX_OVERRUN 4 /* zero bytes that the writer leaves out at the end */

/* Probability of a 0, of 65536, learned at two speeds; their mean is used. */
struct range_prob {
    uint16_t fast, slow;
};

struct range_coder {
    uint32_t range;
    /* writing */
    uint64_t low;
    uint8_t *out;
    size_t size, capacity; /* size may pass capacity: then nothing is stored any more */
    uint32_t pending;      /* bytes 255 that a carry may still change */
    uint8_t held;          /* the byte before them */
    bool holding;
    /* reading */
    uint32_t code;
    const uint8_t *in, *end;
    uint32_t overrun; /* zero bytes read behind the end */
};

RANGE_INLINE struct range_coder range_coder_writing(uint8_t *out, size_t capacity)
{
    return (struct range_coder){.range = UINT32_MAX, .out = out, .capacity = capacity};
}

RANGE_INLINE uint32_t range_next_byte(struct range_coder *self)
{
    if (self->in < self->end)
        return *self->in++;
    self->overrun++;
    return 0;
}

RANGE_INLINE struct range_coder range_coder_reading(const uint8_t *in, size_t size)
{
    struct range_coder self = {.range = UINT32_MAX, .in = in, .end = in + size};
    for (int i = 0; i < 4; i++)
        self.code = self.code << 8 | range_next_byte(&self);
    return self;
}

/* All was read and no more than the zeros that may be left out behind it. */
RANGE_INLINE bool range_coder_complete(const struct range_coder *self)
{
    return self->in == self->end && self->overrun <= RANGE_MAX_OVERRUN;
}

/* No bit was coded yet: every bit makes the range smaller, and what a shift brings in from the right are zeros. */
RANGE_INLINE bool range_coder_unused(const struct range_coder *self)
{
    return self->range == UINT32_MAX;
}

static inline void range_put(struct range_coder *self, uint8_t byte)
{
    if (self->size < self->capacity)
        self->out[self->size] = byte;
    self->size++;
}

static inline void range_shift_low(struct range_coder *self)
{
    if ((uint32_t)self->low < 0xFF000000u || self->low >> 32) {
        uint8_t carry = (uint8_t)(self->low >> 32);
        if (self->holding)
            range_put(self, (uint8_t)(self->held + carry));
        for (; self->pending > 0; self->pending--)
            range_put(self, (uint8_t)(0xFF + carry));
        self->held = (uint8_t)(self->low >> 24);
        self->holding = true;
    } else {
        self->pending++;
    }
    self->low = (self->low & 0x00FFFFFF) << 8;
}

/* Ends the stream: of the values that decode alike the one with most zeros at its end, and these are left out. */
static inline void range_coder_flush(struct range_coder *self)
{
    uint64_t last = self->low + self->range - 1;
    for (int bits = 32; bits >= 0; bits -= 8) {
        uint64_t value = last >> bits << bits;
        if (value >= self->low) {
            self->low = value;
            break;
        }
    }
    for (int i = 0; i < 5; i++)
        range_shift_low(self);
    if (self->size > self->capacity)
        return;
    for (int i = 0; i < RANGE_MAX_OVERRUN && self->size > 0 && self->out[self->size - 1] == 0; i++)
        self->size--;
}

RANGE_INLINE void range_prob_init(struct range_prob *probs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        probs[i] = (struct range_prob){.fast = 32768, .slow = 32768};
}

RANGE_INLINE void range_normalize(struct range_coder *self, const bool encoding)
{
    while (self->range < RANGE_TOP) {
        self->range <<= 8;
        if (encoding)
            range_shift_low(self);
        else
            self->code = self->code << 8 | range_next_byte(self);
    }
}

/* Codes `bit`, or decodes one and ignores the argument; returns it. */
RANGE_INLINE bool range_bit(struct range_coder *self, struct range_prob *prob, bool bit, const bool encoding)
{
    uint32_t bound = (self->range >> 16) * (((uint32_t)prob->fast + prob->slow) >> 1);
    if (!encoding)
        bit = self->code >= bound;
    if (bit) {
        if (encoding)
            self->low += bound;
        else
            self->code -= bound;
        self->range -= bound;
        prob->fast -= prob->fast >> 4;
        prob->slow -= prob->slow >> 7;
    } else {
        self->range = bound;
        prob->fast += (65535 - prob->fast) >> 4;
        prob->slow += (65535 - prob->slow) >> 7;
    }
    range_normalize(self, encoding);
    return bit;
}

/* `count` bits of even odds, the highest first. */
RANGE_INLINE uint32_t range_even(struct range_coder *self, uint32_t value, unsigned count, const bool encoding)
{
    uint32_t result = 0;
    while (count-- > 0) {
        self->range >>= 1;
        bool bit = encoding ? value >> count & 1 : self->code >= self->range;
        if (bit && encoding)
            self->low += self->range;
        else if (bit)
            self->code -= self->range;
        result = result << 1 | bit;
        range_normalize(self, encoding);
    }
    return result;
}
