/* A tile row by row, the same for encoder and decoder (docs/update-format.md, "Mode 5"). Decisions about single pixels
 * take time, so what can be is said of several: that they are all of one colour, or that they are what followed the
 * pixels around them before. No C library here. */
#pragma once

#include "encode/tile_model.h"

#define MODEL_FLAT 8 /* a stretch of one colour below and beside pixels of that colour is coded as one bit */

typedef uint32_t model_lanes __attribute__((vector_size(16), aligned(4), may_alias));

RANGE_INLINE model_lanes model_load(const uint32_t *p)
{
    return *(const model_lanes *)p;
}

RANGE_INLINE void model_store(uint32_t *p, model_lanes colours)
{
    *(model_lanes *)p = colours;
}

RANGE_INLINE bool model_none(model_lanes bits)
{
    range_halves halves = (range_halves)bits;
    return (halves[0] | halves[1]) == 0;
}

/* All eight pixels at `p` have this colour. */
RANGE_INLINE bool model_are(const uint32_t *p, uint32_t colour)
{
    return model_none((model_load(p) ^ colour) | (model_load(p + 4) ^ colour));
}

/* What stands above the `width` pixels at `p`, and beside, makes it likely that eight of them have the colour before.
 */
RANGE_INLINE bool model_is_flat(const uint32_t *p, int width)
{
    const uint32_t *above = p - MODEL_STRIDE;
    uint32_t colour = p[-1];
    return width >= MODEL_FLAT && p[-2] == colour && above[-1] == colour && above[MODEL_FLAT] == colour &&
           model_are(above, colour);
}

/* ... or even so many; the first eight are known. */
RANGE_INLINE int model_flat_length(const uint32_t *p, int width)
{
    const uint32_t *above = p - MODEL_STRIDE;
    int length = MODEL_FLAT;
    while (length + MODEL_FLAT <= width && above[length + MODEL_FLAT] == p[-1] && model_are(above + length, p[-1]))
        length += MODEL_FLAT;
    return length;
}

/* The outcome of the last such decision tells much about this one. */
RANGE_INLINE bool model_flat(struct range_prob *probs, bool *last, struct range_coder *here, uint32_t *p, int length,
                             const bool encoding)
{
    uint32_t colour = p[-1];
    bool flat = encoding;
    for (int i = 0; flat && i < length; i += MODEL_FLAT)
        flat = model_are(p + i, colour);
    flat = *last = range_bit(here, &probs[*last], flat, encoding);
    for (int i = 0; !encoding && flat && i < length; i += 4)
        model_store(p + i, (model_lanes){colour, colour, colour, colour});
    return flat;
}

/* The neighbours move along in registers: what was just stored is not yet there to be loaded. */
RANGE_INLINE void model_pixels(struct tile_model *self, struct range_coder *here, struct range_coder *coder,
                               uint32_t *p, int x, int stop, bool yuv, const bool encoding)
{
    struct model_around a = {.w = p[x - 1], .n = p[x - MODEL_STRIDE], .nw = p[x - MODEL_STRIDE - 1], .ww = p[x - 2]};
    for (; x < stop; x++) {
        a.ne = p[x + 1 - MODEL_STRIDE];
        a.nn = p[x - 2 * MODEL_STRIDE];
        p[x] = model_pixel(self, here, coder, &a, p + x, yuv, x & 1, encoding);
        a.ww = a.w;
        a.w = p[x];
        a.nw = a.n;
        a.n = a.ne;
    }
}

/* Only W and WW are known late: all else is computed while the pixels before are still being decoded. */
RANGE_INLINE uint32_t model_span_hash(const uint32_t *p, const int count)
{
    const uint32_t *n = p - MODEL_STRIDE, *nn = n - MODEL_STRIDE;
    const model_lanes first = {0xC2B2AE3Du, 0x85EBCA77u, 0x9E3779B1u, 0x27D4EB2Fu};
    const model_lanes second = {0x2C1B3C6Du, 0x7FEB352Du, 0x846CA68Bu, 0x68E31DA5u};
    const model_lanes third = {0x1B56C4E9u, 0x3C6EF373u, 0xDAA66D2Bu, 0x8DA6B343u};
    const model_lanes fourth = {0xCB1AB31Fu, 0x63A1F2A5u, 0xA0761D65u, 0xE7037ED1u};
    const model_lanes last = {0, 0xB5297A4Du, 0xD8163841u, 0x94D049BBu}; /* that pixel is among those before */
    model_lanes sum = model_load(n - 2) * first + model_load(nn) * third;
    if (count == 8)
        sum += model_load(n + 2) * second + model_load(nn + 4) * fourth;
    sum += model_load(n + count - 3) * last;
    return model_mix(sum[0] + sum[1] + sum[2] + sum[3] + p[-1] * 0xD3A2646Du + p[-2] * 0x165667B1u);
}

/* Codes the `count` pixels at `p` if they are those of the entry, else changes nothing. */
RANGE_INLINE bool model_span(uint32_t *entry, struct range_prob *probs, uint32_t tag, struct range_coder *here,
                             uint32_t *p, const int count, const bool encoding)
{
    uint32_t level = entry[0] >> 24, found = entry[1] >> 24 << 16 | entry[2] >> 24 << 8 | entry[3] >> 24;
    if (level == MODEL_EMPTY || found != tag)
        return false;
    model_lanes left = model_load(entry) & 0xFFFFFF, right = count == 8 ? model_load(entry + 4) : left;
    bool same = encoding && model_none((left ^ model_load(p)) | (right ^ model_load(p + count - 4)));
    if (!range_bit(here, &probs[level], same, encoding))
        return false;
    entry[0] += (uint32_t)(level < MODEL_CONFIDENT) << 24;
    if (!encoding) {
        model_store(p, left);
        model_store(p + count - 4, right);
    }
    return true;
}

RANGE_INLINE void model_span_learn(uint32_t *entry, uint32_t tag, const uint32_t *p, const int count)
{
    const model_lanes above = {0, tag >> 16 << 24, tag >> 8 << 24, tag << 24};
    model_store(entry, model_load(p) | above);
    if (count == 8)
        model_store(entry + 4, model_load(p + 4));
}

RANGE_INLINE void model_four(struct tile_model *self, struct range_coder *here, struct range_coder *coder, uint32_t *p,
                             int x, bool yuv, const bool encoding)
{
    uint32_t hash = model_span_hash(p + x, 4), tag = hash & 0xFFFFFF;
    uint32_t *entry = self->spans.four[hash >> (32 - MODEL_SPAN_BITS)];
    if (model_span(entry, self->spans.is_four, tag, here, p + x, 4, encoding))
        return;
    model_pixels(self, here, coder, p, x, x + 4, yuv, encoding);
    model_span_learn(entry, tag, p + x, 4);
}

RANGE_INLINE void model_eight(struct tile_model *self, struct range_coder *here, struct range_coder *coder, uint32_t *p,
                              int x, bool yuv, const bool encoding)
{
    uint32_t hash = model_span_hash(p + x, 8), tag = hash & 0xFFFFFF;
    uint32_t *entry = self->spans.eight[hash >> (32 - MODEL_SPAN_BITS)];
    if (model_span(entry, self->spans.is_eight, tag, here, p + x, 8, encoding))
        return;
    for (int i = 0; i < 8; i += 4)
        model_four(self, here, coder, p, x + i, yuv, encoding);
    model_span_learn(entry, tag, p + x, 8);
}

/* Codes `width` pixels at p, or decodes them into it. */
static inline void model_row(struct tile_model *self, struct range_coder *coder, uint32_t *p, int width, bool yuv,
                             const bool encoding)
{
    struct range_coder here;
    range_coder_take_out(&here, coder);
    int asked = 0; /* whether pixels are flat was asked up to here, all together */
    for (int x = 0; x < width;) {
        int left = width - x;
        if (model_is_flat(p + x, left)) {
            int length = x < asked ? MODEL_FLAT : model_flat_length(p + x, left);
            asked = x + length > asked ? x + length : asked;
            if (length > MODEL_FLAT &&
                model_flat(self->long_flat, &self->was_long_flat, &here, p + x, length, encoding)) {
                x += length;
                continue;
            }
            if (model_flat(self->flat, &self->was_flat, &here, p + x, MODEL_FLAT, encoding)) {
                x += MODEL_FLAT;
                continue;
            }
        }
        if (left >= 8) {
            model_eight(self, &here, coder, p, x, yuv, encoding);
            x += 8;
        } else if (left >= 4) {
            model_four(self, &here, coder, p, x, yuv, encoding);
            x += 4;
        } else {
            model_pixels(self, &here, coder, p, x, width, yuv, encoding);
            x = width;
        }
    }
    range_coder_put_back(coder, &here, encoding);
}

/* Codes the width x height pixels at `first` (two rows and columns into such an array), or decodes them into it. */
RANGE_INLINE void model_tile(struct tile_model *self, struct range_coder *coder, uint32_t *first, int width, int height,
                             bool photo, bool yuv, const bool encoding)
{
    for (int y = 0; y < height; y++, first += MODEL_STRIDE)
        if (photo)
            spell_row(&self->photo, coder, first, width, yuv, encoding);
        else
            model_row(self, coder, first, width, yuv, encoding);
}
