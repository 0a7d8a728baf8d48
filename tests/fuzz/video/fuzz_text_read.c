/* Any picture of few colours, and any bytes as a font: lines are whole UTF-8 of at most the screen's columns. */
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "video/font_vga.h"
#include "video/text_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t palette[4] = {0, 0xaaaaaa, 0xff0000aa, 0xffffff};

static void check(const struct text_read *text)
{
    if (text->exact != !text->unknown || text->cursor_x >= text->columns || text->cursor_y >= text->rows)
        abort();
    unsigned unknown = 0;
    for (int i = 0; i < text->rows * text->columns; i++)
        unknown += !text->known[i];
    if (unknown != text->unknown)
        abort();
    for (int i = 0; i < text->rows; i++) {
        size_t length = strlen(text->lines[i]);
        if (!utf8_valid(text->lines[i], length) || length > (size_t)text->columns * 4)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int widths[4] = {360, 64, 80, 7};
    static uint8_t rom[4096];
    if (size < 2)
        return 0;
    int width = widths[data[0] & 3], height = 8 + data[0] / 4;
    memset(rom, 0, sizeof rom);
    memcpy(rom + 'A' * 16, "\0\0\x10\x38\x6c\xc6\xc6\xfe\xc6\xc6\xc6\xc6\0\0\0", 16);
    for (size_t i = 0; i < sizeof rom; i++)
        if (i / 16 != 'A' && i / 16 != ' ')
            rom[i] = data[1 + i % (size - 1)];
    struct console_fonts *fonts;
    if (console_fonts_create(&fonts) < 0 || font_vga_add(fonts, rom, sizeof rom) < 0)
        abort();
    size_t pixels = (size_t)width * (size_t)height;
    uint32_t *picture = malloc(pixels * sizeof *picture);
    struct frame frame = {.width = width, .height = height, .fourcc = FOURCC_BGRX};
    frame.planes[0] = (struct frame_plane){(uint8_t *)picture, (size_t)width * 4};
    for (size_t i = 0; i < pixels; i++)
        picture[i] = palette[data[1 + i / 4 % (size - 1)] >> (i % 4 * 2) & 3];
    struct text_read text;
    const struct rect region = {data[0] % 50, data[1] % 40, size % 90, size / 3 % 70};
    int r = text_read(fonts, &frame, data[1] & 1 ? &region : NULL, &text);
    if (r < 0)
        abort();
    if (r == 0)
        check(&text);
    text_read_finish(&text);
    console_fonts_destroy(fonts);
    free(picture);
    return 0;
}
