#include "video/vga_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "video/vga_text_linux.h"

#define VGA_GLYPHS 256
#define GLYPHS (VGA_GLYPHS + (int)ARRAY_SIZE(linux_glyphs)) /* those of Linux behind the VGA's */
#define GLYPH_ROWS 16
#define SLOTS 1024 /* of the hash table; a power of two */
#define UNKNOWN 0xfffd
#define MAX_CURSOR_CELLS 4 /* more unknown cells than these are a picture, not a cursor */

/* One bit a pixel, the first row in the first byte, the leftmost pixel in the high bit. */
struct bits {
    uint8_t row[GLYPH_ROWS];
};

struct vga_font {
    struct bits glyphs[VGA_GLYPHS + ARRAY_SIZE(linux_glyphs)];
    int16_t slots[SLOTS]; /* index of a glyph, or -1 */
};

/* A cell of the picture, cut into two colours. */
struct cell {
    struct bits bits; /* where the pixel is not `paper` */
    uint32_t paper, ink;
    uint16_t ninth; /* the ninth column, the first row in the low bit */
};

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

static unsigned unicode_of(int code)
{
    if (code < 0)
        return UNKNOWN;
    if (code < 32)
        return cp437_low[code];
    return code < 127 ? (unsigned)code : cp437_high[code - 127];
}

/* --- font --- */

static unsigned hash(const struct bits *bits)
{
    uint64_t high, low;
    memcpy(&high, bits->row, 8);
    memcpy(&low, bits->row + 8, 8);
    return (unsigned)((high * 0x9e3779b97f4a7c15u ^ low * 0xc2b2ae3d27d4eb4fu) >> 40) & (SLOTS - 1);
}

/* The index of a glyph that looks so, or -1. */
static int find_glyph(const struct vga_font *font, const struct bits *bits)
{
    for (unsigned slot = hash(bits);; slot = (slot + 1) & (SLOTS - 1)) {
        int index = font->slots[slot];
        if (index < 0 || memcmp(&font->glyphs[index], bits, sizeof *bits) == 0)
            return index;
    }
}

static int code_of(int index)
{
    return index < VGA_GLYPHS ? index : linux_glyphs[index - VGA_GLYPHS].code;
}

/* Of glyphs that look the same the first one added is found. */
static void add_glyph(struct vga_font *font, int index)
{
    const struct bits *bits = &font->glyphs[index];
    if (find_glyph(font, bits) >= 0)
        return;
    unsigned slot = hash(bits);
    while (font->slots[slot] >= 0)
        slot = (slot + 1) & (SLOTS - 1);
    font->slots[slot] = (int16_t)index;
}

static const uint8_t *find_font(const uint8_t *rom, size_t size)
{
    static const uint8_t letter_a[GLYPH_ROWS] = {0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6};
    static const uint8_t blank[GLYPH_ROWS];
    const uint8_t *at = rom, *end = rom + size;
    while ((at = memmem(at, (size_t)(end - at), letter_a, sizeof letter_a))) {
        size_t before = (size_t)(at - rom), start = before - 'A' * GLYPH_ROWS;
        if (before >= 'A' * GLYPH_ROWS && size - start >= VGA_GLYPHS * GLYPH_ROWS &&
            memcmp(rom + start + ' ' * GLYPH_ROWS, blank, sizeof blank) == 0)
            return rom + start;
        at++;
    }
    return NULL;
}

int vga_font_create(const void *rom, size_t size, struct vga_font **ret)
{
    const uint8_t *found = find_font(rom, size);
    if (!found)
        return -ENOENT;
    struct vga_font *self = malloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    memcpy(self->glyphs, found, VGA_GLYPHS * sizeof self->glyphs[0]);
    for (int i = VGA_GLYPHS; i < GLYPHS; i++)
        memcpy(self->glyphs[i].row, linux_glyphs[i - VGA_GLYPHS].row, GLYPH_ROWS);
    memset(self->slots, 0xff, sizeof self->slots);
    for (int code = 32; code < 127; code++)
        add_glyph(self, code);
    for (int index = 0; index < GLYPHS; index++)
        add_glyph(self, index);
    *ret = self;
    return 0;
}

struct vga_font *vga_font_destroy(struct vga_font *self)
{
    free(self);
    return NULL;
}

/* --- cells --- */

struct grid {
    const struct vga_font *font;
    const struct frame *frame;
    int columns, rows, cell_width;
    uint32_t paper; /* the commonest colour of cells' corners: decides where a glyph has a twin in reverse */
};

static uint32_t pixel(const struct frame *frame, int x, int y)
{
    uint32_t value;
    memcpy(&value, frame->planes[0].data + (size_t)y * frame->planes[0].stride + (size_t)x * 4, sizeof value);
    return value & 0xffffff;
}

/* Majority vote: exact when one colour has more than half of the corners, and only a preference otherwise. */
static uint32_t common_corner(const struct grid *g)
{
    uint32_t winner = 0;
    int votes = 0;
    for (int row = 0; row < g->rows; row++)
        for (int column = 0; column < g->columns; column++) {
            uint32_t colour = pixel(g->frame, column * g->cell_width, row * GLYPH_ROWS);
            if (!votes)
                winner = colour;
            votes += colour == winner ? 1 : -1;
        }
    return winner;
}

/* False: more than two colours. */
static bool cut_cell(const struct grid *g, int column, int row, struct cell *ret)
{
    const int x0 = column * g->cell_width, y0 = row * GLYPH_ROWS;
    bool inked = false;
    memset(ret, 0, sizeof *ret);
    ret->paper = pixel(g->frame, x0, y0);
    for (int y = 0; y < GLYPH_ROWS; y++) {
        unsigned bits = 0;
        for (int x = 0; x < g->cell_width; x++) {
            uint32_t colour = pixel(g->frame, x0 + x, y0 + y);
            bool ink = colour != ret->paper;
            if (ink && !inked)
                ret->ink = colour;
            if (ink && colour != ret->ink && inked)
                return false;
            inked |= ink;
            bits = bits << 1 | ink;
        }
        if (g->cell_width == 9)
            ret->ninth |= (uint16_t)((bits & 1) << y);
        ret->bits.row[y] = (uint8_t)(g->cell_width == 9 ? bits >> 1 : bits);
    }
    return true;
}

static struct cell reverse(const struct cell *cell)
{
    struct cell r = {.paper = cell->ink, .ink = cell->paper, .ninth = (uint16_t)~cell->ninth};
    for (int y = 0; y < GLYPH_ROWS; y++)
        r.bits.row[y] = (uint8_t)~cell->bits.row[y];
    return r;
}

/* The ninth column repeats the eighth in line-drawing characters and is paper in all others. */
static bool ninth_fits(const struct grid *g, const struct bits *glyph, int code, uint16_t ninth)
{
    uint16_t expected = 0;
    if (g->cell_width != 9)
        return true;
    if (code >= 0xc0 && code <= 0xdf)
        for (int y = 0; y < GLYPH_ROWS; y++)
            expected |= (uint16_t)((glyph->row[y] & 1) << y);
    return ninth == expected;
}

static int match(const struct grid *g, const struct cell *cell)
{
    int index = find_glyph(g->font, &cell->bits);
    if (index < 0)
        return -1;
    int code = code_of(index);
    return ninth_fits(g, &cell->bits, code, cell->ninth) ? code : -1;
}

static int read_cell(const struct grid *g, int column, int row)
{
    struct cell cell;
    if (!cut_cell(g, column, row, &cell))
        return -1;
    int code = match(g, &cell);
    struct cell other = reverse(&cell);
    if (code == ' ' || (code >= 0 && cell.paper == g->paper))
        return code;
    int other_code = match(g, &other);
    return other_code >= 0 && (code < 0 || other.paper == g->paper) ? other_code : code;
}

/* --- the text cursor --- */

/* Rows first..last are all ink, as a cursor paints them; the rest is the glyph under it. The blank wins over what
 * differs from it only there. */
static int match_under(const struct grid *g, const struct cell *cell, int first, int last)
{
    int found = -1;
    for (int y = first; y <= last; y++)
        if (cell->bits.row[y] != 0xff || (g->cell_width == 9 && !(cell->ninth >> y & 1)))
            return -1;
    for (int index = 0; index < GLYPHS; index++) {
        const int code = code_of(index);
        struct cell bare = *cell;
        for (int y = first; y <= last; y++) {
            bare.bits.row[y] = g->font->glyphs[index].row[y];
            bool repeats = code >= 0xc0 && code <= 0xdf && bare.bits.row[y] & 1;
            bare.ninth = (uint16_t)((bare.ninth & ~(1u << y)) | (unsigned)repeats << y);
        }
        if (match(g, &bare) == code && (found < 0 || code == ' '))
            found = code;
    }
    return found;
}

static int read_under_cursor(const struct grid *g, int column, int row)
{
    struct cell cell;
    if (!cut_cell(g, column, row, &cell))
        return -1;
    for (int last = GLYPH_ROWS - 1; last >= 0; last--)
        for (int first = 0; first <= last; first++) { /* the tallest first: a low one may pass for part of a glyph */
            int code = match_under(g, &cell, first, last);
            if (code >= 0)
                return code;
        }
    return -1;
}

static void resolve_cursor(const struct grid *g, int16_t *codes, struct vga_text *ret)
{
    ret->cursor_x = ret->cursor_y = -1;
    if (!ret->unknown || ret->unknown > MAX_CURSOR_CELLS)
        return;
    for (int i = 0; i < g->rows * g->columns; i++) {
        int code = codes[i] < 0 ? read_under_cursor(g, i % g->columns, i / g->columns) : -1;
        if (code < 0)
            continue;
        codes[i] = (int16_t)code;
        ret->cursor_x = i % g->columns;
        ret->cursor_y = i / g->columns;
        ret->unknown--;
        return; /* there is only one */
    }
}

/* --- lines --- */

static char *put_utf8(char *at, unsigned c)
{
    if (c < 0x80) {
        *at++ = (char)c;
    } else if (c < 0x800) {
        *at++ = (char)(0xc0 | c >> 6);
        *at++ = (char)(0x80 | (c & 63));
    } else {
        *at++ = (char)(0xe0 | c >> 12);
        *at++ = (char)(0x80 | (c >> 6 & 63));
        *at++ = (char)(0x80 | (c & 63));
    }
    return at;
}

/* One allocation: the pointers, then room for the longest lines there can be. */
static int make_lines(const struct grid *g, const int16_t *codes, struct vga_text *ret)
{
    size_t pointers = (size_t)g->rows * sizeof(char *);
    char **lines = malloc(pointers + (size_t)g->rows * ((size_t)g->columns * 3 + 1) + 1);
    if (!lines)
        return -ENOMEM;
    char *at = (char *)lines + pointers;
    for (int row = 0; row < g->rows; row++) {
        char *end = at;
        lines[row] = at;
        for (int column = 0; column < g->columns; column++) {
            unsigned c = unicode_of(codes[row * g->columns + column]);
            at = put_utf8(at, c);
            if (c != ' ')
                end = at;
        }
        *end = 0;
        at = end + 1;
    }
    ret->lines = lines;
    return 0;
}

static int cell_width_for(int width)
{
    return width == 40 * 9 || width == 80 * 9 || width == 132 * 9 ? 9 : 8;
}

int vga_text_read(const struct vga_font *font, const struct frame *frame, struct vga_text *ret)
{
    memset(ret, 0, sizeof *ret);
    if (frame->fourcc != FOURCC_BGRX)
        return -EINVAL;
    struct grid g = {.font = font, .frame = frame, .cell_width = cell_width_for(frame->width)};
    g.columns = frame->width / g.cell_width;
    g.rows = frame->height / GLYPH_ROWS;
    g.paper = common_corner(&g);
    _cleanup_free_ int16_t *codes = calloc((size_t)g.rows * (size_t)g.columns + 1, sizeof *codes);
    if (!codes)
        return -ENOMEM;
    ret->columns = g.columns;
    ret->rows = g.rows;
    for (int i = 0; i < g.rows * g.columns; i++) {
        codes[i] = (int16_t)read_cell(&g, i % g.columns, i / g.columns);
        ret->unknown += codes[i] < 0;
    }
    resolve_cursor(&g, codes, ret);
    ret->exact = !ret->unknown;
    return make_lines(&g, codes, ret);
}

void vga_text_finish(struct vga_text *self)
{
    free(self->lines);
    *self = (struct vga_text){0};
}
