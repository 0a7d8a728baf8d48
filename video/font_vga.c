#include "video/font_vga.h"

#include <errno.h>
#include <stdio.h>

#include "core/attrs.h"
#include "video/font_vga_linux.h"

#define GLYPHS 256

static const uint16_t cp437_low[32] = {
    0x0020, 0x263a, 0x263b, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022, 0x25d8, 0x25cb, 0x25d9,
    0x2642, 0x2640, 0x266a, 0x266b, 0x263c, 0x25ba, 0x25c4, 0x2195, 0x203c, 0x00b6, 0x00a7,
    0x25ac, 0x21a8, 0x2191, 0x2193, 0x2192, 0x2190, 0x221f, 0x2194, 0x25b2, 0x25bc,
};
static const uint16_t cp437_high[129] = {
    0x2302, 0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef,
    0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, 0x00ff,
    0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1,
    0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593,
    0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510,
    0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560,
    0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518,
    0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x03b1, 0x00df, 0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5,
    0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4, 0x221e, 0x03c6, 0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264,
    0x2320, 0x2321, 0x00f7, 0x2248, 0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x0020,
};

static uint32_t unicode_of(int code)
{
    if (code < 32)
        return cp437_low[code];
    return code < 127 ? (uint32_t)code : cp437_high[code - 127];
}

static const uint8_t letters_16[] = {0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6};
static const uint8_t letters_14[] = {0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0, 0, 0};
static const uint8_t letters_8[] = {0x30, 0x78, 0xcc, 0xcc, 0xfc, 0xcc, 0xcc, 0};

/* In each of the sizes the letter A, by which the font is found. */
static const struct {
    int height;
    const uint8_t *letter;
    size_t letter_size;
} sizes[] = {
    {16, letters_16, sizeof letters_16}, {14, letters_14, sizeof letters_14}, {8, letters_8, sizeof letters_8}};

static const uint8_t *find_font(const uint8_t *rom, size_t size, size_t i)
{
    static const uint8_t blank[GLYPH_MAX_HEIGHT];
    const size_t height = (size_t)sizes[i].height;
    const uint8_t *at = rom, *end = rom + size;
    while ((at = memmem(at, (size_t)(end - at), sizes[i].letter, sizes[i].letter_size))) {
        size_t before = (size_t)(at - rom), start = before - 'A' * height;
        if (before >= 'A' * height && size - start >= GLYPHS * height &&
            memcmp(rom + start + ' ' * height, blank, height) == 0)
            return rom + start;
        at++;
    }
    return NULL;
}

/* The ninth column repeats the eighth in line-drawing characters and is empty in all others. */
static bool repeats(int code, int from)
{
    return code >= from && code <= 0xdf;
}

static struct glyph_bits make_bits(const uint8_t *rows, int height, int width, bool repeated)
{
    struct glyph_bits bits = {{0}};
    for (int y = 0; y < height; y++) {
        unsigned row = rows[y];
        if (width == 9)
            row = row << 1 | (repeated ? row & 1 : 0);
        bits.row[y] = (uint16_t)row;
    }
    return bits;
}

/* The VGA repeats from C0 on, QEMU from B0 on, which shows in the shades: both are read. */
static int add_one(struct console_fonts *fonts, int font, const uint8_t *rows, int height, int width, int code)
{
    uint32_t unicode = unicode_of(code);
    struct glyph_bits bits = make_bits(rows, height, width, repeats(code, 0xc0));
    int r = console_fonts_add(fonts, font, &bits, &unicode, 1);
    if (r < 0 || width != 9 || repeats(code, 0xc0) || !repeats(code, 0xb0))
        return r;
    bits = make_bits(rows, height, width, true);
    return console_fonts_add(fonts, font, &bits, &unicode, 1);
}

static int add_font(struct console_fonts *fonts, const uint8_t *glyphs, int height, int width)
{
    char name[CONSOLE_FONT_NAME];
    snprintf(name, sizeof name, "VGA %dx%d", width, height);
    int font = console_fonts_begin(fonts, name, width, height), r = font < 0 ? font : 0;
    for (int code = 0; r == 0 && code < GLYPHS; code++)
        r = add_one(fonts, font, glyphs + (size_t)code * (size_t)height, height, width, code);
    for (size_t i = 0; r == 0 && height == 16 && i < ARRAY_SIZE(linux_glyphs); i++)
        r = add_one(fonts, font, linux_glyphs[i].row, height, width, linux_glyphs[i].code);
    return r;
}

int font_vga_add(struct console_fonts *fonts, const void *rom, size_t size)
{
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        const uint8_t *glyphs = find_font(rom, size, i);
        if (!glyphs && i == 0)
            return -ENOENT;
        int r = glyphs ? add_font(fonts, glyphs, sizes[i].height, 8) : 0;
        r = r || !glyphs ? r : add_font(fonts, glyphs, sizes[i].height, 9);
        if (r < 0)
            return r;
    }
    return 0;
}
