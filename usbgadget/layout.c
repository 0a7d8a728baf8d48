#include "usbgadget/layout.h"

#include <string.h>

#include "core/attrs.h"
#include "core/utf8.h"
#include "usbgadget/layout_table.h"

#define USAGE(usage, code) usage,
static const uint8_t usages[] = {LAYOUT_EACH_KEY(USAGE)};
static_assert(ARRAY_SIZE(usages) == LAYOUT_KEYS, "a row for each");

/* By the order of the dead keys in X's keysyms, from dead_grave on: the accent alone, and the combining mark that does
 * the same in text. */
static const struct {
    uint16_t accent, mark;
} dead_keys[] = {
    {0x60, 0x300},  {0xB4, 0x301},   {0x5E, 0x302},    {0x7E, 0x303},    {0xAF, 0x304},  {0x2D8, 0x306},
    {0x2D9, 0x307}, {0xA8, 0x308},   {0x2DA, 0x30A},   {0x2DD, 0x30B},   {0x2C7, 0x30C}, {0xB8, 0x327},
    {0x2DB, 0x328}, {0x37A, 0x345},  {0x309B, 0x3099}, {0x309C, 0x309A}, {0x2E, 0x323},  {0x2C0, 0x309},
    {0x2BC, 0x31B}, {0x2F, 0},       {0x2BC, 0x313},   {0x2BD, 0x314},   {0x2F5, 0x30F}, {0x2F3, 0x325},
    {0x2CD, 0x331}, {0xA788, 0x32D}, {0x2F7, 0x330},   {0x25E1, 0x32E},  {0xA8, 0x324},  {0x25E0, 0x311},
    {0x2C, 0x326},  {0xA4, 0},
};

size_t layout_count(void)
{
    return layout_table_n;
}

const struct layout *layout_at(size_t i)
{
    return i < layout_table_n ? &layout_table[i] : NULL;
}

const struct layout *layout_find(const char *name)
{
    for (size_t i = 0; i < layout_table_n; i++)
        if (!strcmp(layout_table[i].name, name))
            return &layout_table[i];
    return NULL;
}

uint32_t layout_symbol(const struct layout *self, unsigned key, unsigned level)
{
    return key < LAYOUT_KEYS && level < LAYOUT_LEVELS ? layout_symbols[layout_rows[self->rows[key]][level]] : 0;
}

uint16_t layout_usage(unsigned key)
{
    return key < LAYOUT_KEYS ? usages[key] : 0;
}

uint32_t layout_dead_accent(uint32_t symbol)
{
    uint32_t n = symbol - LAYOUT_DEAD;
    return symbol >= LAYOUT_DEAD && n < ARRAY_SIZE(dead_keys) ? dead_keys[n].accent : 0x25CC;
}

static uint32_t symbol_at(unsigned number)
{
    return layout_symbols[number];
}

uint32_t layout_compose(uint32_t base, uint32_t mark)
{
    uint32_t dead = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(dead_keys); i++)
        if (mark && dead_keys[i].mark == mark)
            dead = LAYOUT_DEAD + i;
    for (size_t i = 0; dead && i < layout_compositions_n; i++) {
        const struct layout_composed *c = &layout_compositions[i];
        if (!c->third && symbol_at(c->first) == dead && symbol_at(c->second) == base && base > ' ' && base != 0xA0)
            return c->character;
    }
    return 0;
}

bool layout_next_character(const char **at, const char *end, uint32_t *ret, bool *bad)
{
    size_t length = utf8_sequence(*at, (size_t)(end - *at));
    *bad = !length && *at < end;
    if (!length)
        return false;
    *ret = utf8_read(*at, length);
    *at += length;
    return true;
}
