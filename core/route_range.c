/* One byte range of a request; pure. */
#include <string.h>
#include <strings.h>

#include "core/route.h"

/* A run of digits, possibly none; what is too large for 64 bits stands for the largest. */
static const char *read_number(const char *text, bool *ret_present, uint64_t *ret)
{
    uint64_t value = 0;

    *ret_present = false;
    for (; *text >= '0' && *text <= '9'; text++) {
        unsigned digit = (unsigned)(*text - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
        *ret_present = true;
    }
    *ret = value;
    return text;
}

int route_range(const char *header, uint64_t size, uint64_t *first, uint64_t *last)
{
    static const char unit[] = "bytes=";
    bool has_from, has_to;
    uint64_t from, to;

    if (strncasecmp(header, unit, sizeof unit - 1) != 0)
        return 0;
    const char *at = read_number(header + sizeof unit - 1, &has_from, &from);
    if (*at++ != '-')
        return 0;
    at = read_number(at, &has_to, &to);
    if (*at || (!has_from && !has_to) || (has_from && has_to && to < from))
        return 0;
    if (!has_from) { /* the last `to` bytes */
        if (to == 0 || size == 0)
            return -1;
        *first = size - MIN(to, size);
        *last = size - 1;
        return 1;
    }
    if (from >= size)
        return -1;
    *first = from;
    *last = has_to ? MIN(to, size - 1) : size - 1;
    return 1;
}
