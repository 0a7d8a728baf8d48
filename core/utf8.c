#include "core/utf8.h"

static bool continues(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

size_t utf8_sequence(const char *text, size_t size)
{
    const uint8_t *p = (const uint8_t *)text;

    if (size == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    if (p[0] < 0xE0)
        return size >= 2 && continues(p[1]) ? 2 : 0;
    if (p[0] < 0xF0) {
        if (size < 3 || !continues(p[1]) || !continues(p[2]))
            return 0;
        if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F))
            return 0;
        return 3;
    }
    if (size < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3]))
        return 0;
    if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return 4;
}

size_t utf8_printable(const char *text, size_t size)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t length = utf8_sequence(text, size);

    if (length == 1 && (p[0] < 0x20 || p[0] == 0x7F))
        return 0;
    if (length == 2 && p[0] == 0xC2 && p[1] < 0xA0)
        return 0;
    return length;
}

bool utf8_turns(const char *text, size_t size)
{
    const uint8_t *p = (const uint8_t *)text;

    if (size >= 2 && p[0] == 0xD8 && p[1] == 0x9C)
        return true;
    if (size < 3 || p[0] != 0xE2)
        return false;
    if (p[1] == 0x80)
        return p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE);
    return p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9;
}

bool utf8_valid(const char *text, size_t size)
{
    while (size > 0) {
        size_t length = utf8_sequence(text, size);
        if (length == 0)
            return false;
        text += length;
        size -= length;
    }
    return true;
}

uint32_t utf8_read(const char *text, size_t length)
{
    const uint8_t *p = (const uint8_t *)text;
    uint32_t c = length == 1 ? p[0] : p[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        c = c << 6 | (p[i] & 0x3F);
    return c;
}

size_t utf8_write(char ret[static 4], uint32_t c)
{
    static const uint8_t first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; c >>= 6)
        ret[i] = (char)(0x80 | (c & 0x3F));
    ret[0] = (char)(first[length] | c);
    return length;
}
