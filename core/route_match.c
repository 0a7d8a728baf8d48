/* Matching and decoding of what stands in a request line; pure. */
#include <string.h>

#include "core/route.h"
#include "core/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Percent-decodes (RFC 3986 section 2.1) into room with a closing NUL. False: does not fit, a bad escape, or a NUL.
 * plus_is_space: in queries, as forms write them. */
static bool decode(const char *text, size_t length, bool plus_is_space, char *room, size_t size, size_t *ret_length)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            int high = length - i < 3 ? -1 : hex_digit(text[i + 1]);
            int low = high < 0 ? -1 : hex_digit(text[i + 2]);
            if (low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == 0 || used + 1 >= size)
            return false;
        room[used++] = (char)c;
    }
    if (used >= size)
        return false;
    room[used] = 0;
    *ret_length = used;
    return true;
}

/* A name that may be shown, logged and looked up. */
static bool param_is_sane(const char *param, size_t length)
{
    if (length == 0)
        return false;
    for (size_t at = 0; at < length;) {
        size_t n = utf8_printable(param + at, length - at);
        if (n == 0 || param[at] == '/')
            return false;
        at += n;
    }
    return true;
}

bool route_match(const struct route *route, const char *path, char *room, char *params[ROUTE_MAX_PARAMS])
{
    const char *pattern = route->path;
    char *found[ROUTE_MAX_PARAMS] = {NULL};
    size_t left = strlen(path) + 1;
    unsigned n = 0;

    while (*pattern) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        const char *end = strchr(pattern, '}');
        size_t length = strcspn(path, "/"), decoded;
        if (!end || n == ROUTE_MAX_PARAMS || !decode(path, length, false, room, left, &decoded) ||
            !param_is_sane(room, decoded))
            return false;
        found[n++] = room;
        room += decoded + 1;
        left -= decoded + 1;
        pattern = end + 1;
        path += length;
    }
    if (*path)
        return false;
    memcpy(params, found, sizeof(found));
    return true;
}

/* Whether the encoded name is this one; a name that decodes to more than fits here is none of ours. */
static bool name_is(const char *text, size_t length, const char *name)
{
    char room[64];
    size_t decoded;

    return decode(text, length, true, room, sizeof(room), &decoded) && strcmp(room, name) == 0;
}

bool route_query(const struct route_call *call, const char *name, char *room, size_t size)
{
    const char *at = call->query;

    while (*at) {
        size_t pair = strcspn(at, "&");
        const char *equals = memchr(at, '=', pair);
        size_t key = equals ? (size_t)(equals - at) : pair;
        if (name_is(at, key, name)) {
            const char *value = equals ? equals + 1 : at + pair;
            size_t decoded;
            return decode(value, pair - (size_t)(value - at), true, room, size, &decoded);
        }
        at += pair;
        if (*at)
            at++;
    }
    return false;
}
