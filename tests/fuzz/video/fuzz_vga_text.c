/* Any picture of few colours, and any bytes as a font: lines are whole UTF-8 of at most the screen's columns. */
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "video/vga_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t palette[4] = {0, 0xaaaaaa, 0xff0000aa, 0xffffff};

static void check(const struct vga_text *text)
{
    if (text->exact != !text->unknown || text->cursor_x >= text->columns || text->cursor_y >= text->rows)
        abort();
    for (int i = 0; i < text->rows; i++) {
        size_t length = strlen(text->lines[i]);
        if (!utf8_valid(text->lines[i], length) || length > (size_t)text->columns * 3)
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
    struct vga_font *font;
    if (vga_font_create(rom, sizeof rom, &font) < 0)
        abort();
    size_t pixels = (size_t)width * (size_t)height;
    uint32_t *picture = malloc(pixels * sizeof *picture);
    struct frame frame = {.width = width, .height = height, .fourcc = FOURCC_BGRX};
    frame.planes[0] = (struct frame_plane){(uint8_t *)picture, (size_t)width * 4};
    for (size_t i = 0; i < pixels; i++)
        picture[i] = palette[data[1 + i / 4 % (size - 1)] >> (i % 4 * 2) & 3];
    struct vga_text text;
    if (vga_text_read(font, &frame, &text) < 0)
        abort();
    check(&text);
    vga_text_finish(&text);
    vga_font_destroy(font);
    free(picture);
    return 0;
}
