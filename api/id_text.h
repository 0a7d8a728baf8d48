/* The keeper's 64-bit numbers as text: JavaScript's numbers would round them. */
#pragma once

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

static inline json_t *api_id_json(uint64_t id)
{
    return json_sprintf("%016" PRIx64, id);
}

/* Exactly what api_id_json writes. */
static inline bool api_id_parse(const char *text, uint64_t *ret)
{
    uint64_t id = 0;
    unsigned n = 0;
    for (; text[n]; n++) {
        int digit = text[n] >= '0' && text[n] <= '9'   ? text[n] - '0'
                    : text[n] >= 'a' && text[n] <= 'f' ? text[n] - 'a' + 10
                                                       : -1;
        if (digit < 0 || n == 16)
            return false;
        id = id << 4 | (unsigned)digit;
    }
    *ret = id;
    return n == 16;
}
