#include "video/text_cell.h"

bool text_picture_init(struct text_picture *self, const struct frame *frame)
{
    if (frame->fourcc != FOURCC_BGRX && frame->fourcc != FOURCC_VYUX)
        return false;
    *self = (struct text_picture){.frame = frame, .mask = frame->fourcc == FOURCC_BGRX ? 0xffffff : 0xff00};
    return true;
}

/* The first pixel that is not the cell's paper; false: there is none. */
static bool find_ink(const struct text_picture *picture, int x0, int y0, int width, int height, uint32_t paper,
                     uint32_t *ret)
{
    for (int y = y0; y < y0 + height; y++) {
        uint32_t other = 0;
        for (int x = x0; x < x0 + width; x++)
            other |= text_pixel(picture, x, y) ^ paper;
        if (!other)
            continue;
        for (int x = x0;; x++)
            if (text_pixel(picture, x, y) != paper) {
                *ret = text_pixel(picture, x, y);
                return true;
            }
    }
    return false;
}

bool text_cell_cut(const struct text_picture *picture, int x0, int y0, int width, int height, struct text_cell *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->paper = ret->ink = text_pixel(picture, x0, y0);
    ret->blank = !find_ink(picture, x0, y0, width, height, ret->paper, &ret->ink);
    if (ret->blank)
        return true;
    for (int y = 0; y < height; y++) {
        uint32_t bits = 0, third = 0;
        for (int x = 0; x < width; x++) {
            uint32_t colour = text_pixel(picture, x0 + x, y0 + y);
            uint32_t inked = colour != ret->paper;
            third |= inked & (colour != ret->ink);
            bits = bits << 1 | inked;
        }
        if (third)
            return false;
        ret->bits.row[y] = (uint16_t)bits;
    }
    return true;
}

void text_cell_reverse(struct text_cell *self, int width, int height)
{
    const uint16_t full = (uint16_t)((1u << width) - 1);
    uint32_t ink = self->ink;
    for (int y = 0; y < height; y++)
        self->bits.row[y] = (uint16_t)(~self->bits.row[y] & full);
    self->ink = self->paper;
    self->paper = ink;
}

struct text_match text_cell_match(const struct console_fonts *fonts, int size, const struct text_cell *cell)
{
    const struct font_size *is = console_fonts_size(fonts, size);
    struct text_cell other = *cell;
    struct text_match match;
    text_cell_reverse(&other, is->width, is->height);
    match.glyph = console_fonts_find(fonts, size, &cell->bits, glyph_hash(&cell->bits, is->height));
    match.reversed = console_fonts_find(fonts, size, &other.bits, glyph_hash(&other.bits, is->height));
    return match;
}
