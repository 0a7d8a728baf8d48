#include "video/font_pf2.h"

#include <errno.h>

#include "core/wire.h"

#define ENTRY 9 /* of the index: code, flags, offset */
#define MOST_SECTIONS 64

struct pf2 {
    const uint8_t *bytes;
    size_t size;
    int height, ascent, descent;
    const uint8_t *index;
    size_t n_glyphs;
    int width; /* of a cell */
};

struct shape {
    int width, height, x, y, advance;
    const uint8_t *bits;
};

static bool is_section(const uint8_t *name, const char *wanted)
{
    return memcmp(name, wanted, 4) == 0;
}

static void take_section(struct pf2 *self, const uint8_t *name, struct wire_reader body)
{
    if (is_section(name, "MAXH"))
        self->height = wire_read_be16(&body);
    else if (is_section(name, "ASCE"))
        self->ascent = wire_read_be16(&body);
    else if (is_section(name, "DESC"))
        self->descent = wire_read_be16(&body);
    else if (is_section(name, "CHIX")) {
        self->index = body.at;
        self->n_glyphs = body.left / ENTRY;
    }
}

static bool read_sections(struct pf2 *self)
{
    struct wire_reader r = wire_reader_init(self->bytes, self->size);
    for (int i = 0; i < MOST_SECTIONS; i++) {
        const uint8_t *name = wire_read_bytes(&r, 4);
        uint32_t length = wire_read_be32(&r);
        if (r.bad)
            return false;
        if (is_section(name, "DATA"))
            return self->index && self->ascent > 0 && self->ascent + self->descent <= GLYPH_MAX_HEIGHT;
        if (i == 0 && (!is_section(name, "FILE") || length != 4 || r.left < 4 || !is_section(r.at, "PFF2")))
            return false;
        struct wire_reader body = wire_read_sub(&r, length);
        if (body.bad)
            return false;
        take_section(self, name, body);
    }
    return false;
}

/* False: no glyph is there. */
static bool read_shape(const struct pf2 *self, uint32_t offset, struct shape *ret)
{
    if (offset >= self->size)
        return false;
    struct wire_reader r = wire_reader_init(self->bytes + offset, self->size - offset);
    ret->width = wire_read_be16(&r);
    ret->height = wire_read_be16(&r);
    ret->x = (int16_t)wire_read_be16(&r);
    ret->y = (int16_t)wire_read_be16(&r);
    ret->advance = (int16_t)wire_read_be16(&r);
    if (r.bad || ret->width > GLYPH_MAX_WIDTH || ret->height > GLYPH_MAX_HEIGHT)
        return false;
    ret->bits = wire_read_bytes(&r, ((size_t)ret->width * (size_t)ret->height + 7) / 8);
    return !r.bad;
}

/* Into the cell: the baseline is `ascent` below its top. False: it reaches beyond the cell. */
static bool draw(const struct pf2 *self, const struct shape *shape, struct glyph_bits *ret)
{
    const int top = self->ascent - shape->y - shape->height;
    memset(ret, 0, sizeof *ret);
    if (shape->x < 0 || shape->x + shape->width > self->width || top < 0 ||
        top + shape->height > self->ascent + self->descent)
        return false;
    const unsigned left = (unsigned)(self->width - 1 - shape->x) & 15; /* bit of its first column */
    for (int y = 0; y < shape->height; y++)
        for (int x = 0; x < shape->width; x++) {
            int bit = y * shape->width + x;
            if (shape->bits[bit / 8] >> (7 - bit % 8) & 1)
                ret->row[top + y] = (uint16_t)(ret->row[top + y] | (1u << left) >> x);
        }
    return true;
}

/* A glyph of the index; its code, or 0. */
static uint32_t read_entry(const struct pf2 *self, size_t i, struct shape *ret)
{
    struct wire_reader r = wire_reader_init(self->index + i * ENTRY, ENTRY);
    uint32_t code = wire_read_be32(&r);
    uint8_t flags = wire_read_u8(&r); /* 0: not compressed, the only way there is */
    return flags == 0 && read_shape(self, wire_read_be32(&r), ret) ? code : 0;
}

/* GRUB's cell is as wide as the widest of ASCII. */
static int cell_width(const struct pf2 *self)
{
    int width = 0;
    struct shape shape;
    for (size_t i = 0; i < self->n_glyphs; i++) {
        uint32_t code = read_entry(self, i, &shape);
        if (code >= 0x20 && code < 0x7f && shape.advance > width)
            width = shape.advance;
    }
    return width;
}

int font_pf2_add(struct console_fonts *fonts, const char *name, const void *bytes, size_t size)
{
    struct pf2 self = {.bytes = bytes, .size = size};
    if (!read_sections(&self))
        return -EINVAL;
    self.width = cell_width(&self);
    int font = console_fonts_begin(fonts, name, self.width, self.ascent + self.descent);
    if (font < 0)
        return font;
    for (size_t i = 0; i < self.n_glyphs; i++) {
        struct shape shape;
        struct glyph_bits bits;
        uint32_t code = read_entry(&self, i, &shape);
        if (!code || shape.advance != self.width || !draw(&self, &shape, &bits))
            continue;
        int r = console_fonts_add(fonts, font, &bits, &code, 1);
        if (r < 0)
            return r;
    }
    return 0;
}
