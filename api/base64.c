#include "api/base64.h"

#include <errno.h>
#include <string.h>

static int value_of(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

int base64_decode(const char *text, uint8_t *room, size_t size)
{
    const size_t length = strlen(text);
    size_t padding = 0, n = 0;
    uint32_t bits = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    if (length % 4 != 0)
        return -EINVAL;
    for (size_t i = 0; i < length - padding; i++) {
        const int value = value_of(text[i]);
        if (value < 0)
            return -EINVAL;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 == 0)
            continue; /* six bits are no byte yet */
        if (n == size)
            return -EMSGSIZE;
        room[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return (int)n;
}
