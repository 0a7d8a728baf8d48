/* Keyboard layouts of targets: all of xkb-data's rules, as they were when this was built. Which characters stand on
 * which key, and by which strokes a target with that layout gives a character. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usbgadget/layout_keys.h"

#define LAYOUT_NAME_MAX 64 /* bytes of a name with its NUL */

/* Bit 0: Shift, bit 1: the key to level 3 (AltGr), bit 2: the key to level 5. */
#define LAYOUT_LEVELS 8
enum { LAYOUT_SHIFT = 1, LAYOUT_LEVEL3 = 2, LAYOUT_LEVEL5 = 4 };

/* The keyboard for which the layout is made: where Enter is low and there is a key beside the left Shift (ISO), or
 * there is none (ANSI), or those of Japan. */
enum layout_kind { LAYOUT_ANSI, LAYOUT_ISO, LAYOUT_JIS };

struct layout {
    const char *name;       /* as in xkb: "de", "us(intl)" */
    const char *title;      /* for people, English: "German (no dead keys)" */
    uint8_t kind;           /* enum layout_kind */
    uint8_t level3, level5; /* usages of the keys that lead there; 0: no such level */
    bool latin;             /* all of a-z and 0-9 can be typed without switching to another layout */
    uint16_t rows[LAYOUT_KEYS];
};

size_t layout_count(void);
const struct layout *layout_at(size_t i);           /* in the order of xkb-data: us first */
const struct layout *layout_find(const char *name); /* NULL: there is none */

/* What a key gives: a character, LAYOUT_DEAD + n for a dead key, or 0. */
#define LAYOUT_DEAD 0x110000u
uint32_t layout_symbol(const struct layout *self, unsigned key, unsigned level);
uint16_t layout_usage(unsigned key); /* 0 <= key < LAYOUT_KEYS */
/* A dead key's accent as a character of its own, as it is printed on keys: U+00B4 for the acute. */
uint32_t layout_dead_accent(uint32_t symbol);

/* One key stroke: the usage, the modifier keys held with it, as bits 0..7 for usages 0xE0..0xE7, and one more key that
 * is held where a level stands behind none of these (0: none). */
struct stroke {
    uint8_t usage, modifiers, hold;
};

#define LAYOUT_MAX_STROKES 3 /* two dead keys and their base */

struct layout_entry {
    uint32_t character;
    uint8_t n_strokes;
    struct stroke strokes[LAYOUT_MAX_STROKES];
};

/* Every character that a layout can type, with the fewest and simplest strokes. */
struct layout_map;

int layout_map_create(const struct layout *layout, struct layout_map **ret); /* -ENOMEM */
struct layout_map *layout_map_destroy(struct layout_map *self);              /* NULL allowed; returns NULL */
const struct layout *layout_map_layout(const struct layout_map *self);
/* NULL: this layout has no way to it. */
const struct layout_entry *layout_lookup(const struct layout_map *self, uint32_t character);
size_t layout_map_count(const struct layout_map *self);
const struct layout_entry *layout_map_at(const struct layout_map *self, size_t i); /* sorted by character */

/* The character that a base and a combining mark make together (canonical composition), 0: none. */
uint32_t layout_compose(uint32_t base, uint32_t mark);

/* Next character of n bytes of UTF-8; moves *at. False at the end or at bytes that are not UTF-8 (*bad then). */
bool layout_next_character(const char **at, const char *end, uint32_t *ret, bool *bad);
