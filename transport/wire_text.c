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
