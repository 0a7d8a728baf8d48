#include "video/text_read.h"

#include <errno.h>

#include "core/utf8.h"
#include "video/text_grid.h"

#define UNKNOWN 0xfffd
#define BLANK (-2)
#define NOT_ASKED UINT32_MAX
#define MAX_CURSOR_CELLS 4 /* more unknown cells than these are a picture, not a cursor */

/* What a cell was found to be: glyphs in both readings, BLANK for one colour, -1 for none. */
struct seen {
    struct text_match match;
    bool on_common; /* its paper, as it was cut, is the screen's */
};

struct reading {
    const struct console_fonts *fonts;
    struct text_picture picture;
    struct text_grid grid;
    int width, height; /* of a cell */
    int x, y, columns, rows;
    int font;
    uint32_t paper; /* the commonest colour of cells' corners: decides where a glyph has a twin in reverse */
    struct seen *seen;
    uint32_t *codes; /* of cells; 0: unknown */
    uint32_t *means; /* of glyphs in the font; NOT_ASKED */
};

static void finish(struct reading *self)
{
    free(self->seen);
    free(self->codes);
    free(self->means);
}

/* --- the cells --- */

/* Majority vote: exact when one colour has more than half of the corners, and only a preference otherwise. */
static uint32_t common_corner(const struct reading *self)
{
    uint32_t winner = 0;
    int votes = 0;
    for (int row = 0; row < self->rows; row++)
        for (int column = 0; column < self->columns; column++) {
            uint32_t colour = text_pixel(&self->picture, self->x + column * self->width, self->y + row * self->height);
            if (!votes)
                winner = colour;
            votes += colour == winner ? 1 : -1;
        }
    return winner;
}

static bool cut(const struct reading *self, int i, struct text_cell *ret)
{
    return text_cell_cut(&self->picture, self->x + i % self->columns * self->width,
                         self->y + i / self->columns * self->height, self->width, self->height, ret);
}

static void see(struct reading *self)
{
    for (int i = 0; i < self->columns * self->rows; i++) {
        struct text_cell cell;
        struct seen *seen = &self->seen[i];
        *seen = (struct seen){.match = {-1, -1}};
        if (!cut(self, i, &cell))
            continue;
        seen->on_common = cell.paper == self->paper;
        seen->match =
            cell.blank ? (struct text_match){BLANK, BLANK} : text_cell_match(self->fonts, self->grid.size, &cell);
    }
}

/* --- the font --- */

/* Each glyph counts once, however often it stands there. */
static int choose_font(struct reading *self)
{
    const int n_glyphs = console_fonts_size(self->fonts, self->grid.size)->n_glyphs;
    const size_t n_fonts = console_fonts_count(self->fonts);
    _cleanup_free_ unsigned *votes = calloc(n_fonts, sizeof *votes);
    _cleanup_free_ bool *counted = calloc((size_t)n_glyphs + 1, sizeof *counted);
    if (!votes || !counted)
        return -ENOMEM;
    for (int i = 0; i < self->columns * self->rows; i++) {
        const struct text_match *m = &self->seen[i].match;
        int glyph = m->glyph >= 0 && (self->seen[i].on_common || m->reversed < 0) ? m->glyph : m->reversed;
        if (glyph < 0 || counted[glyph])
            continue;
        counted[glyph] = true;
        console_fonts_vote(self->fonts, self->grid.size, glyph, votes);
    }
    int best = 0;
    for (size_t i = 1; i < n_fonts; i++)
        if (votes[i] > votes[best])
            best = (int)i;
    self->font = votes[best] ? best : -1;
    return 0;
}

static uint32_t mean(struct reading *self, int glyph)
{
    if (glyph < 0 || self->font < 0)
        return 0;
    if (self->means[glyph] == NOT_ASKED)
        self->means[glyph] = console_fonts_code(self->fonts, self->grid.size, glyph, self->font);
    return self->means[glyph];
}

static uint32_t read_cell(struct reading *self, const struct seen *seen)
{
    if (seen->match.glyph == BLANK)
        return ' ';
    uint32_t code = mean(self, seen->match.glyph), other = mean(self, seen->match.reversed);
    if (code && (code == ' ' || seen->on_common || !other))
        return code;
    return other;
}

/* --- the text cursor --- */

/* Rows first..last are all ink, as a cursor paints them; the rest is the glyph under it. The blank wins over what
 * differs from it only there. */
static uint32_t match_under(struct reading *self, const struct text_cell *cell, int first, int last)
{
    const int n_glyphs = console_fonts_size(self->fonts, self->grid.size)->n_glyphs;
    const size_t above = (size_t)first * sizeof cell->bits.row[0];
    const size_t below = (size_t)(self->height - last - 1) * sizeof cell->bits.row[0];
    const uint16_t full = (uint16_t)((1u << self->width) - 1);
    uint32_t found = 0;
    for (int y = first; y <= last; y++)
        if (cell->bits.row[y] != full)
            return 0;
    for (int glyph = 0; glyph < n_glyphs; glyph++) {
        const struct glyph_bits *bits = console_fonts_bits(self->fonts, self->grid.size, glyph);
        if (memcmp(bits->row, cell->bits.row, above) != 0 ||
            memcmp(bits->row + last + 1, cell->bits.row + last + 1, below) != 0)
            continue;
        uint32_t code = mean(self, glyph);
        if (code && (!found || code == ' '))
            found = code;
    }
    return found;
}

static uint32_t read_under_cursor(struct reading *self, int i)
{
    struct text_cell cell;
    if (!cut(self, i, &cell) || cell.blank)
        return 0;
    for (int last = self->height - 1; last >= 0; last--)
        for (int first = 0; first <= last; first++) { /* the tallest first: a low one may pass for part of a glyph */
            uint32_t code = match_under(self, &cell, first, last);
            if (code)
                return code;
        }
    return 0;
}

static void resolve_cursor(struct reading *self, struct text_read *ret)
{
    ret->cursor_x = ret->cursor_y = -1;
    if (!ret->unknown || ret->unknown > MAX_CURSOR_CELLS || self->font < 0)
        return;
    for (int i = 0; i < self->columns * self->rows; i++) {
        uint32_t code = self->codes[i] ? 0 : read_under_cursor(self, i);
        if (!code)
            continue;
        self->codes[i] = code;
        ret->cursor_x = i % self->columns;
        ret->cursor_y = i / self->columns;
        ret->unknown--;
        return; /* there is only one */
    }
}

/* --- the answer --- */

/* Two allocations: the pointers with room for the longest lines there can be, and what is known. */
static int make_lines(const struct reading *self, struct text_read *ret)
{
    const size_t rows = (size_t)self->rows, columns = (size_t)self->columns;
    size_t pointers = rows * sizeof(char *);
    char **lines = malloc(pointers + rows * (columns * 4 + 1) + 1);
    uint8_t *known = malloc(rows * columns + 1);
    if (!lines || !known) {
        free(lines);
        free(known);
        return -ENOMEM;
    }
    char *at = (char *)lines + pointers;
    for (size_t row = 0; row < rows; row++) {
        char *end = at;
        lines[row] = at;
        for (size_t column = 0; column < columns; column++) {
            uint32_t c = self->codes[row * columns + column];
            known[row * columns + column] = c != 0;
            at += utf8_write(at, c ? c : UNKNOWN);
            if (c != ' ')
                end = at;
        }
        *end = 0;
        at = end + 1;
    }
    ret->lines = lines;
    ret->known = known;
    return 0;
}

/* First cell whose middle is at or behind `from`, and how many there are up to the end. */
static void lay(int from, int length, int whole, int origin, int step, int *ret_first, int *ret_n)
{
    int first = origin, n = 0;
    while (first + step / 2 < from)
        first += step;
    while (first + (n + 1) * step <= whole && first + n * step + step / 2 < from + length)
        n++;
    *ret_first = first;
    *ret_n = n;
}

static int begin(struct reading *self, const struct rect *region)
{
    const struct frame *frame = self->picture.frame;
    const struct font_size *is = console_fonts_size(self->fonts, self->grid.size);
    self->width = is->width;
    self->height = is->height;
    lay(region->x, region->w, frame->width, self->grid.x, is->width, &self->x, &self->columns);
    lay(region->y, region->h, frame->height, self->grid.y, is->height, &self->y, &self->rows);
    size_t cells = (size_t)self->columns * (size_t)self->rows + 1, glyphs = (size_t)is->n_glyphs + 1;
    self->seen = calloc(cells, sizeof *self->seen);
    self->codes = calloc(cells, sizeof *self->codes);
    self->means = malloc(glyphs * sizeof *self->means);
    if (!self->seen || !self->codes || !self->means)
        return -ENOMEM;
    memset(self->means, 0xff, glyphs * sizeof *self->means);
    self->paper = common_corner(self);
    return 0;
}

static int read_all(struct reading *self, struct text_read *ret)
{
    see(self);
    int r = choose_font(self);
    if (r < 0)
        return r;
    for (int i = 0; i < self->columns * self->rows; i++) {
        self->codes[i] = read_cell(self, &self->seen[i]);
        ret->unknown += !self->codes[i];
    }
    resolve_cursor(self, ret);
    ret->columns = self->columns;
    ret->rows = self->rows;
    ret->cell_width = self->width;
    ret->cell_height = self->height;
    ret->x = self->x;
    ret->y = self->y;
    ret->exact = !ret->unknown;
    ret->font = console_fonts_name(self->fonts, self->font);
    return make_lines(self, ret);
}

static bool is_blank(const struct text_picture *picture, const struct rect *area)
{
    uint32_t first = text_pixel(picture, area->x, area->y);
    for (int y = area->y; y < area->y + area->h; y++)
        for (int x = area->x; x < area->x + area->w; x++)
            if (text_pixel(picture, x, y) != first)
                return false;
    return true;
}

/* The picture's own grid, unless the region is a window with another one. */
static bool find_grid(struct reading *self, const struct rect *whole, const struct rect *region)
{
    struct text_grid part;
    const bool all = memcmp(whole, region, sizeof *whole) == 0;
    const bool found = text_grid_find(self->fonts, &self->picture, whole, &self->grid);
    if (found && (all || text_grid_fits(self->fonts, &self->picture, region, &self->grid)))
        return true;
    if (!all && text_grid_find_part(self->fonts, &self->picture, region, &part)) {
        self->grid = part;
        return true;
    }
    if (found)
        return true; /* the answer tells what is unknown */
    int size = console_fonts_find_size(self->fonts, text_grid_has_nine(whole->w) ? 9 : 8, 16);
    self->grid = (struct text_grid){.size = size};
    return size >= 0 && is_blank(&self->picture, whole);
}

int text_read(const struct console_fonts *fonts, const struct frame *frame, const struct rect *region,
              struct text_read *ret)
{
    struct reading self = {.fonts = fonts};
    const struct rect whole = {0, 0, frame->width, frame->height};
    struct rect wanted = region ? rect_clip(*region, frame->width, frame->height) : whole;
    memset(ret, 0, sizeof *ret);
    ret->font = "";
    ret->cursor_x = ret->cursor_y = -1;
    if (!text_picture_init(&self.picture, frame))
        return -EINVAL;
    if (wanted.w <= 0 || wanted.h <= 0 || !find_grid(&self, &whole, &wanted))
        return 1;
    int r = begin(&self, &wanted);
    r = r ? r : read_all(&self, ret);
    finish(&self);
    return r;
}

void text_read_finish(struct text_read *self)
{
    free(self->lines);
    free(self->known);
    *self = (struct text_read){0};
}
