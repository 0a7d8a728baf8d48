/* US layout (ANSI): every printable ASCII character, tab and newline. Bit 1 of the modifiers is the left shift key. */
#include "core/attrs.h"
#include "usbgadget/layout.h"

extern const struct layout layout_us;

#define KEY(character, usage, modifiers)                                                                               \
    {                                                                                                                  \
        character, 1,                                                                                                  \
        {                                                                                                              \
            {                                                                                                          \
                usage, modifiers                                                                                       \
            }                                                                                                          \
        }                                                                                                              \
    }

static const struct layout_entry entries[] = {
    KEY('\t', 0x2B, 0), KEY('\n', 0x28, 0), KEY(' ', 0x2C, 0),  KEY('!', 0x1E, 2), KEY('"', 0x34, 2),
    KEY('#', 0x20, 2),  KEY('$', 0x21, 2),  KEY('%', 0x22, 2),  KEY('&', 0x24, 2), KEY('\'', 0x34, 0),
    KEY('(', 0x26, 2),  KEY(')', 0x27, 2),  KEY('*', 0x25, 2),  KEY('+', 0x2E, 2), KEY(',', 0x36, 0),
    KEY('-', 0x2D, 0),  KEY('.', 0x37, 0),  KEY('/', 0x38, 0),  KEY('0', 0x27, 0), KEY('1', 0x1E, 0),
    KEY('2', 0x1F, 0),  KEY('3', 0x20, 0),  KEY('4', 0x21, 0),  KEY('5', 0x22, 0), KEY('6', 0x23, 0),
    KEY('7', 0x24, 0),  KEY('8', 0x25, 0),  KEY('9', 0x26, 0),  KEY(':', 0x33, 2), KEY(';', 0x33, 0),
    KEY('<', 0x36, 2),  KEY('=', 0x2E, 0),  KEY('>', 0x37, 2),  KEY('?', 0x38, 2), KEY('@', 0x1F, 2),
    KEY('A', 0x04, 2),  KEY('B', 0x05, 2),  KEY('C', 0x06, 2),  KEY('D', 0x07, 2), KEY('E', 0x08, 2),
    KEY('F', 0x09, 2),  KEY('G', 0x0A, 2),  KEY('H', 0x0B, 2),  KEY('I', 0x0C, 2), KEY('J', 0x0D, 2),
    KEY('K', 0x0E, 2),  KEY('L', 0x0F, 2),  KEY('M', 0x10, 2),  KEY('N', 0x11, 2), KEY('O', 0x12, 2),
    KEY('P', 0x13, 2),  KEY('Q', 0x14, 2),  KEY('R', 0x15, 2),  KEY('S', 0x16, 2), KEY('T', 0x17, 2),
    KEY('U', 0x18, 2),  KEY('V', 0x19, 2),  KEY('W', 0x1A, 2),  KEY('X', 0x1B, 2), KEY('Y', 0x1C, 2),
    KEY('Z', 0x1D, 2),  KEY('[', 0x2F, 0),  KEY('\\', 0x31, 0), KEY(']', 0x30, 0), KEY('^', 0x23, 2),
    KEY('_', 0x2D, 2),  KEY('`', 0x35, 0),  KEY('a', 0x04, 0),  KEY('b', 0x05, 0), KEY('c', 0x06, 0),
    KEY('d', 0x07, 0),  KEY('e', 0x08, 0),  KEY('f', 0x09, 0),  KEY('g', 0x0A, 0), KEY('h', 0x0B, 0),
    KEY('i', 0x0C, 0),  KEY('j', 0x0D, 0),  KEY('k', 0x0E, 0),  KEY('l', 0x0F, 0), KEY('m', 0x10, 0),
    KEY('n', 0x11, 0),  KEY('o', 0x12, 0),  KEY('p', 0x13, 0),  KEY('q', 0x14, 0), KEY('r', 0x15, 0),
    KEY('s', 0x16, 0),  KEY('t', 0x17, 0),  KEY('u', 0x18, 0),  KEY('v', 0x19, 0), KEY('w', 0x1A, 0),
    KEY('x', 0x1B, 0),  KEY('y', 0x1C, 0),  KEY('z', 0x1D, 0),  KEY('{', 0x2F, 2), KEY('|', 0x31, 2),
    KEY('}', 0x30, 2),  KEY('~', 0x35, 2),
};

const struct layout layout_us = {
    .name = "us",
    .title = "English (US)",
    .entries = entries,
    .n_entries = ARRAY_SIZE(entries),
};
