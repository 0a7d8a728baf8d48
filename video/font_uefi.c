#include "video/font_uefi.h"

#include <errno.h>

#define WIDTH 8
#define HEIGHT 19
#define ENTRY (3 + HEIGHT) /* code, attributes, rows */
#define LEAST_GLYPHS 95    /* ASCII */
#define MOST_GLYPHS 4096

/* The table begins with a blank and the exclamation mark. */
static const uint8_t *find_table(const uint8_t *image, size_t size)
{
    static const uint8_t blank[ENTRY + 3] = {[0] = ' ', [ENTRY] = '!'};
    return memmem(image, size, blank, sizeof blank);
}

static size_t count_glyphs(const uint8_t *table, size_t size)
{
    size_t n = 0;
    while (n < MOST_GLYPHS && (n + 1) * ENTRY <= size) {
        const uint8_t *entry = table + n * ENTRY;
        if (!(entry[0] | entry[1]) || entry[2] != 0) /* its end; or no character that has a cell of its own */
            break;
        n++;
    }
    return n;
}

static int add_glyph(struct console_fonts *fonts, int font, const uint8_t *entry)
{
    struct glyph_bits bits = {{0}};
    uint32_t code = (uint32_t)(entry[0] | entry[1] << 8);
    for (int y = 0; y < HEIGHT; y++)
        bits.row[y] = entry[3 + y];
    return console_fonts_add(fonts, font, &bits, &code, 1);
}

int font_uefi_add(struct console_fonts *fonts, const void *image, size_t size)
{
    const uint8_t *table = find_table(image, size);
    size_t n = table ? count_glyphs(table, size - (size_t)(table - (const uint8_t *)image)) : 0;
    if (n < LEAST_GLYPHS)
        return -ENOENT;
    int font = console_fonts_begin(fonts, "UEFI 8x19", WIDTH, HEIGHT), r = font < 0 ? font : 0;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = add_glyph(fonts, font, table + i * ENTRY);
    return r;
}
