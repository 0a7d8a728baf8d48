/* Colours spelled out as the error of a prediction: photographs, and what in drawn content nothing else explains; the
 * same for encoder and decoder (docs/update-format.md, "Spelling out"). No C library here. */
#pragma once

#include "encode/range_coder.h"
#include "encode/update_format.h"

/* A tile with the pixels around it: two lines above, two columns to the left and one to the right. */
#define MODEL_STRIDE (UPDATE_TILE_CELLS * UPDATE_CELL + 3)
#define MODEL_ROOM (MODEL_STRIDE * (UPDATE_TILE_CELLS * UPDATE_CELL + 2))

#define SPELL_CONTEXTS 10
#define SPELL_REPLICATED 9 /* chroma that probably stands beside itself */

struct spell_model {
    struct range_symbols error[3][SPELL_CONTEXTS]; /* green (Y), red (U), blue (V) */
};

static inline void spell_model_init(struct spell_model *self)
{
    range_symbols_init(&self->error[0][0], 3 * SPELL_CONTEXTS);
}

RANGE_INLINE int spell_channel(uint32_t colour, int shift)
{
    return (int)(colour >> shift & 255);
}

RANGE_INLINE int spell_distance(uint32_t a, uint32_t b, int shift)
{
    int d = spell_channel(a, shift) - spell_channel(b, shift);
    return d < 0 ? -d : d;
}

/* The median edge detector of LOCO-I: the gradient, or the neighbour across an edge. */
RANGE_INLINE int spell_predict(const uint32_t *p, int shift)
{
    int w = spell_channel(p[-1], shift), n = spell_channel(p[-MODEL_STRIDE], shift);
    int nw = spell_channel(p[-MODEL_STRIDE - 1], shift);
    int low = w < n ? w : n, high = w < n ? n : w, gradient = w + n - nw;
    gradient = gradient < low ? low : gradient;
    return gradient > high ? high : gradient;
}

RANGE_INLINE unsigned spell_length(unsigned v)
{
    return v ? 32u - (unsigned)__builtin_clz(v) : 0;
}

RANGE_INLINE uint8_t spell_fold(int error)
{
    int8_t e = (int8_t)error;
    return (uint8_t)(e < 0 ? -2 * e - 1 : 2 * e);
}

RANGE_INLINE int spell_unfold(unsigned folded)
{
    return folded & 1 ? -(int)(folded / 2) - 1 : (int)(folded / 2);
}

/* 0 to 5 are symbols themselves; then there are two for each power of two, and the last one is 128 and more. */
RANGE_INLINE unsigned spell_error(struct range_coder *coder, struct range_symbols *set, unsigned folded,
                                  const bool encoding)
{
    unsigned symbol = folded, length;
    if (encoding && folded >= 6) {
        length = spell_length(folded);
        symbol = length == 8 ? 15 : 2 * length - 1 + (folded >> (length - 2) & 1);
    }
    symbol = range_symbol(coder, set, symbol, encoding);
    if (symbol < 6)
        return symbol;
    unsigned bits = symbol == 15 ? 7 : (symbol + 1) / 2 - 2;
    unsigned first = symbol == 15 ? 128 : (2 + ((symbol + 1) & 1)) << bits;
    return first + range_even(coder, folded - first, bits, encoding);
}

/* How rough a channel is around the pixel: 0..8. */
RANGE_INLINE unsigned spell_rough(const uint32_t *p, int shift)
{
    unsigned rough = (unsigned)(spell_distance(p[-1], p[-MODEL_STRIDE - 1], shift) +
                                spell_distance(p[-MODEL_STRIDE - 1], p[-MODEL_STRIDE], shift) +
                                spell_distance(p[-MODEL_STRIDE], p[1 - MODEL_STRIDE], shift));
    return spell_length(rough > 255 ? 255 : rough);
}

/* Red and blue: where green's error was large theirs will be, too. Chroma: as rough as it was around. */
RANGE_INLINE unsigned spell_context(const uint32_t *p, int shift, unsigned length, bool yuv, bool odd)
{
    return !yuv ? length : odd ? SPELL_REPLICATED : spell_rough(p, shift);
}

/* Decodes the pixel at `p`, or codes it; returns it. odd: of the column. */
RANGE_INLINE uint32_t spell(struct spell_model *self, struct range_coder *coder, const uint32_t *p, bool yuv, bool odd,
                            const bool encoding)
{
    int predicted[3] = {spell_predict(p, 8), spell_predict(p, 16), spell_predict(p, 0)};
    int error = encoding ? spell_channel(*p, 8) - predicted[0] : 0;
    unsigned folded = spell_error(coder, &self->error[0][spell_rough(p, 8)], spell_fold(error), encoding);
    unsigned length = spell_length(folded), longer;
    uint8_t green = (uint8_t)(predicted[0] + spell_unfold(folded));
    int shared = yuv ? 0 : spell_unfold(folded);
    error = encoding ? spell_channel(*p, 16) - predicted[1] - shared : 0;
    folded = spell_error(coder, &self->error[1][spell_context(p, 16, length, yuv, odd)], spell_fold(error), encoding);
    uint8_t red = (uint8_t)(predicted[1] + shared + spell_unfold(folded));
    longer = spell_length(folded) > length ? spell_length(folded) : length;
    error = encoding ? spell_channel(*p, 0) - predicted[2] - shared : 0;
    folded = spell_error(coder, &self->error[2][spell_context(p, 0, longer, yuv, odd)], spell_fold(error), encoding);
    uint8_t blue = (uint8_t)(predicted[2] + shared + spell_unfold(folded));
    return (uint32_t)red << 16 | (uint32_t)green << 8 | blue;
}

#define SPELL_ROOM (UPDATE_TILE_CELLS * UPDATE_CELL)

/* A row's errors, folded, and how rough each channel is there, none of which has to wait for the coder when all pixels
 * are known. Channel by channel and in loops without branches, which compilers turn into vectors. */
struct spell_line {
    uint8_t folded[3][SPELL_ROOM];
    uint8_t rough[3][SPELL_ROOM]; /* not yet as lengths */
};

static inline void spell_look(struct spell_line *self, const uint32_t *p, int width, bool yuv)
{
    static const uint8_t shift[3] = {8, 16, 0};
    int16_t here[SPELL_ROOM + 1], up[SPELL_ROOM + 2], errors[3][SPELL_ROOM];
    for (int k = 0; k < 3; k++) {
        for (int x = 0; x <= width; x++)
            here[x] = (int16_t)(p[x - 1] >> shift[k] & 255);
        for (int x = 0; x <= width + 1; x++)
            up[x] = (int16_t)(p[x - 1 - MODEL_STRIDE] >> shift[k] & 255);
        for (int x = 0; x < width; x++) {
            int16_t w = here[x], n = up[x + 1], nw = up[x];
            int16_t low = w < n ? w : n, high = w < n ? n : w, guess = (int16_t)(w + n - nw);
            guess = guess < low ? low : guess;
            guess = guess > high ? high : guess;
            errors[k][x] = (int16_t)(here[x + 1] - guess);
        }
        for (int x = 0; (k == 0 || yuv) && x < width; x++) {
            int16_t west = (int16_t)(here[x] - up[x]), middle = (int16_t)(up[x] - up[x + 1]);
            int16_t east = (int16_t)(up[x + 1] - up[x + 2]);
            int16_t rough =
                (int16_t)((west < 0 ? -west : west) + (middle < 0 ? -middle : middle) + (east < 0 ? -east : east));
            self->rough[k][x] = (uint8_t)(rough > 255 ? 255 : rough);
        }
    }
    for (int k = 0; k < 3; k++)
        for (int x = 0; x < width; x++) {
            int16_t error = (int16_t)(errors[k][x] - (k > 0 && !yuv ? errors[0][x] : 0));
            error = (int16_t)((uint16_t)error << 8) >> 8;
            self->folded[k][x] = (uint8_t)(error * 2 ^ error >> 15);
        }
}

RANGE_INLINE void spell_encode_row(struct spell_model *self, struct range_coder *coder, const uint32_t *p, int width,
                                   bool yuv)
{
    struct spell_line line;
    spell_look(&line, p, width, yuv);
    for (int x = 0; x < width; x++) {
        unsigned green = line.folded[0][x], red = line.folded[1][x], blue = line.folded[2][x];
        unsigned at_red = spell_length(green), at_blue = spell_length(green | red); /* the longer of both */
        if (yuv) {
            at_red = x & 1 ? SPELL_REPLICATED : spell_length(line.rough[1][x]);
            at_blue = x & 1 ? SPELL_REPLICATED : spell_length(line.rough[2][x]);
        }
        spell_error(coder, &self->error[0][spell_length(line.rough[0][x])], green, true);
        spell_error(coder, &self->error[1][at_red], red, true);
        spell_error(coder, &self->error[2][at_blue], blue, true);
    }
}

/* A row of a photograph. */
static inline void spell_row(struct spell_model *self, struct range_coder *coder, uint32_t *p, int width, bool yuv,
                             const bool encoding)
{
    struct range_coder here;
    range_coder_take_out(&here, coder);
    if (encoding)
        spell_encode_row(self, &here, p, width, yuv);
    for (int x = 0; !encoding && x < width; x++)
        p[x] = spell(self, &here, p + x, yuv, x & 1, false);
    range_coder_put_back(coder, &here, encoding);
}
