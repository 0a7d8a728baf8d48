#include "video/font_psf.h"

#include <errno.h>

#include "core/wire.h"

#define PSF1_MAGIC 0x0436
#define PSF1_512 1
#define PSF1_TABLE 6 /* either bit */
#define PSF1_NEXT 0xfffe
#define PSF1_END 0xffff
#define PSF2_MAGIC 0x864ab572u
#define PSF2_TABLE 1
#define PSF2_NEXT 0xfe
#define PSF2_END 0xff
#define MOST_GLYPHS 65536
#define MOST_CODES 64 /* of one glyph; those behind are not looked at */

struct psf {
    bool second;
    int width, height;
    uint32_t n_glyphs, glyph_size;
    size_t glyphs, table; /* where they begin */
};

static bool read_first(struct wire_reader *r, struct psf *ret)
{
    wire_read_le16(r);
    uint8_t mode = wire_read_u8(r), height = wire_read_u8(r);
    *ret = (struct psf){.width = 8,
                        .height = height,
                        .n_glyphs = mode & PSF1_512 ? 512 : 256,
                        .glyph_size = height,
                        .glyphs = 4,
                        .table = mode & PSF1_TABLE};
    return true;
}

static bool read_second(struct wire_reader *r, struct psf *ret)
{
    wire_read_le32(r);
    uint32_t version = wire_read_le32(r), header = wire_read_le32(r), flags = wire_read_le32(r);
    uint32_t n = wire_read_le32(r), glyph_size = wire_read_le32(r), height = wire_read_le32(r),
             width = wire_read_le32(r);
    if (version != 0 || header < 32 || header > 4096 || height > GLYPH_MAX_HEIGHT || width > GLYPH_MAX_WIDTH ||
        glyph_size != height * ((width + 7) / 8))
        return false;
    *ret = (struct psf){.second = true,
                        .width = (int)width,
                        .height = (int)height,
                        .n_glyphs = n,
                        .glyph_size = glyph_size,
                        .glyphs = header,
                        .table = flags & PSF2_TABLE};
    return true;
}

/* 0 with everything but the Unicode table known to be there. */
static int read_header(const void *bytes, size_t size, struct psf *ret)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    const uint8_t *b = bytes;
    bool good = false;
    if (size >= 4 && (b[0] | b[1] << 8) == PSF1_MAGIC)
        good = read_first(&r, ret);
    else if (size >= 32 && (b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24) == PSF2_MAGIC)
        good = read_second(&r, ret);
    if (!good || r.bad || !ret->n_glyphs || ret->n_glyphs > MOST_GLYPHS || ret->glyphs > size ||
        (size - ret->glyphs) / (ret->glyph_size ? ret->glyph_size : 1) < ret->n_glyphs || !ret->glyph_size)
        return -EINVAL;
    if (!ret->table)
        return -ENODATA;
    ret->table = ret->glyphs + (size_t)ret->n_glyphs * ret->glyph_size;
    return 0;
}

static void read_bits(const struct psf *psf, const uint8_t *at, struct glyph_bits *ret)
{
    const int wide = psf->width > 8;
    memset(ret, 0, sizeof *ret);
    for (int y = 0; y < psf->height; y++) {
        unsigned bits = wide ? (unsigned)(at[2 * y] << 8 | at[2 * y + 1]) : at[y];
        ret->row[y] = (uint16_t)(bits >> ((wide ? 16 : 8) - psf->width));
    }
}

/* One code, and only where it stands alone: sequences of several characters are not what a cell is read as. */
static uint32_t read_utf8(struct wire_reader *r)
{
    uint8_t first = wire_read_u8(r);
    int more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t code = more ? first & (0x3fu >> more) : first;
    while (more-- > 0 && !r->bad)
        code = code << 6 | (wire_read_u8(r) & 0x3f);
    return code;
}

/* False: the table ends here. */
static bool read_codes(const struct psf *psf, struct wire_reader *r, uint32_t *codes, size_t *ret_n)
{
    bool sequences = false;
    *ret_n = 0;
    while (r->left) {
        uint32_t code;
        if (psf->second) {
            uint8_t next = *r->at;
            if (next == PSF2_END || next == PSF2_NEXT)
                wire_read_u8(r);
            code = next == PSF2_END ? UINT32_MAX : next == PSF2_NEXT ? UINT32_MAX - 1 : read_utf8(r);
        } else {
            code = wire_read_le16(r);
            code = code == PSF1_END ? UINT32_MAX : code == PSF1_NEXT ? UINT32_MAX - 1 : code;
        }
        if (r->bad)
            return false;
        if (code == UINT32_MAX)
            return true;
        if (code == UINT32_MAX - 1)
            sequences = true;
        else if (!sequences && *ret_n < MOST_CODES)
            codes[(*ret_n)++] = code;
    }
    return false;
}

int font_psf_add(struct console_fonts *fonts, const char *name, const void *bytes, size_t size)
{
    struct psf psf;
    int r = read_header(bytes, size, &psf);
    if (r < 0)
        return r;
    int font = console_fonts_begin(fonts, name, psf.width, psf.height);
    if (font < 0)
        return font;
    const uint8_t *all = bytes;
    struct wire_reader table = wire_reader_init(all + psf.table, size - psf.table);
    for (uint32_t i = 0; i < psf.n_glyphs; i++) {
        struct glyph_bits bits;
        uint32_t codes[MOST_CODES];
        size_t n;
        if (!read_codes(&psf, &table, codes, &n))
            return -EINVAL;
        read_bits(&psf, all + psf.glyphs + (size_t)i * psf.glyph_size, &bits);
        r = console_fonts_add(fonts, font, &bits, codes, n);
        if (r < 0)
            return r;
    }
    return 0;
}
