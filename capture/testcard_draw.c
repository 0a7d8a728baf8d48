#include "capture/testcard_draw.h"

#include <stddef.h>
#include <string.h>

#include "capture/testcard.h"
#include "core/attrs.h"

const uint32_t testcard_colours[16] = {
    0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500, 0xaaaaaa,
    0x555555, 0x5555ff, 0x55ff55, 0x55ffff, 0xff5555, 0xff55ff, 0xffff55, 0xffffff,
};

static const uint32_t bars[8] = {0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x000000};

/* Bars above, a grey ramp in the middle, fine patterns below; a white line round it all shows a cut edge. */
static uint32_t background(int x, int y, int width, int height)
{
    if (x == 0 || y == 0 || x == width - 1 || y == height - 1)
        return 0xffffff;
    if (y < height / 2)
        return bars[x * 8 / width];
    if (y < height * 5 / 8)
        return (uint32_t)(x * 255 / width) * 0x010101;
    if (y < height * 3 / 4)
        return (x ^ y) & 1 ? 0xffffff : 0x000000;
    if (y < height * 7 / 8)
        return x / 2 & 1 ? 0xc0c0c0 : 0x202060;
    return (uint32_t)(y * 255 / height) << 16 | (uint32_t)(x * 255 / width) << 8 | 0x40;
}

static void put(const struct testcard_canvas *c, int x, int y, uint32_t rgb)
{
    uint32_t bgrx = rgb; /* little endian in memory: B, G, R, x */
    uint8_t bytes[4] = {(uint8_t)bgrx, (uint8_t)(bgrx >> 8), (uint8_t)(bgrx >> 16), 0};
    memcpy(c->pixels + (size_t)y * c->stride + (size_t)x * 4, bytes, sizeof bytes);
}

static void draw_background(const struct testcard_canvas *c, struct rect r)
{
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            put(c, x, y, background(x, y, c->width, c->height));
}

/* A place that runs to and fro between 0 and range. */
static int bounce(uint32_t step, int range)
{
    if (range <= 0)
        return 0;
    int at = (int)(step % (2u * (unsigned)range));
    return at < range ? at : 2 * range - at;
}

void testcard_parts(int width, int height, uint32_t number, struct rect ret[TESTCARD_PARTS])
{
    const int w = TESTCARD_DIGITS * TESTCARD_BLOCK, h = TESTCARD_BLOCK;
    const int box = MAX(16, MIN(160, height / 6));
    ret[0] = (struct rect){0, 0, w, h};
    ret[1] = (struct rect){width - w, height - h, w, h};
    ret[2] = (struct rect){bounce(number * 4, width - box), h + bounce(number * 3, height - 2 * h - box), box, box};
}

static void draw_number(const struct testcard_canvas *c, struct rect r, uint32_t number)
{
    for (int y = 0; y < r.h; y++)
        for (int x = 0; x < r.w; x++) {
            int digit = TESTCARD_DIGITS - 1 - x / TESTCARD_BLOCK;
            put(c, r.x + x, r.y + y, testcard_colours[number >> (4 * digit) & 15]);
        }
}

static void draw_box(const struct testcard_canvas *c, struct rect r, uint32_t number)
{
    for (int y = 0; y < r.h; y++)
        for (int x = 0; x < r.w; x++) {
            bool edge = x < 2 || y < 2 || x >= r.w - 2 || y >= r.h - 2;
            uint32_t inside = (uint32_t)(x * 255 / r.w) << 16 | (uint32_t)(y * 255 / r.h) << 8 | (number & 255);
            put(c, r.x + x, r.y + y, edge ? 0xffffff : inside);
        }
}

static void draw_parts(const struct testcard_canvas *c, uint32_t number)
{
    struct rect parts[TESTCARD_PARTS];
    testcard_parts(c->width, c->height, number, parts);
    draw_box(c, parts[2], number);
    draw_number(c, parts[0], number);
    draw_number(c, parts[1], number);
}

void testcard_draw_all(const struct testcard_canvas *canvas, uint32_t number)
{
    draw_background(canvas, (struct rect){0, 0, canvas->width, canvas->height});
    draw_parts(canvas, number);
}

void testcard_draw_step(const struct testcard_canvas *canvas, uint32_t before, uint32_t number)
{
    struct rect parts[TESTCARD_PARTS];
    testcard_parts(canvas->width, canvas->height, before, parts);
    draw_background(canvas, parts[2]);
    draw_parts(canvas, number);
}
