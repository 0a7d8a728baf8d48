/* What the entropy coder expects of a pixel, the same for encoder and decoder (docs/update-format.md, "Context tiles").
 * Screens repeat themselves: the same six neighbours are most often followed by the same colour again, wherever the
 * glyph or the edge stands. So each pixel is first guessed from what followed its neighbourhood before, and only when
 * all guesses fail its colour is spelled out, as the error of a linear prediction. No C library here. */
#pragma once

#include "encode/range_coder.h"
#include "encode/update_format.h"

#define MODEL_NEAR_BITS 13
#define MODEL_PAIR_BITS 11
#define MODEL_NONE 0xFF000000u /* no colour: those have 0 there */
#define MODEL_CONFIDENT 15

/* What followed a neighbourhood: the last colour and another one before it. */
struct model_entry {
    uint32_t colour[2];
    uint16_t tag; /* other bits of the neighbourhood's hash */
    uint8_t confidence;
};

struct model_residual {
    struct range_prob length[3][10][9]; /* channel, surroundings, unary */
    struct range_prob upper[3][9];      /* the bit below the highest */
};

struct tile_model {
    struct model_entry near[1 << MODEL_NEAR_BITS]; /* W, N, NW, NE, WW, NN */
    struct model_entry pair[1 << MODEL_PAIR_BITS]; /* W, N */
    uint32_t table[256];                           /* colours spelled out, by hash */
    struct range_prob near_first[(MODEL_CONFIDENT + 1) * 4], near_second[MODEL_CONFIDENT + 1];
    struct range_prob pair_first[(MODEL_CONFIDENT + 1) * 2], pair_second[MODEL_CONFIDENT + 1];
    struct range_prob flat[2], west, north, in_table[3], slot[256];
    struct model_residual mixed, photo;
    bool was_flat; /* the last stretch that could be */
};

static inline void model_entries_init(struct model_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct model_entry){.colour = {MODEL_NONE, MODEL_NONE}};
}

static inline void model_residual_init(struct model_residual *self)
{
    range_prob_init(&self->length[0][0][0], sizeof self->length / sizeof(struct range_prob));
    range_prob_init(&self->upper[0][0], sizeof self->upper / sizeof(struct range_prob));
}

static inline void tile_model_init(struct tile_model *self)
{
    model_entries_init(self->near, 1 << MODEL_NEAR_BITS);
    model_entries_init(self->pair, 1 << MODEL_PAIR_BITS);
    for (int i = 0; i < 256; i++)
        self->table[i] = MODEL_NONE;
    range_prob_init(self->near_first, sizeof self->near_first / sizeof(struct range_prob));
    range_prob_init(self->near_second, sizeof self->near_second / sizeof(struct range_prob));
    range_prob_init(self->pair_first, sizeof self->pair_first / sizeof(struct range_prob));
    range_prob_init(self->pair_second, sizeof self->pair_second / sizeof(struct range_prob));
    range_prob_init(self->flat, 2);
    range_prob_init(&self->west, 1);
    range_prob_init(&self->north, 1);
    range_prob_init(self->in_table, 3);
    range_prob_init(self->slot, 256);
    model_residual_init(&self->mixed);
    model_residual_init(&self->photo);
    self->was_flat = true;
}

/* Colours are 0x00RRGGBB. */
struct model_around {
    uint32_t w, n, nw, ne, ww, nn;
};

RANGE_INLINE int model_channel(uint32_t colour, int shift)
{
    return (int)(colour >> shift & 255);
}

/* The median edge detector of LOCO-I: the gradient, or the neighbour across an edge. */
RANGE_INLINE int model_predict(const struct model_around *a, int shift)
{
    int w = model_channel(a->w, shift), n = model_channel(a->n, shift), nw = model_channel(a->nw, shift);
    int low = w < n ? w : n, high = w < n ? n : w;
    return nw >= high ? low : nw <= low ? high : w + n - nw;
}

RANGE_INLINE unsigned model_length(unsigned v)
{
    return v ? 32u - (unsigned)__builtin_clz(v) : 0;
}

/* An error modulo 256, folded so that small ones of either sign are small; returns the folded value. */
RANGE_INLINE unsigned model_error(struct range_coder *coder, struct range_prob *length, struct range_prob *upper,
                                  unsigned folded, const bool encoding)
{
    unsigned have = encoding ? model_length(folded) : 0, n = 0;
    while (n < 8 && range_bit(coder, &length[n], have > n, encoding))
        n++;
    if (n < 2)
        return n;
    unsigned value = 2u | range_bit(coder, &upper[n], folded >> (n - 2) & 1, encoding);
    return value << (n - 2) | range_even(coder, folded & ((1u << (n - 2)) - 1), n - 2, encoding);
}

RANGE_INLINE unsigned model_fold(int error)
{
    int8_t e = (int8_t)error;
    return (uint8_t)(e < 0 ? -2 * e - 1 : 2 * e);
}

RANGE_INLINE int model_unfold(unsigned folded)
{
    return folded & 1 ? -(int)(folded / 2) - 1 : (int)(folded / 2);
}

RANGE_INLINE int model_distance(uint32_t a, uint32_t b)
{
    int d = model_channel(a, 8) - model_channel(b, 8);
    return d < 0 ? -d : d;
}

/* Spells a colour out: the error of green, then how much those of red and blue differ from it. */
static inline uint32_t model_spell(struct model_residual *self, struct range_coder *coder, const struct model_around *a,
                                   uint32_t colour, const bool encoding)
{
    unsigned rough =
        (unsigned)(model_distance(a->w, a->nw) + model_distance(a->nw, a->n) + model_distance(a->n, a->ne));
    unsigned surroundings = model_length(rough); /* 0..10 */
    surroundings = surroundings > 9 ? 9 : surroundings;
    int predicted[3] = {model_predict(a, 8), model_predict(a, 16), model_predict(a, 0)};
    int green = encoding ? model_channel(colour, 8) - predicted[0] : 0;
    unsigned folded = model_error(coder, self->length[0][surroundings], self->upper[0], model_fold(green), encoding);
    green = model_unfold(folded);
    unsigned size = model_length(folded);
    int red = encoding ? model_channel(colour, 16) - predicted[1] - green : 0;
    folded = model_error(coder, self->length[1][size], self->upper[1], model_fold(red), encoding);
    red = model_unfold(folded);
    unsigned both = (size > model_length(folded) ? size : model_length(folded));
    int blue = encoding ? model_channel(colour, 0) - predicted[2] - green : 0;
    blue = model_unfold(model_error(coder, self->length[2][both], self->upper[2], model_fold(blue), encoding));
    return (uint32_t)(uint8_t)(predicted[1] + green + red) << 16 | (uint32_t)(uint8_t)(predicted[0] + green) << 8 |
           (uint32_t)(uint8_t)(predicted[2] + green + blue);
}

/* A sum of products rather than a chain of steps: only W is known late, and only one product waits for it. */
RANGE_INLINE uint32_t model_hash_near(const struct model_around *a)
{
    uint32_t sum = a->n * 0x9E3779B1u + a->ne * 0x85EBCA77u + a->nw * 0xC2B2AE3Du + a->nn * 0x27D4EB2Fu +
                   a->ww * 0x165667B1u + a->w * 0xD3A2646Du;
    return (sum ^ sum >> 15) * 0x2C1B3C6Du;
}

RANGE_INLINE uint32_t model_hash_pair(const struct model_around *a)
{
    uint32_t sum = a->n * 0x9E3779B1u + a->w * 0xD3A2646Du;
    return (sum ^ sum >> 15) * 0x2C1B3C6Du;
}

RANGE_INLINE unsigned model_slot(uint32_t colour)
{
    return colour * 0x9E3779B1u >> 24;
}

RANGE_INLINE void model_learn(struct model_entry *entry, uint16_t tag, uint32_t colour)
{
    if (entry->tag != tag || entry->colour[0] == MODEL_NONE)
        *entry = (struct model_entry){.colour = {colour, MODEL_NONE}, .tag = tag};
    else if (entry->colour[0] == colour)
        entry->confidence += entry->confidence < MODEL_CONFIDENT;
    else {
        entry->colour[1] = entry->colour[0];
        entry->colour[0] = colour;
        entry->confidence = 0;
    }
}

/* By its place in the table of colours spelled out before, or anew. */
static inline uint32_t model_rare(struct tile_model *self, struct range_coder *coder, const struct model_around *a,
                                  uint32_t colour, const bool encoding)
{
    unsigned slot = encoding ? model_slot(colour) : 0;
    unsigned where = (unsigned)(a->w == a->n) + (unsigned)(a->n == a->nw);
    if (range_bit(coder, &self->in_table[where], encoding && self->table[slot] == colour, encoding)) {
        unsigned node = 1;
        for (int i = 7; i >= 0; i--)
            node = node << 1 | range_bit(coder, &self->slot[node], slot >> i & 1, encoding);
        return encoding ? colour : self->table[node & 255] & 0xFFFFFF;
    }
    colour = model_spell(&self->mixed, coder, a, colour, encoding);
    self->table[model_slot(colour)] = colour;
    return colour;
}

/* Guesses from W and N, and these themselves; `tried` are two colours that it is not. */
static inline uint32_t model_far(struct tile_model *self, struct range_coder *coder, const struct model_around *a,
                                 const uint32_t *tried, uint32_t colour, const bool encoding)
{
    uint32_t hash = model_hash_pair(a);
    struct model_entry *entry = &self->pair[hash >> (32 - MODEL_PAIR_BITS)];
    uint16_t tag = (uint16_t)hash;
    uint32_t guess[4] = {MODEL_NONE, MODEL_NONE, a->w, a->n};
    struct range_prob *prob[4] = {NULL, NULL, &self->west, &self->north};
    if (entry->tag == tag) {
        guess[0] = entry->colour[0];
        guess[1] = entry->colour[1];
        prob[0] = &self->pair_first[entry->confidence * 2 + (guess[0] == a->w)];
        prob[1] = &self->pair_second[entry->confidence];
    }
    for (int i = 0; i < 4; i++) {
        bool known = guess[i] == MODEL_NONE || guess[i] == tried[0] || guess[i] == tried[1];
        for (int k = 0; k < i; k++)
            known |= guess[k] == guess[i];
        if (!known && range_bit(coder, prob[i], colour == guess[i], encoding)) {
            model_learn(entry, tag, guess[i]);
            return guess[i];
        }
    }
    colour = model_rare(self, coder, a, colour, encoding);
    model_learn(entry, tag, colour);
    return colour;
}

static inline uint32_t model_pixel(struct tile_model *self, struct range_coder *coder, const struct model_around *a,
                                   uint32_t colour, const bool encoding)
{
    uint32_t hash = model_hash_near(a);
    struct model_entry *entry = &self->near[hash >> (32 - MODEL_NEAR_BITS)];
    uint16_t tag = (uint16_t)hash;
    uint32_t tried[2] = {MODEL_NONE, MODEL_NONE};
    if (entry->tag == tag && entry->colour[0] != MODEL_NONE) {
        tried[0] = entry->colour[0];
        unsigned context = entry->confidence * 4u + (tried[0] == a->w) * 2u + (tried[0] == a->n);
        if (range_bit(coder, &self->near_first[context], colour == tried[0], encoding)) {
            entry->confidence += entry->confidence < MODEL_CONFIDENT;
            return tried[0];
        }
        if (entry->colour[1] != MODEL_NONE) {
            tried[1] = entry->colour[1];
            if (range_bit(coder, &self->near_second[entry->confidence], colour == tried[1], encoding)) {
                entry->colour[1] = tried[0];
                entry->colour[0] = tried[1];
                entry->confidence = 0;
                return tried[1];
            }
        }
    }
    colour = model_far(self, coder, a, tried, colour, encoding);
    model_learn(entry, tag, colour);
    return colour;
}

/* A tile with the pixels around it: two lines above, two columns to the left and one to the right. */
#define MODEL_STRIDE (UPDATE_TILE_CELLS * UPDATE_CELL + 3)
#define MODEL_ROOM (MODEL_STRIDE * (UPDATE_TILE_CELLS * UPDATE_CELL + 2))

/* A stretch of one colour below and beside pixels of that colour is coded as one bit. */
#define MODEL_FLAT 8

RANGE_INLINE bool model_is_flat(const uint32_t *p)
{
    uint32_t differ = (p[-1] ^ p[-2]) | (p[-1] ^ p[-MODEL_STRIDE - 1]);
    for (int i = 0; i <= MODEL_FLAT; i++)
        differ |= p[-1] ^ p[i - MODEL_STRIDE];
    return differ == 0;
}

RANGE_INLINE bool model_stays_flat(const uint32_t *p)
{
    uint32_t differ = 0;
    for (int i = 0; i < MODEL_FLAT; i++)
        differ |= p[-1] ^ p[i];
    return differ == 0;
}

RANGE_INLINE struct model_around model_look_around(const uint32_t *p)
{
    return (struct model_around){
        .w = p[-1],
        .n = p[-MODEL_STRIDE],
        .nw = p[-MODEL_STRIDE - 1],
        .ne = p[-MODEL_STRIDE + 1],
        .ww = p[-2],
        .nn = p[-2 * MODEL_STRIDE],
    };
}

RANGE_INLINE void model_row(struct tile_model *self, struct range_coder *coder, uint32_t *p, int width,
                            const bool encoding)
{
    bool *before = &self->was_flat;
    for (int x = 0; x < width;) {
        int stop = x + 1;
        if (x + MODEL_FLAT <= width && model_is_flat(p + x)) {
            *before = range_bit(coder, &self->flat[*before], encoding && model_stays_flat(p + x), encoding);
            stop = x + MODEL_FLAT;
            if (*before) {
                for (; x < stop; x++)
                    p[x] = p[x - 1];
                continue;
            }
        }
        for (; x < stop; x++) {
            const struct model_around a = model_look_around(p + x);
            p[x] = model_pixel(self, coder, &a, p[x], encoding);
        }
    }
}

/* Codes the width x height pixels at `first` (two rows and columns into such an array), or decodes them into it. */
RANGE_INLINE void model_tile(struct tile_model *self, struct range_coder *coder, uint32_t *first, int width, int height,
                             const bool photo, const bool encoding)
{
    for (int y = 0; y < height; y++) {
        uint32_t *p = first + (size_t)y * MODEL_STRIDE;
        if (!photo) {
            model_row(self, coder, p, width, encoding);
            continue;
        }
        for (int x = 0; x < width; x++) {
            const struct model_around a = model_look_around(p + x);
            p[x] = model_spell(&self->photo, coder, &a, p[x], encoding);
        }
    }
}
