/* The table of keyboard layouts that make_layouts writes at build time from xkb-data. Of layout.c and layout_map.c
 * alone; everybody else reads layout.h. */
#pragma once

#include "usbgadget/layout.h"

struct layout_composed {
    uint16_t first, second, third; /* numbers of symbols; first is a dead key, third 0 for two strokes */
    uint32_t character;
};

extern const struct layout layout_table[];
extern const size_t layout_table_n;
extern const struct layout layout_common; /* what most layouts of Latin letters are built upon */
extern const uint32_t layout_symbols[];   /* a character, or LAYOUT_DEAD + n; symbol 0 is none */
extern const size_t layout_symbols_n;
extern const uint16_t layout_rows[][LAYOUT_LEVELS]; /* what one key gives, as numbers of symbols */
extern const struct layout_composed layout_compositions[];
extern const size_t layout_compositions_n;
