#include "usbgadget/layout.h"

#include <string.h>

extern const struct layout layout_us;

const struct layout *const layouts[] = {&layout_us, NULL};

const struct layout *layout_find(const char *name)
{
    for (const struct layout *const *l = layouts; *l; l++)
        if (!strcmp((*l)->name, name))
            return *l;
    return NULL;
}

const struct layout_entry *layout_lookup(const struct layout *self, uint32_t character)
{
    size_t low = 0, high = self->n_entries;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->entries[middle].character == character)
            return &self->entries[middle];
        if (self->entries[middle].character < character)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool layout_next_character(const char **at, uint32_t *ret, bool *bad)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*at;
    unsigned more = p[0] < 0x80 ? 0 : p[0] >= 0xF0 ? 3 : p[0] >= 0xE0 ? 2 : 1;
    uint32_t c = more == 0 ? p[0] : p[0] & (0x3Fu >> more);

    *bad = false;
    if (!p[0])
        return false;
    *bad = true;
    if ((p[0] >= 0x80 && p[0] < 0xC2) || p[0] > 0xF4)
        return false;
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return false;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return false;
    *bad = false;
    *at += more + 1;
    *ret = c;
    return true;
}
