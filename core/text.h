/* Copying text into room of fixed size, without the ways in which strcpy and strncpy go wrong. */
#pragma once

#include <string.h>

#include "core/attrs.h"

/* Copies with the closing NUL. False: it does not fit, and room (of at least 1 byte) holds "". */
static inline bool text_copy(char *room, size_t size, const char *text)
{
    size_t length = strlen(text);
    bool fits = length < size;

    memcpy(room, text, fits ? length : 0);
    room[fits ? length : 0] = 0;
    return fits;
}
