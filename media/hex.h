/* Bytes as lower-case hexadecimal digits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* text: 2 * size + 1 bytes. */
static inline void hex_text(const uint8_t *bytes, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = 0;
}
