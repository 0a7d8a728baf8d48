#include "transport/wire_text.h"

#include <string.h>

#include "core/utf8.h"

size_t wire_clean_text(const char *text, uint8_t *room, size_t limit)
{
    size_t left = strlen(text), out = 0;
    while (left) {
        size_t n = utf8_printable(text, left), taken = n ? n : 1;
        if (out + taken > limit)
            break;
        if (n)
            memcpy(room + out, text, n);
        else
            room[out] = '?';
        out += taken;
        text += taken;
        left -= taken;
    }
    return out;
}

bool wire_is_hex(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') ||
              (text[i] >= 'A' && text[i] <= 'F')))
            return false;
    return true;
}

bool wire_reserved_set(struct wire_reader *r, unsigned n)
{
    uint8_t seen = 0;
    while (n--)
        seen |= wire_read_u8(r);
    return seen != 0;
}
