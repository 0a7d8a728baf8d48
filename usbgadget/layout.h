/* Keyboard layouts of the target for typing text: character -> key and modifiers. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One key stroke: the usage and the modifier keys held with it, as bits 0..7 for usages 0xE0..0xE7. */
struct stroke {
    uint16_t usage;
    uint8_t modifiers;
};

#define LAYOUT_MAX_STROKES 2 /* a dead key and its base */

struct layout_entry {
    uint32_t character; /* Unicode */
    uint8_t n_strokes;
    struct stroke strokes[LAYOUT_MAX_STROKES];
};

struct layout {
    const char *name;                   /* "us", as in xkb */
    const char *title;                  /* for people */
    const struct layout_entry *entries; /* sorted by character */
    size_t n_entries;
};

extern const struct layout *const layouts[]; /* NULL ends */
const struct layout *layout_find(const char *name);

/* NULL: this layout has no key for it. */
const struct layout_entry *layout_lookup(const struct layout *self, uint32_t character);

/* Next character of UTF-8 text; moves *at. False at the end or at bytes that are not UTF-8 (*bad then). */
bool layout_next_character(const char **at, uint32_t *ret, bool *bad);
