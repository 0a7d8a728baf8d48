#include "encode/content.h"

#include <string.h>

#include "video/cell_hash.h"

/* Four pixels; and what holds of each of them, 0 or -1. */
typedef uint8_t pixels4 __attribute__((vector_size(16)));
typedef int32_t flags4 __attribute__((vector_size(16)));

/* In which of the pixels one of the three channels is not 0. */
static flags4 any(pixels4 bytes)
{
    return ((flags4)bytes & 0x00FFFFFF) != 0;
}

static pixels4 load(const uint8_t *p)
{
    pixels4 v;
    memcpy(&v, p, sizeof v);
    return v;
}

static pixels4 larger(pixels4 a, pixels4 b)
{
    pixels4 first = (pixels4)(a > b);
    return (a & first) | (b & ~first);
}

static pixels4 smaller(pixels4 a, pixels4 b)
{
    pixels4 first = (pixels4)(a < b);
    return (a & first) | (b & ~first);
}

static pixels4 distance(pixels4 a, pixels4 b)
{
    return larger(a, b) - smaller(a, b);
}

/* Four counters of each kind. */
struct sums {
    flags4 repeats, strokes, steps, bumps, jumps, sharp, grain;
};

static void add(struct sums *sums, const uint8_t *now, const uint8_t *above)
{
    pixels4 p = load(now), w = load(now - 4), n = load(above), nw = load(above - 4);
    pixels4 dw = distance(p, w), dn = distance(p, n);
    flags4 off_w = any(dw), off_n = any(dn);
    flags4 sharp_w = any((pixels4)(dw >= 40)), sharp_n = any((pixels4)(dn >= 40));
    pixels4 bend = (p - w) - (n - nw) + 2; /* modulo 256, which errs seldom enough */
    sums->repeats -= ~off_w | ~off_n;
    sums->strokes -= (~off_w & sharp_n) | (~off_n & sharp_w);
    sums->steps -= any((pixels4)(larger(dw, dn) >= 3));
    flags4 bump = any((pixels4)(bend > 4));
    sums->bumps -= bump;
    sums->grain -= bump & off_w & off_n & ~sharp_w & ~sharp_n;
    sums->jumps -= any((pixels4)(smaller(dw, dn) >= 6));
    sums->sharp -= sharp_w | sharp_n;
}

static uint8_t total(flags4 sum)
{
    return (uint8_t)(sum[0] + sum[1] + sum[2] + sum[3]);
}

struct content content_of(const uint8_t *pixels, size_t stride)
{
    static const unsigned char first[] = {1, 5, 9, 12}; /* each pixel with one to its left; one of them twice */
    struct sums sums = {.repeats = {0}};
    for (int y = 1; y < CELL_SIZE; y++) {
        const uint8_t *above = pixels;
        pixels += stride;
        for (size_t i = 0; i < sizeof first; i++)
            add(&sums, pixels + 4 * first[i], above + 4 * first[i]);
    }
    return (struct content){
        .repeats = total(sums.repeats),
        .strokes = total(sums.strokes),
        .steps = total(sums.steps),
        .bumps = total(sums.bumps),
        .jumps = total(sums.jumps),
        .sharp = total(sums.sharp),
        .grain = total(sums.grain),
    };
}

/* The limits were found by trial on recordings of desktops, pages, terminals and videos. */
#define FLAT 225       /* repeats */
#define STROKES 9      /* of a glyph; in photographs equal neighbours beside a sharp edge are rare */
#define STROKES_TIP 2  /* of a glyph's tip in the corner of a cell that is */
#define REPEATS_TIP 60 /* otherwise much the same */
#define GRAIN 20       /* of a source that has been through a lossy codec, whatever it shows */
#define STEPS 12
#define BUMPS 3

enum content_kind content_kind(const struct content *c)
{
    if (c->repeats > FLAT || c->strokes > STROKES)
        return CONTENT_DRAWN;
    if (c->grain >= GRAIN)
        return CONTENT_PHOTO;
    if (2 * c->sharp > c->steps + 2 || (c->strokes > STROKES_TIP && c->repeats > REPEATS_TIP))
        return CONTENT_DRAWN;
    return c->steps >= STEPS && c->bumps >= BUMPS ? CONTENT_PHOTO : CONTENT_SMOOTH;
}

unsigned content_exact_bytes(const struct content *c)
{
    unsigned others = CONTENT_PIXELS - c->repeats;
    return 2 + (3 * others + 3u * c->steps + 6u * c->jumps + 3u * c->sharp) / 8;
}
