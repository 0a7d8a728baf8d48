#include "video/text_grid.h"

#define GLANCE 48        /* cells with something in them that a wrong grid is known by */
#define SAMPLES 400      /* and that a right one is judged by */
#define SPREAD 7         /* rows */
#define MAX_CURSOR 4     /* unknown cells that are no reason to doubt a grid */
#define PATCHES 40       /* places that vote where cells begin */
#define MOST_TRIES 1024  /* to find them */
#define BEST 4           /* places with the most votes of a size that are judged */
#define ENOUGH_TELLING 4 /* different letters in a grid that begins anywhere */
#define PATCH_WIDTH (2 * GLYPH_MAX_WIDTH - 1)
#define PATCH_HEIGHT (2 * GLYPH_MAX_HEIGHT - 1)
#define OFFSETS (GLYPH_MAX_WIDTH * GLYPH_MAX_HEIGHT)

struct look {
    const struct console_fonts *fonts;
    const struct text_picture *picture;
    struct rect area;
};

/* --- judging a grid --- */

struct telling {
    int seen[ENOUGH_TELLING];
    int n;
};

static void note_telling(struct telling *self, const struct console_fonts *fonts, int size, struct text_match match)
{
    int glyph = match.glyph >= 0 && console_fonts_is_telling(fonts, size, match.glyph) ? match.glyph : match.reversed;
    if (glyph < 0 || self->n == ENOUGH_TELLING || !console_fonts_is_telling(fonts, size, glyph))
        return;
    for (int i = 0; i < self->n; i++)
        if (self->seen[i] == glyph)
            return;
    self->seen[self->n++] = glyph;
}

/* First cell at or behind `from` in a grid through `origin`. */
static int first_cell(int from, int origin, int step)
{
    int off = (from - origin) % step;
    return from + (off > 0 ? step - off : -off);
}

/* The i-th of n, each 7th first. */
static int spread(int i, int n)
{
    for (int phase = 0; phase < SPREAD; phase++) {
        int many = (n - phase + SPREAD - 1) / SPREAD;
        if (i < many)
            return phase + i * SPREAD;
        i -= many;
    }
    return 0;
}

/* Rows are looked at in an order that spreads over the area, until enough cells had something in them. Gives how many
 * different letters there were, up to ENOUGH_TELLING. */
static int judge(const struct look *look, struct text_grid *grid, unsigned samples)
{
    const struct font_size *is = console_fonts_size(look->fonts, grid->size);
    const struct rect *a = &look->area;
    const int x0 = first_cell(a->x, grid->x, is->width), y0 = first_cell(a->y, grid->y, is->height);
    const int rows = (a->y + a->h - y0) / is->height, columns = (a->x + a->w - x0) / is->width;
    struct telling telling = {.n = 0};
    grid->matched = grid->unknown = 0;
    for (int i = 0; i < rows && grid->matched + grid->unknown < samples; i++) {
        const int row = spread(i, rows);
        for (int column = 0; column < columns; column++) {
            struct text_cell cell;
            bool cut = text_cell_cut(look->picture, x0 + column * is->width, y0 + row * is->height, is->width,
                                     is->height, &cell);
            if (cut && cell.blank)
                continue;
            struct text_match match = {-1, -1};
            if (cut)
                match = text_cell_match(look->fonts, grid->size, &cell);
            grid->matched += match.glyph >= 0 || match.reversed >= 0;
            grid->unknown += match.glyph < 0 && match.reversed < 0;
            note_telling(&telling, look->fonts, grid->size, match);
        }
    }
    return telling.n;
}

static bool is_good(const struct text_grid *grid)
{
    return grid->matched > 0 &&
           (grid->unknown <= MAX_CURSOR ? grid->unknown <= grid->matched : grid->unknown * 3 <= grid->matched);
}

/* False: not worth a longer look. */
static bool glance(const struct look *look, struct text_grid *grid)
{
    judge(look, grid, GLANCE);
    return grid->unknown <= grid->matched + MAX_CURSOR;
}

/* How much of the picture a grid explains, in pixels of cells. */
static long worth(const struct look *look, const struct text_grid *grid)
{
    const struct font_size *is = console_fonts_size(look->fonts, grid->size);
    return ((long)grid->matched - 2 * (long)grid->unknown) * is->width * is->height * 1000 /
           (long)(grid->matched + grid->unknown + 1);
}

/* --- from the corner --- */

bool text_grid_has_nine(int width)
{
    return width == 40 * 9 || width == 80 * 9 || width == 132 * 9;
}

static bool find_in_corner(const struct look *look, struct text_grid *ret)
{
    bool found = false;
    const bool nine = text_grid_has_nine(look->picture->frame->width);
    for (int size = 0; size < console_fonts_sizes(look->fonts); size++) {
        struct text_grid grid = {.size = size};
        if (console_fonts_size(look->fonts, size)->width == 9 && !nine)
            continue;
        if (glance(look, &grid))
            judge(look, &grid, SAMPLES);
        if (is_good(&grid) && (!found || worth(look, &grid) > worth(look, ret))) {
            *ret = grid;
            found = true;
        }
    }
    return found;
}

/* --- from anywhere --- */

/* A piece of the picture that is so large that it holds a whole cell of any size, wherever cells begin. */
struct patch {
    int x, y, width, height;
    uint32_t row[PATCH_HEIGHT]; /* where the pixel is not the commonest; the leftmost in bit width - 1 */
};

struct votes {
    uint16_t of[CONSOLE_SIZES_MAX][OFFSETS];
};

static int clamp(int value, int low, int high)
{
    return value > high ? high : value < low ? low : value;
}

static uint32_t commonest(const struct text_picture *picture, const struct patch *patch)
{
    uint32_t winner = 0;
    int votes = 0;
    for (int y = 0; y < patch->height; y++)
        for (int x = 0; x < patch->width; x++) {
            uint32_t colour = text_pixel(picture, patch->x + x, patch->y + y);
            if (!votes)
                winner = colour;
            votes += colour == winner ? 1 : -1;
        }
    return winner;
}

/* Around a pixel where something is drawn. */
static void cut_patch(const struct look *look, int x, int y, struct patch *ret)
{
    const struct rect *a = &look->area;
    ret->width = a->w < PATCH_WIDTH ? a->w : PATCH_WIDTH;
    ret->height = a->h < PATCH_HEIGHT ? a->h : PATCH_HEIGHT;
    ret->x = clamp(x - PATCH_WIDTH / 2, a->x, a->x + a->w - ret->width);
    ret->y = clamp(y - PATCH_HEIGHT / 2, a->y, a->y + a->h - ret->height);
    uint32_t paper = commonest(look->picture, ret);
    for (int row = 0; row < ret->height; row++) {
        uint32_t bits = 0;
        for (int column = 0; column < ret->width; column++)
            bits = bits << 1 | (text_pixel(look->picture, ret->x + column, ret->y + row) != paper);
        ret->row[row] = bits;
    }
}

static bool has_glyph(const struct look *look, int size, const struct patch *patch, int dx, int dy, uint64_t hash)
{
    const struct font_size *is = console_fonts_size(look->fonts, size);
    struct glyph_bits bits = {{0}};
    for (int y = 0; y < is->height; y++)
        bits.row[y] = (uint16_t)(patch->row[dy + y] >> (patch->width - is->width - dx) & ((1u << is->width) - 1));
    int glyph = console_fonts_find(look->fonts, size, &bits, hash);
    return glyph >= 0 && console_fonts_is_telling(look->fonts, size, glyph);
}

/* Every place of the patch, by a hash that rolls down each column of cells. */
static void vote(const struct look *look, int size, const struct patch *patch, uint16_t *votes)
{
    const struct font_size *is = console_fonts_size(look->fonts, size);
    const int w = is->width, h = is->height;
    uint64_t last_step = 1; /* GLYPH_HASH_STEP to the power h: what a row weighs when it leaves */
    for (int i = 0; i < h; i++)
        last_step *= GLYPH_HASH_STEP;
    for (int dx = 0; dx + w <= patch->width; dx++) {
        uint64_t rows[PATCH_HEIGHT], hash = 0;
        for (int y = 0; y < patch->height; y++) {
            rows[y] = glyph_row_hash((uint16_t)(patch->row[y] >> (patch->width - w - dx) & ((1u << w) - 1)));
            hash = hash * GLYPH_HASH_STEP + rows[y];
            if (y >= h)
                hash -= rows[y - h] * last_step;
            if (y < h - 1 || !console_fonts_may_have(look->fonts, size, hash) ||
                !has_glyph(look, size, patch, dx, y - h + 1, hash))
                continue;
            votes[(patch->y + y - h + 1) % h * w + (patch->x + dx) % w]++;
        }
    }
}

/* A place where something is drawn, from a row of places that spread over the area. False: nothing is there. */
static bool next_place(const struct look *look, uint32_t *seed, int *ret_x, int *ret_y)
{
    const struct rect *a = &look->area;
    *seed = *seed * 1664525 + 1013904223;
    int y = a->y + (int)((uint64_t)(*seed >> 8) * (uint32_t)a->h >> 24);
    *seed = *seed * 1664525 + 1013904223;
    int x = a->x + (int)((uint64_t)(*seed >> 8) * (uint32_t)a->w >> 24);
    for (int end = clamp(x + 64, a->x, a->x + a->w - 1); x < end; x++)
        if (text_pixel(look->picture, x, y) != text_pixel(look->picture, x + 1, y)) {
            *ret_x = x;
            *ret_y = y;
            return true;
        }
    return false;
}

static void collect(const struct look *look, struct votes *votes)
{
    uint32_t seed = 1;
    int found = 0;
    for (int i = 0; i < MOST_TRIES && found < PATCHES; i++) {
        struct patch patch;
        int x, y;
        if (!next_place(look, &seed, &x, &y))
            continue;
        found++;
        cut_patch(look, x, y, &patch);
        for (int size = 0; size < console_fonts_sizes(look->fonts); size++)
            vote(look, size, &patch, votes->of[size]);
    }
}

/* Takes the best out of the votes; -1: not even two agree. */
static int take_best(uint16_t *votes, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (votes[i] > votes[best])
            best = i;
    if (votes[best] < 2)
        return -1;
    votes[best] = 0;
    return best;
}

static void judge_best(const struct look *look, int size, uint16_t *votes, struct text_grid *ret, bool *found)
{
    const struct font_size *is = console_fonts_size(look->fonts, size);
    for (int i = 0; i < BEST; i++) {
        int offset = take_best(votes, is->width * is->height);
        struct text_grid grid = {.size = size, .x = offset % is->width, .y = offset / is->width};
        if (offset < 0)
            return;
        if (!glance(look, &grid) || judge(look, &grid, SAMPLES) < ENOUGH_TELLING || !is_good(&grid) ||
            (*found && worth(look, &grid) <= worth(look, ret)))
            continue;
        *ret = grid;
        *found = true;
    }
}

/* found: *ret is a grid already, to be bettered. */
static bool find_anywhere(const struct look *look, struct text_grid *ret, bool found)
{
    _cleanup_free_ struct votes *votes = calloc(1, sizeof *votes);
    if (!votes)
        return found;
    collect(look, votes);
    for (int size = 0; size < console_fonts_sizes(look->fonts); size++)
        judge_best(look, size, votes->of[size], ret, &found);
    return found;
}

bool text_grid_find(const struct console_fonts *fonts, const struct text_picture *picture, const struct rect *area,
                    struct text_grid *ret)
{
    const struct look look = {fonts, picture, *area};
    const bool found = find_in_corner(&look, ret);
    /* a font may have the letters of another one a row lower: then a wrong grid explains much of a picture, not all */
    return found && ret->unknown <= MAX_CURSOR ? found : find_anywhere(&look, ret, found);
}

bool text_grid_find_part(const struct console_fonts *fonts, const struct text_picture *picture, const struct rect *area,
                         struct text_grid *ret)
{
    const struct look look = {fonts, picture, *area};
    return find_anywhere(&look, ret, false);
}

bool text_grid_fits(const struct console_fonts *fonts, const struct text_picture *picture, const struct rect *area,
                    const struct text_grid *grid)
{
    const struct look look = {fonts, picture, *area};
    struct text_grid judged = *grid;
    judge(&look, &judged, SAMPLES);
    return judged.matched + judged.unknown == 0 || is_good(&judged);
}
