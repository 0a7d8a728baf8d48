#include "video/console_fonts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MIN_WIDTH 4
#define MIN_HEIGHT 6
#define FIRST_ROOM 512 /* glyphs of a size; a power of two */
#define SIEVE_BITS (1u << 18)
#define NONE (-1)

/* That a font has a glyph, and what for. */
struct use {
    int32_t next; /* of the same glyph, in the order of fonts; NONE */
    uint32_t code;
    uint16_t font;
};

struct glyph {
    struct glyph_bits bits;
    uint64_t hash;
    int32_t first, last; /* uses */
    bool telling;
};

struct size {
    struct font_size is;
    struct glyph *glyphs;
    int room;
    int32_t *slots; /* 2 * room of them; glyph or NONE */
    uint8_t *sieve; /* a bit for each hash there is, by 18 bits of it */
};

struct font {
    char name[CONSOLE_FONT_NAME];
    uint8_t size;
};

struct console_fonts {
    struct size sizes[CONSOLE_SIZES_MAX];
    int n_sizes;
    struct font fonts[CONSOLE_FONTS_MAX];
    int n_fonts;
    struct use *uses;
    int n_uses, uses_room;
};

int console_fonts_create(struct console_fonts **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? 0 : -ENOMEM;
}

struct console_fonts *console_fonts_destroy(struct console_fonts *self)
{
    if (!self)
        return NULL;
    for (int i = 0; i < self->n_sizes; i++) {
        free(self->sizes[i].glyphs);
        free(self->sizes[i].slots);
        free(self->sizes[i].sieve);
    }
    free(self->uses);
    free(self);
    return NULL;
}

/* --- looking up --- */

static uint32_t slot_of(const struct size *size, uint64_t hash)
{
    return (uint32_t)(hash >> 40) & ((uint32_t)size->room * 2 - 1);
}

static uint32_t sieve_of(uint64_t hash)
{
    return (uint32_t)(hash >> 20) & (SIEVE_BITS - 1);
}

bool console_fonts_may_have(const struct console_fonts *self, int size, uint64_t hash)
{
    uint32_t bit = sieve_of(hash);
    return self->sizes[size].sieve[bit / 8] >> bit % 8 & 1;
}

static int find(const struct size *size, const struct glyph_bits *bits, uint64_t hash)
{
    const uint32_t mask = (uint32_t)size->room * 2 - 1;
    for (uint32_t slot = slot_of(size, hash);; slot = (slot + 1) & mask) {
        int32_t index = size->slots[slot];
        if (index == NONE)
            return NONE;
        const struct glyph *glyph = &size->glyphs[index];
        if (glyph->hash == hash && memcmp(&glyph->bits, bits, sizeof *bits) == 0)
            return index;
    }
}

int console_fonts_find(const struct console_fonts *self, int size, const struct glyph_bits *bits, uint64_t hash)
{
    return console_fonts_may_have(self, size, hash) ? find(&self->sizes[size], bits, hash) : NONE;
}

const struct glyph_bits *console_fonts_bits(const struct console_fonts *self, int size, int glyph)
{
    return &self->sizes[size].glyphs[glyph].bits;
}

bool console_fonts_is_telling(const struct console_fonts *self, int size, int glyph)
{
    return self->sizes[size].glyphs[glyph].telling;
}

uint32_t console_fonts_code(const struct console_fonts *self, int size, int glyph, int font)
{
    for (int32_t i = self->sizes[size].glyphs[glyph].first; i != NONE; i = self->uses[i].next)
        if (self->uses[i].font == font)
            return self->uses[i].code;
    return 0;
}

void console_fonts_vote(const struct console_fonts *self, int size, int glyph, unsigned *votes)
{
    for (int32_t i = self->sizes[size].glyphs[glyph].first; i != NONE; i = self->uses[i].next)
        votes[self->uses[i].font]++;
}

size_t console_fonts_count(const struct console_fonts *self)
{
    return (size_t)self->n_fonts;
}

const char *console_fonts_name(const struct console_fonts *self, int font)
{
    return font >= 0 && font < self->n_fonts ? self->fonts[font].name : "";
}

int console_fonts_sizes(const struct console_fonts *self)
{
    return self->n_sizes;
}

const struct font_size *console_fonts_size(const struct console_fonts *self, int size)
{
    return &self->sizes[size].is;
}

int console_fonts_find_size(const struct console_fonts *self, int width, int height)
{
    for (int i = 0; i < self->n_sizes; i++)
        if (self->sizes[i].is.width == width && self->sizes[i].is.height == height)
            return i;
    return -1;
}

/* --- filling --- */

/* Makes room for `room` glyphs and puts those that are there into their new slots. */
static int resize(struct size *size, int room)
{
    size_t n_slots = (size_t)room * 2;
    int32_t *slots = malloc(n_slots * sizeof *slots);
    struct glyph *glyphs = slots ? realloc(size->glyphs, (size_t)room * sizeof *glyphs) : NULL;
    if (!glyphs) {
        free(slots);
        return -ENOMEM;
    }
    free(size->slots);
    size->glyphs = glyphs;
    size->slots = slots;
    size->room = room;
    memset(slots, 0xff, n_slots * sizeof *slots);
    for (int i = 0; i < size->is.n_glyphs; i++) {
        uint32_t slot = slot_of(size, glyphs[i].hash);
        while (slots[slot] != NONE)
            slot = (slot + 1) & ((uint32_t)n_slots - 1);
        slots[slot] = i;
    }
    return 0;
}

static int make_size(struct console_fonts *self, int width, int height)
{
    int index = console_fonts_find_size(self, width, height);
    if (index >= 0)
        return index;
    if (self->n_sizes == CONSOLE_SIZES_MAX)
        return -ENOSPC;
    struct size *size = &self->sizes[self->n_sizes];
    *size = (struct size){.is = {.width = width, .height = height}, .sieve = calloc(1, SIEVE_BITS / 8)};
    if (!size->sieve || resize(size, FIRST_ROOM) < 0) {
        free(size->sieve);
        return -ENOMEM;
    }
    return self->n_sizes++;
}

int console_fonts_begin(struct console_fonts *self, const char *name, int width, int height)
{
    if (width < MIN_WIDTH || width > GLYPH_MAX_WIDTH || height < MIN_HEIGHT || height > GLYPH_MAX_HEIGHT)
        return -EINVAL;
    if (self->n_fonts == CONSOLE_FONTS_MAX)
        return -ENOSPC;
    int size = make_size(self, width, height);
    if (size < 0)
        return size;
    struct font *font = &self->fonts[self->n_fonts];
    snprintf(font->name, sizeof font->name, "%s", name);
    font->size = (uint8_t)size;
    self->sizes[size].is.n_fonts++;
    return self->n_fonts++;
}

/* Letters and digits pass; lines, blocks, dots and shades do not: rules and patterns of graphical pictures are like
 * them. */
static bool is_telling(const struct glyph_bits *bits, int width, int height)
{
    const uint16_t full = (uint16_t)((1u << width) - 1);
    int inked = 0, turns = 0;
    uint32_t seen[4];
    int n_seen = 0;
    for (int y = 0; y < height; y++) {
        uint16_t row = bits->row[y];
        if (row == full)
            return false;
        inked += row != 0;
        turns += y > 0 && row != bits->row[y - 1];
        bool known = !row;
        for (int i = 0; i < n_seen; i++)
            known |= seen[i] == row;
        if (!known && n_seen < 4)
            seen[n_seen++] = row;
    }
    return inked >= height / 3 && turns >= 4 && n_seen >= 3 && (!bits->row[0] || !bits->row[height - 1]);
}

static int add_glyph(struct size *size, const struct glyph_bits *bits, uint64_t hash)
{
    if (size->is.n_glyphs == size->room) {
        int r = resize(size, size->room * 2);
        if (r < 0)
            return r;
    }
    int index = size->is.n_glyphs++;
    size->glyphs[index] = (struct glyph){.bits = *bits,
                                         .hash = hash,
                                         .first = NONE,
                                         .last = NONE,
                                         .telling = is_telling(bits, size->is.width, size->is.height)};
    uint32_t slot = slot_of(size, hash), bit = sieve_of(hash);
    while (size->slots[slot] != NONE)
        slot = (slot + 1) & ((uint32_t)size->room * 2 - 1);
    size->slots[slot] = index;
    size->sieve[bit / 8] = (uint8_t)(size->sieve[bit / 8] | 1u << bit % 8);
    return index;
}

static bool is_private(uint32_t code)
{
    return (code >= 0xe000 && code <= 0xf8ff) || code >= 0xf0000;
}

static bool is_character(uint32_t code)
{
    return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && !(code >= 0xd800 && code <= 0xdfff) && code <= 0x10ffff &&
           code != 0xfffd && (code & 0xfffe) != 0xfffe;
}

static bool is_better(uint32_t code, uint32_t than)
{
    if (!than || is_private(code) != is_private(than))
        return !than || is_private(than);
    return code < than;
}

/* 0: there is none. */
static uint32_t best_code(const uint32_t *codes, size_t n)
{
    uint32_t best = 0;
    for (size_t i = 0; i < n; i++)
        if (is_character(codes[i]) && is_better(codes[i], best))
            best = codes[i];
    return best;
}

static int append_use(struct console_fonts *self, struct glyph *glyph, int font, uint32_t code)
{
    if (self->n_uses == self->uses_room) {
        int room = self->uses_room ? self->uses_room * 2 : 4096;
        struct use *uses = realloc(self->uses, (size_t)room * sizeof *uses);
        if (!uses)
            return -ENOMEM;
        self->uses = uses;
        self->uses_room = room;
    }
    self->uses[self->n_uses] = (struct use){.next = NONE, .code = code, .font = (uint16_t)font};
    if (glyph->last == NONE)
        glyph->first = self->n_uses;
    else
        self->uses[glyph->last].next = self->n_uses;
    glyph->last = self->n_uses++;
    return 0;
}

int console_fonts_add(struct console_fonts *self, int font, const struct glyph_bits *bits, const uint32_t *codes,
                      size_t n_codes)
{
    if (font < 0 || font >= self->n_fonts)
        return -EINVAL;
    uint32_t code = best_code(codes, n_codes);
    if (!code)
        return 0;
    struct size *size = &self->sizes[self->fonts[font].size];
    uint64_t hash = glyph_hash(bits, size->is.height);
    int index = find(size, bits, hash);
    if (index == NONE)
        index = add_glyph(size, bits, hash);
    if (index < 0)
        return index;
    struct glyph *glyph = &size->glyphs[index];
    for (int32_t i = glyph->first; i != NONE; i = self->uses[i].next)
        if (self->uses[i].font == font) {
            if (is_better(code, self->uses[i].code))
                self->uses[i].code = code;
            return 0;
        }
    return append_use(self, glyph, font, code);
}
