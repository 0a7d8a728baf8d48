/* Adaptive range coder, both directions (docs/update-format.md, "Entropy stream"). The same function codes a decision
 * and decodes it, told by `encoding`, which is constant wherever it is called: a model written on top of it cannot
 * differ between the two sides. Bits of even odds travel apart from the rest, from the stream's end backwards, so that
 * they cost next to no time. No C library here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGE_INLINE static inline __attribute__((always_inline))
#define RANGE_SYMBOLS 16
#define RANGE_LEAST 16 /* of 32768: no symbol becomes less probable than this less one */
#define RANGE_TAIL 2   /* bits behind the last decision; with them it decodes alike whatever follows */

/* Probability of a 0, of 65536, learned at two speeds; their mean is used. */
struct range_prob {
    uint16_t fast, slow;
};

/* Which of 16 symbols. */
struct range_symbols {
    uint16_t below[RANGE_SYMBOLS + 1]; /* probability, of 32768, of the symbols before this one */
    uint16_t seen;                     /* learning slows down with the first ones */
    uint16_t unused[14];               /* a size that keeps `below` from straddling lines of the cache */
};

struct range_coder {
    uint32_t range;  /* 32768..65535 */
    uint32_t left;   /* bits in `window` (reading), or of it above the lowest 16 (writing) */
    uint64_t window; /* reading: what comes next is on top; writing: the lower end of the range, not yet stored */
    uint64_t even;   /* bits of even odds, the next one lowest */
    uint32_t even_left;
    /* writing: both sizes together may pass the capacity; then nothing is stored any more */
    uint8_t *out;
    size_t size, even_size, capacity;
    /* reading */
    const uint8_t *in;
    size_t in_size, at, even_at; /* may pass in_size: there zeros are read */
};

RANGE_INLINE struct range_coder range_coder_writing(uint8_t *out, size_t capacity)
{
    return (struct range_coder){.range = UINT16_MAX, .out = out, .capacity = capacity};
}

RANGE_INLINE void range_fill(struct range_coder *self)
{
    uint32_t next = 0;
    for (int i = 0; i < 4; i++, self->at++)
        next = next << 8 | (self->at < self->in_size ? self->in[self->at] : 0);
    self->window |= (uint64_t)next << (32 - self->left);
    self->left += 32;
}

RANGE_INLINE struct range_coder range_coder_reading(const uint8_t *in, size_t size)
{
    struct range_coder self = {.range = UINT16_MAX, .in = in, .in_size = size};
    range_fill(&self);
    range_fill(&self);
    return self;
}

/* Bytes that a stream has which ends here. */
RANGE_INLINE size_t range_coder_read(const struct range_coder *self)
{
    return (8 * self->at - self->left + RANGE_TAIL + 7) / 8 + self->even_at;
}

/* The stream ends here, with its last byte. */
RANGE_INLINE bool range_coder_complete(const struct range_coder *self)
{
    return range_coder_read(self) == self->in_size;
}

/* No bit was coded yet. */
RANGE_INLINE bool range_coder_unused(const struct range_coder *self)
{
    return self->range == UINT16_MAX && self->size + self->even_size + self->left + self->even_left == 0;
}

/* For hot loops: a copy that lives in registers, member by member, because compilers keep no other one there. */
RANGE_INLINE void range_coder_take_out(struct range_coder *copy, const struct range_coder *self)
{
    copy->range = self->range;
    copy->left = self->left;
    copy->window = self->window;
    copy->even = self->even;
    copy->even_left = self->even_left;
    copy->out = self->out;
    copy->size = self->size;
    copy->even_size = self->even_size;
    copy->capacity = self->capacity;
    copy->in = self->in;
    copy->in_size = self->in_size;
    copy->at = self->at;
    copy->even_at = self->even_at;
}

RANGE_INLINE void range_coder_put_back(struct range_coder *self, const struct range_coder *copy, const bool encoding)
{
    self->range = copy->range;
    self->left = copy->left;
    self->window = copy->window;
    self->even = copy->even;
    self->even_left = copy->even_left;
    if (encoding) {
        self->size = copy->size;
        self->even_size = copy->even_size;
    } else {
        self->at = copy->at;
        self->even_at = copy->even_at;
    }
}

RANGE_INLINE bool range_has_room(const struct range_coder *self)
{
    return self->size + self->even_size < self->capacity;
}

/* Stores all whole bytes above the lowest 16 bits; a carry runs through what is stored already. */
RANGE_INLINE void range_store(struct range_coder *self)
{
    unsigned shift = 16 + self->left % 8, bytes = self->left / 8;
    uint64_t value = self->window >> shift;
    self->window &= (UINT64_C(1) << shift) - 1;
    self->left %= 8;
    if (value >> (8 * bytes) && self->size + self->even_size <= self->capacity)
        for (size_t i = self->size; i > 0 && ++self->out[i - 1] == 0; i--)
            ;
    while (bytes-- > 0) {
        if (range_has_room(self))
            self->out[self->size] = (uint8_t)(value >> (8 * bytes));
        self->size++;
    }
}

/* From the end of the room downwards, until the stream ends. */
RANGE_INLINE void range_store_even(struct range_coder *self)
{
    for (; self->even_left >= 8; self->even_left -= 8) {
        if (range_has_room(self))
            self->out[self->capacity - 1 - self->even_size] = (uint8_t)self->even;
        self->even_size++;
        self->even >>= 8;
    }
}

/* Ends the stream; `size` is then that of all. A multiple of 2^14 lies in every range, and all up to the next one. */
static inline void range_coder_flush(struct range_coder *self)
{
    const uint64_t unit = 1u << (16 - RANGE_TAIL);
    unsigned bits = (self->left + RANGE_TAIL + 7) / 8 * 8;
    self->window = (self->window + unit - 1) / unit * unit << (bits - self->left);
    self->left = bits;
    range_store(self);
    self->even_left = (self->even_left + 7) / 8 * 8;
    range_store_even(self);
    if (self->size + self->even_size <= self->capacity)
        for (size_t i = 0; i < self->even_size; i++)
            self->out[self->size + i] = self->out[self->capacity - self->even_size + i];
    self->size += self->even_size;
}

RANGE_INLINE void range_normalize(struct range_coder *self, const bool encoding)
{
    unsigned shift = (unsigned)__builtin_clz(self->range) - 16;
    self->range <<= shift;
    self->window <<= shift;
    if (encoding) {
        self->left += shift;
        if (self->left >= 32)
            range_store(self);
    } else {
        self->left -= shift;
        if (self->left <= 32)
            range_fill(self);
    }
}

/* zero: probability of a 0 to begin with, of 65536. */
RANGE_INLINE void range_prob_init(struct range_prob *probs, size_t count, uint16_t zero)
{
    for (size_t i = 0; i < count; i++)
        probs[i] = (struct range_prob){.fast = zero, .slow = zero};
}

/* Codes `bit`, or decodes one and ignores the argument; returns it. */
RANGE_INLINE bool range_bit(struct range_coder *self, struct range_prob *prob, bool bit, const bool encoding)
{
    uint32_t bound = self->range * (((uint32_t)prob->fast + prob->slow) >> 1) >> 16;
    if (!encoding)
        bit = self->window >> 48 >= bound;
    if (bit) {
        self->window = encoding ? self->window + bound : self->window - ((uint64_t)bound << 48);
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

RANGE_INLINE void range_symbols_init(struct range_symbols *sets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k <= RANGE_SYMBOLS; k++)
            sets[i].below[k] = (uint16_t)(k * (32768 / RANGE_SYMBOLS));
        sets[i].seen = 0;
    }
}

typedef int16_t range_lanes __attribute__((vector_size(16), aligned(2), may_alias));
typedef uint64_t range_halves __attribute__((vector_size(16)));

/* Written in vectors, which every compiler turns into the target's own. */
RANGE_INLINE void range_learn(struct range_symbols *set, int16_t symbol)
{
    const range_lanes low = {0, 1, 2, 3, 4, 5, 6, 7}, high = {8, 9, 10, 11, 12, 13, 14, 15};
    const int16_t rest = (int16_t)(32768 - RANGE_SYMBOLS * RANGE_LEAST);
    unsigned seen = set->seen;
    int rate = 3 + (seen > 4) + (seen > 12) + (seen > 48);
    range_lanes *below = (range_lanes *)set->below;
    set->seen = (uint16_t)(seen + (seen <= 48));
    below[0] += (low * RANGE_LEAST + ((low > symbol) & rest) - below[0]) >> rate;
    below[1] += (high * RANGE_LEAST + ((high > symbol) & rest) - below[1]) >> rate;
}

/* The last symbol whose share begins at `code` or before: one division, then all are compared at once. */
RANGE_INLINE unsigned range_find(const struct range_symbols *set, uint32_t code, uint32_t range)
{
    const range_lanes *below = (const range_lanes *)set->below;
    uint32_t share = (((code + 1) << 15) - 1) / range;
    int16_t most = (int16_t)(share > INT16_MAX ? INT16_MAX : share);
    range_halves counts = (range_halves) - ((below[0] <= most) + (below[1] <= most));
    uint64_t sum = counts[0] + counts[1];
    sum += sum >> 32;
    sum += sum >> 16;
    return (uint16_t)sum - 1u;
}

/* Codes one of 16 symbols, or decodes one and ignores the argument; returns it. */
RANGE_INLINE unsigned range_symbol(struct range_coder *self, struct range_symbols *set, unsigned symbol,
                                   const bool encoding)
{
    if (!encoding)
        symbol = range_find(set, (uint32_t)(self->window >> 48), self->range);
    uint32_t begin = self->range * set->below[symbol] >> 15, end = self->range * set->below[symbol + 1] >> 15;
    self->window = encoding ? self->window + begin : self->window - ((uint64_t)begin << 48);
    self->range = end - begin;
    range_learn(set, (int16_t)symbol);
    range_normalize(self, encoding);
    return symbol;
}

/* `count` bits of even odds, at most 16. */
RANGE_INLINE uint32_t range_even(struct range_coder *self, uint32_t value, unsigned count, const bool encoding)
{
    if (encoding) {
        self->even |= (uint64_t)value << self->even_left;
        self->even_left += count;
        if (self->even_left >= 32)
            range_store_even(self);
        return value;
    }
    for (; self->even_left < count; self->even_left += 8, self->even_at++)
        self->even |= (uint64_t)(self->even_at < self->in_size ? self->in[self->in_size - 1 - self->even_at] : 0)
                      << self->even_left;
    value = (uint32_t)self->even & ((1u << count) - 1);
    self->even >>= count;
    self->even_left -= count;
    return value;
}

/* A number below 2^15: how many bits it has, then these but the first. */
RANGE_INLINE uint32_t range_number(struct range_coder *self, struct range_symbols *set, uint32_t value,
                                   const bool encoding)
{
    unsigned bits = encoding && value ? 32u - (unsigned)__builtin_clz(value) : 0;
    bits = range_symbol(self, set, bits, encoding);
    if (bits < 2)
        return bits;
    uint32_t first = 1u << (bits - 1);
    return first | range_even(self, value & (first - 1), bits - 1, encoding);
}
