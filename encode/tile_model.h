/* What the entropy coder expects of drawn content, the same for encoder and decoder (docs/update-format.md, "Modelled
 * tiles"). Screens repeat themselves: the same neighbours are most often followed by the same colour again, wherever
 * the glyph or the edge stands. So each pixel is first guessed from what followed its neighbourhood before, the wider
 * one first, and only when all guesses fail its colour is spelled out. Where that goes well, several pixels are guessed
 * at once (encode/tile_rows.h). No C library here. */
#pragma once

#include "encode/tile_spell.h"

#define MODEL_WIDE_BITS 16
#define MODEL_NEAR_BITS 13
#define MODEL_PAIR_BITS 11
#define MODEL_SPAN_BITS 13
#define MODEL_NONE 0xFF000000u /* no colour: those have 0 there */
#define MODEL_CONFIDENT 15
#define MODEL_LEVELS (MODEL_CONFIDENT + 1)

/* What followed a neighbourhood: the last colour and another one before it. */
struct model_entry {
    uint32_t colour[2];
    uint16_t tag; /* other bits of the neighbourhood's hash */
    uint16_t confidence;
    uint32_t unused; /* a size that keeps an entry from straddling lines of the cache */
};

/* Only the last. */
struct model_wide {
    uint32_t colour;
    uint16_t tag, confidence;
};

/* A tile's place, shape and mode, which are mostly like those of the last one. */
struct model_head {
    struct range_symbols way, x, y, shape, mode[8];
    uint32_t last_x, last_y, last_w, last_h, last_mode;
};

/* What four and eight pixels followed: their colours. Above those stand the confidence, which is MODEL_EMPTY when there
 * are none, and a tag of 24 bits, so that all comes with one line of the cache. */
struct model_spans {
    uint32_t four[1 << MODEL_SPAN_BITS][4];
    uint32_t eight[1 << MODEL_SPAN_BITS][8];
    struct range_prob is_four[MODEL_LEVELS], is_eight[MODEL_LEVELS];
};

#define MODEL_EMPTY 0xFFu

struct tile_model {
    struct model_wide wide[1 << MODEL_WIDE_BITS];  /* nine neighbours */
    struct model_entry near[1 << MODEL_NEAR_BITS]; /* W, N, NW, NE, WW, NN */
    struct model_entry pair[1 << MODEL_PAIR_BITS]; /* W, N */
    struct model_spans spans;
    uint32_t table[256]; /* colours spelled out, by hash */
    struct range_prob wide_first[MODEL_LEVELS * 4], near_first[MODEL_LEVELS * 4], near_second[MODEL_LEVELS];
    struct range_prob pair_first[MODEL_LEVELS * 2], pair_second[MODEL_LEVELS];
    struct range_prob flat[2], long_flat[2], west, north, in_table[3];
    struct range_symbols high, low[16]; /* halves of a place in the table */
    struct spell_model mixed, photo;
    struct model_head head;
    bool was_flat, was_long_flat; /* the last stretch that could be */
};

static inline void model_entries_init(struct model_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct model_entry){.colour = {MODEL_NONE, MODEL_NONE}};
}

static inline void model_spans_init(struct model_spans *self)
{
    for (int i = 0; i < 1 << MODEL_SPAN_BITS; i++)
        self->four[i][0] = self->eight[i][0] = MODEL_EMPTY << 24;
    range_prob_init(self->is_four, 1, 20000);
    range_prob_init(self->is_four + 1, MODEL_LEVELS - 1, 6000);
    range_prob_init(self->is_eight, 1, 20000);
    range_prob_init(self->is_eight + 1, MODEL_LEVELS - 1, 6000);
}

static inline void model_head_init(struct model_head *self)
{
    range_symbols_init(&self->way, 1);
    range_symbols_init(&self->x, 1);
    range_symbols_init(&self->y, 1);
    range_symbols_init(&self->shape, 1);
    range_symbols_init(self->mode, 8);
    self->last_x = self->last_y = self->last_w = self->last_h = self->last_mode = 0;
}

/* What is usual to begin with: averages over recordings of many kinds, rounded. */
static inline void model_probs_init(struct tile_model *self)
{
    range_prob_init(self->wide_first, 4, 12000);
    range_prob_init(self->wide_first + 4, 4 * MODEL_LEVELS - 8, 6000);
    range_prob_init(self->wide_first + 4 * MODEL_CONFIDENT, 4, 1000);
    range_prob_init(self->near_first, 4, 20000);
    range_prob_init(self->near_first + 4, 4 * MODEL_LEVELS - 8, 6000);
    range_prob_init(self->near_first + 4 * MODEL_CONFIDENT, 4, 1500);
    range_prob_init(self->near_second, MODEL_LEVELS, 26000);
    range_prob_init(self->pair_first, 2 * MODEL_LEVELS, 16000);
    range_prob_init(self->pair_second, MODEL_LEVELS, 36000);
    range_prob_init(&self->flat[0], 1, 24000);
    range_prob_init(&self->flat[1], 1, 3000);
    range_prob_init(&self->long_flat[0], 1, 24000);
    range_prob_init(&self->long_flat[1], 1, 3000);
    range_prob_init(&self->west, 1, 45000);
    range_prob_init(&self->north, 1, 45000);
    range_prob_init(self->in_table, 3, 24000);
}

static inline void tile_model_init(struct tile_model *self)
{
    for (int i = 0; i < 1 << MODEL_WIDE_BITS; i++)
        self->wide[i] = (struct model_wide){.colour = MODEL_NONE};
    model_entries_init(self->near, 1 << MODEL_NEAR_BITS);
    model_entries_init(self->pair, 1 << MODEL_PAIR_BITS);
    model_spans_init(&self->spans);
    for (int i = 0; i < 256; i++)
        self->table[i] = MODEL_NONE;
    model_probs_init(self);
    range_symbols_init(&self->high, 1);
    range_symbols_init(self->low, 16);
    spell_model_init(&self->mixed);
    spell_model_init(&self->photo);
    model_head_init(&self->head);
    self->was_flat = self->was_long_flat = true;
}

/* Colours are 0x00RRGGBB. */
struct model_around {
    uint32_t w, n, nw, ne, ww, nn;
};

RANGE_INLINE uint32_t model_mix(uint32_t sum)
{
    return (sum ^ sum >> 15) * 0x2C1B3C6Du;
}

/* Sums of products rather than chains of steps: only W is known late, and only one product waits for it. */
RANGE_INLINE uint32_t model_near_sum(const struct model_around *a)
{
    return a->n * 0x9E3779B1u + a->ne * 0x85EBCA77u + a->nw * 0xC2B2AE3Du + a->nn * 0x27D4EB2Fu + a->ww * 0x165667B1u +
           a->w * 0xD3A2646Du;
}

RANGE_INLINE uint32_t model_wide_sum(const uint32_t *p)
{
    return p[-2 * MODEL_STRIDE - 1] * 0x7FEB352Du + p[1 - 2 * MODEL_STRIDE] * 0x846CA68Bu +
           p[-MODEL_STRIDE - 2] * 0x68E31DA5u;
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
        entry->confidence = (uint16_t)(entry->confidence + (entry->confidence < MODEL_CONFIDENT));
    else {
        entry->colour[1] = entry->colour[0];
        entry->colour[0] = colour;
        entry->confidence = 0;
    }
}

/* The colour at `p` by its place in the table of colours spelled out before, or anew. */
static inline uint32_t model_rare(struct tile_model *self, struct range_coder *coder, const uint32_t *p, bool yuv,
                                  bool odd, const bool encoding)
{
    uint32_t w = p[-1], n = p[-MODEL_STRIDE], nw = p[-MODEL_STRIDE - 1];
    unsigned slot = encoding ? model_slot(*p) : 0;
    struct range_prob *known = &self->in_table[(w == n) + (n == nw)];
    if (range_bit(coder, known, encoding && self->table[slot] == *p, encoding)) {
        unsigned high = range_symbol(coder, &self->high, slot >> 4, encoding);
        slot = high << 4 | range_symbol(coder, &self->low[high], slot & 15, encoding);
        return self->table[slot] & 0xFFFFFF;
    }
    uint32_t colour = spell(&self->mixed, coder, p, yuv, odd, encoding);
    self->table[model_slot(colour)] = colour;
    return colour;
}

/* Guesses from W and N, and these themselves; `tried` are two colours that it is not. */
static inline uint32_t model_far(struct tile_model *self, struct range_coder *coder, const uint32_t *p,
                                 const uint32_t *tried, bool yuv, bool odd, const bool encoding)
{
    uint32_t w = p[-1], n = p[-MODEL_STRIDE], hash = model_mix(n * 0x9E3779B1u + w * 0xD3A2646Du);
    struct model_entry *entry = &self->pair[hash >> (32 - MODEL_PAIR_BITS)];
    uint16_t tag = (uint16_t)hash;
    uint32_t guess[4] = {MODEL_NONE, MODEL_NONE, w, n};
    struct range_prob *prob[4] = {NULL, NULL, &self->west, &self->north};
    if (entry->tag == tag) {
        guess[0] = entry->colour[0];
        guess[1] = entry->colour[1];
        prob[0] = &self->pair_first[entry->confidence * 2 + (guess[0] == w)];
        prob[1] = &self->pair_second[entry->confidence];
    }
    for (int i = 0; i < 4; i++) {
        bool known = guess[i] == MODEL_NONE || guess[i] == tried[0] || guess[i] == tried[1];
        for (int k = 0; k < i; k++)
            known |= guess[k] == guess[i];
        if (!known && range_bit(coder, prob[i], *p == guess[i], encoding)) {
            model_learn(entry, tag, guess[i]);
            return guess[i];
        }
    }
    uint32_t colour = model_rare(self, coder, p, yuv, odd, encoding);
    model_learn(entry, tag, colour);
    return colour;
}

/* The pixel at `p` is not what followed its neighbours last. Kept out of the hot loop. */
static __attribute__((noinline)) uint32_t model_miss(struct tile_model *self, struct range_coder *coder,
                                                     const uint32_t *p, struct model_entry *near, uint16_t tag,
                                                     bool yuv, bool odd, const bool encoding)
{
    uint32_t tried[2] = {MODEL_NONE, MODEL_NONE};
    if (near->tag == tag && near->colour[0] != MODEL_NONE) {
        tried[0] = near->colour[0];
        tried[1] = near->colour[1];
        if (tried[1] != MODEL_NONE &&
            range_bit(coder, &self->near_second[near->confidence], *p == tried[1], encoding)) {
            near->colour[1] = tried[0];
            near->colour[0] = tried[1];
            near->confidence = 0;
            return tried[1];
        }
    }
    uint32_t colour = model_far(self, coder, p, tried, yuv, odd, encoding);
    model_learn(near, tag, colour);
    return colour;
}

/* `here` is the copy of `coder` that the hot loop works on. */
RANGE_INLINE uint32_t model_pixel(struct tile_model *self, struct range_coder *here, struct range_coder *coder,
                                  const struct model_around *a, const uint32_t *p, bool yuv, bool odd,
                                  const bool encoding)
{
    uint32_t sum = model_near_sum(a), hash = model_mix(sum), wide_hash = model_mix(sum + model_wide_sum(p));
    struct model_entry *near = &self->near[hash >> (32 - MODEL_NEAR_BITS)];
    struct model_wide *wide = &self->wide[wide_hash >> (32 - MODEL_WIDE_BITS)];
    uint16_t tag = (uint16_t)hash, wide_tag = (uint16_t)wide_hash;
    uint32_t near_guess = near->tag == tag ? near->colour[0] : MODEL_NONE, guess = MODEL_NONE;
    if (wide->tag == wide_tag && wide->colour != MODEL_NONE) {
        guess = wide->colour;
        unsigned context = wide->confidence * 4u + (guess == near_guess) * 2u + (guess == a->w);
        if (range_bit(here, &self->wide_first[context], *p == guess, encoding)) {
            wide->confidence = (uint16_t)(wide->confidence + (wide->confidence < MODEL_CONFIDENT));
            model_learn(near, tag, guess);
            return guess;
        }
    }
    uint32_t colour = near_guess;
    unsigned context = near->confidence * 4u + (colour == a->w) * 2u + (colour == a->n);
    if (colour != guess && colour != MODEL_NONE &&
        range_bit(here, &self->near_first[context], *p == colour, encoding)) {
        model_learn(near, tag, colour);
    } else {
        range_coder_put_back(coder, here, encoding);
        colour = model_miss(self, coder, p, near, tag, yuv, odd, encoding);
        range_coder_take_out(here, coder);
    }
    *wide = (struct model_wide){.colour = colour, .tag = wide_tag};
    return colour;
}

/* How a tile's place is told. */
enum model_way {
    MODEL_BESIDE, /* right of the last tile */
    MODEL_BELOW,  /* below the last tile */
    MODEL_ROW,    /* in the last one's row: x follows */
    MODEL_ANYWHERE,
};

/* A tile's place and shape in cells, and its mode. */
struct model_place {
    uint32_t x, y, w, h, mode;
};

/* Where something moves to from `from`, by a folded difference. What decodes to something beyond any canvas is the
 * caller's to refuse. */
RANGE_INLINE uint32_t model_move(struct range_coder *coder, struct range_symbols *set, uint32_t from, uint32_t to,
                                 const bool encoding)
{
    uint32_t by = encoding ? to - from : 0;
    uint32_t folded = range_number(coder, set, by << 1 ^ -(by >> 31), encoding);
    return from + (folded & 1 ? -(folded / 2) - 1 : folded / 2);
}

RANGE_INLINE unsigned model_way(const struct model_head *self, const struct model_place *to)
{
    if (to->y == self->last_y)
        return to->x == self->last_x + self->last_w ? MODEL_BESIDE : MODEL_ROW;
    return to->x == self->last_x && to->y == self->last_y + self->last_h ? MODEL_BELOW : MODEL_ANYWHERE;
}

static inline void model_place(struct model_head *self, struct range_coder *coder, struct model_place *place,
                               const bool encoding)
{
    unsigned way = range_symbol(coder, &self->way, encoding ? model_way(self, place) : 0, encoding);
    uint32_t x = self->last_x + (way == MODEL_BESIDE ? self->last_w : 0);
    uint32_t y = self->last_y + (way == MODEL_BELOW ? self->last_h : 0);
    if (way >= MODEL_ROW)
        x = model_move(coder, &self->x, x, place->x, encoding);
    if (way >= MODEL_ANYWHERE)
        y = model_move(coder, &self->y, y, place->y, encoding);
    unsigned shape = encoding ? (place->w - 1) | (place->h - 1) << 2 : 0;
    shape = range_symbol(coder, &self->shape, shape, encoding);
    unsigned mode = range_symbol(coder, &self->mode[self->last_mode & 7], place->mode, encoding);
    *place = (struct model_place){.x = x, .y = y, .w = (shape & 3) + 1, .h = (shape >> 2) + 1, .mode = mode};
    self->last_x = place->x;
    self->last_y = place->y;
    self->last_w = place->w;
    self->last_h = place->h;
    self->last_mode = place->mode;
}
