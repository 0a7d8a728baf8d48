/* Names of characters that cannot be seen, for lists that people read. */
#include "core/attrs.h"
#include "usbgadget/typing.h"

static const char *const controls[] = {
    "null",
    "start of heading",
    "start of text",
    "end of text",
    "end of transmission",
    "enquiry",
    "acknowledge",
    "bell",
    "backspace",
    "tab",
    "line feed",
    "vertical tab",
    "form feed",
    "carriage return",
    "shift out",
    "shift in",
    "data link escape",
    "device control 1",
    "device control 2",
    "device control 3",
    "device control 4",
    "negative acknowledge",
    "synchronous idle",
    "end of block",
    "cancel",
    "end of medium",
    "substitute",
    "escape",
    "file separator",
    "group separator",
    "record separator",
    "unit separator",
};

static const struct {
    uint32_t first, last;
    const char *name;
} ranges[] = {
    {0x20, 0x20, "space"},
    {0x7F, 0x7F, "delete"},
    {0x80, 0x9F, "control character"},
    {0xA0, 0xA0, "no-break space"},
    {0xAD, 0xAD, "soft hyphen"},
    {0x300, 0x36F, "combining mark"},
    {0x61C, 0x61C, "Arabic letter mark"},
    {0x1AB0, 0x1AFF, "combining mark"},
    {0x1DC0, 0x1DFF, "combining mark"},
    {0x2000, 0x200A, "wide or narrow space"},
    {0x200B, 0x200B, "zero width space"},
    {0x200C, 0x200C, "zero width non-joiner"},
    {0x200D, 0x200D, "zero width joiner"},
    {0x200E, 0x200E, "left-to-right mark"},
    {0x200F, 0x200F, "right-to-left mark"},
    {0x2028, 0x2028, "line separator"},
    {0x2029, 0x2029, "paragraph separator"},
    {0x202A, 0x202E, "mark that turns the direction of writing"},
    {0x202F, 0x202F, "narrow no-break space"},
    {0x205F, 0x205F, "mathematical space"},
    {0x2060, 0x2060, "word joiner"},
    {0x2061, 0x2064, "invisible operator"},
    {0x2066, 0x2069, "mark that turns the direction of writing"},
    {0x20D0, 0x20FF, "combining mark"},
    {0x3000, 0x3000, "ideographic space"},
    {0xD800, 0xF8FF, "private character"},
    {0xFE00, 0xFE0F, "variation selector"},
    {0xFE20, 0xFE2F, "combining mark"},
    {0xFEFF, 0xFEFF, "byte order mark"},
    {0xFFF9, 0xFFFB, "annotation mark"},
    {0x1F3FB, 0x1F3FF, "skin tone of an emoji"},
    {0xE0000, 0xE007F, "tag character"},
    {0xE0100, 0xE01EF, "variation selector"},
    {0xF0000, 0x10FFFF, "private character"},
};

const char *typing_character_name(uint32_t character)
{
    if (character < ARRAY_SIZE(controls))
        return controls[character];
    for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return ranges[i].name;
    return NULL;
}
