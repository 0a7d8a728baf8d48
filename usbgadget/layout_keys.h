/* The keys that can give characters, in the order of the layouts' rows: shared by make_layouts, which writes the table,
 * and who reads it. Each is a USB HID usage and the key code of Linux (input-event-codes.h) that its kernel makes of
 * it. */
#pragma once

/* X(usage, code) */
/* clang-format off */
#define LAYOUT_EACH_KEY(X) \
    X(0x04, 30) X(0x05, 48) X(0x06, 46) X(0x07, 32) X(0x08, 18) X(0x09, 33) X(0x0A, 34) X(0x0B, 35) \
    X(0x0C, 23) X(0x0D, 36) X(0x0E, 37) X(0x0F, 38) X(0x10, 50) X(0x11, 49) X(0x12, 24) X(0x13, 25) \
    X(0x14, 16) X(0x15, 19) X(0x16, 31) X(0x17, 20) X(0x18, 22) X(0x19, 47) X(0x1A, 17) X(0x1B, 45) \
    X(0x1C, 21) X(0x1D, 44) X(0x1E, 2) X(0x1F, 3) X(0x20, 4) X(0x21, 5) X(0x22, 6) X(0x23, 7) \
    X(0x24, 8) X(0x25, 9) X(0x26, 10) X(0x27, 11) X(0x2C, 57) X(0x2D, 12) X(0x2E, 13) X(0x2F, 26) \
    X(0x30, 27) X(0x31, 43) X(0x33, 39) X(0x34, 40) X(0x35, 41) X(0x36, 51) X(0x37, 52) X(0x38, 53) \
    X(0x64, 86) X(0x87, 89) X(0x89, 124)
/* clang-format on */

#define LAYOUT_KEYS 51

/* Keys that a layout may use to reach its third or fifth level: the nearest to everybody's habits first. */
#define LAYOUT_EACH_SHIFTER(X)                                                                                         \
    X(0xE6, 100) X(0x39, 58) X(0xE4, 97) X(0x64, 86) X(0x31, 43) X(0xE7, 126) X(0xE3, 125) X(0x65, 127)
