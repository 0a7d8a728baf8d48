#include "auth/keeper/mapping.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "core/text.h"

#define HASH "sha256:"
#define HASH_DIGITS 64

static const char wrong[] =
    "Say what the client certificate holds: cn:NAME, email:NAME, upn:NAME, or sha256: and 64 hexadecimal digits.";

/* As tools print it: colons between bytes, either case. */
static const char *hash_fault(const char *text, char *room, size_t size)
{
    char digits[HASH_DIGITS + 1] = "";
    size_t n = 0;
    for (; *text; text++) {
        if (*text == ':')
            continue;
        if (n == HASH_DIGITS || !isxdigit((unsigned char)*text))
            return wrong;
        digits[n++] = (char)tolower((unsigned char)*text);
    }
    if (n != HASH_DIGITS || size < sizeof HASH + HASH_DIGITS)
        return wrong;
    snprintf(room, size, "%s%s", HASH, digits);
    return NULL;
}

const char *mapping_fault(const char *text, char *room, size_t size)
{
    static const char *const kinds[] = {"cn:", "email:", "upn:"};
    if (strncmp(text, HASH, strlen(HASH)) == 0)
        return hash_fault(text + strlen(HASH), room, size);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return wrong;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t n = strlen(kinds[i]);
        if (strncmp(text, kinds[i], n) == 0 && text[n] && text_copy(room, size, text))
            return NULL;
    }
    return wrong;
}
