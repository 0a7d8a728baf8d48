/* The fonts of text consoles, as far as this host has them: which character a small picture in two colours is. Glyphs
 * of one size are kept once however many fonts have them, so that one look-up answers for all fonts. Filled by one
 * thread; then read by any number of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/cleanup.h"
#include "video/glyph_bits.h"

#define CONSOLE_FONT_NAME 48
#define CONSOLE_FONTS_MAX 1024 /* fonts */
#define CONSOLE_SIZES_MAX 32   /* sizes of cells */

struct console_fonts;

int console_fonts_create(struct console_fonts **ret);
struct console_fonts *console_fonts_destroy(struct console_fonts *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct console_fonts, console_fonts_destroy)

/* Where fonts know the same characters, the one that was added first is named. Number of the font, or -EINVAL: cells
 * of another size than 4..16 x 6..32; -ENOSPC: too many; -ENOMEM. */
int console_fonts_begin(struct console_fonts *self, const char *name, int width, int height);
/* codes: Unicode; the lowest is taken that is no control character, and of private use only where there is no other.
 * Characters of one font that look alike are read as the one with the lowest number. 0, also when it had nothing to
 * keep; -EINVAL: no such font; -ENOMEM. */
int console_fonts_add(struct console_fonts *self, int font, const struct glyph_bits *bits, const uint32_t *codes,
                      size_t n_codes);

size_t console_fonts_count(const struct console_fonts *self);
const char *console_fonts_name(const struct console_fonts *self, int font);

/* --- for readers --- */

/* Cells of one size: the glyphs are numbered 0..n_glyphs-1. */
struct font_size {
    int width, height;
    int n_glyphs, n_fonts;
};

int console_fonts_sizes(const struct console_fonts *self);
const struct font_size *console_fonts_size(const struct console_fonts *self, int size);
int console_fonts_find_size(const struct console_fonts *self, int width, int height); /* -1: none */

/* The glyph that looks so; -1: none does. hash as of glyph_hash. */
int console_fonts_find(const struct console_fonts *self, int size, const struct glyph_bits *bits, uint64_t hash);
/* There may be one with this hash. Much faster where most questions are answered by no. */
bool console_fonts_may_have(const struct console_fonts *self, int size, uint64_t hash);
const struct glyph_bits *console_fonts_bits(const struct console_fonts *self, int size, int glyph);
/* It has so much shape that a picture which is no text hardly has it by chance. */
bool console_fonts_is_telling(const struct console_fonts *self, int size, int glyph);

/* What the glyph means in a font; 0: the font lacks it. */
uint32_t console_fonts_code(const struct console_fonts *self, int size, int glyph, int font);
/* Adds 1 to votes[font] for each font that has the glyph; votes has room for console_fonts_count. */
void console_fonts_vote(const struct console_fonts *self, int size, int glyph, unsigned *votes);
