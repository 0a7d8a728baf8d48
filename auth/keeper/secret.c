#include "auth/keeper/secret.h"

#include <assert.h>
#include <ctype.h>
#include <openssl/sha.h>
#include <string.h>

#include "auth/random.h"

#define SECRET_DIGITS 25
#define SECRET_GROUP 5

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int secret_digits_make(unsigned digits, unsigned group, char *ret)
{
    uint8_t bytes[SECRET_DIGITS_MAX];
    assert(digits <= sizeof bytes);
    int r = random_bytes(bytes, digits);
    if (r < 0)
        return r;
    char *at = ret;
    for (unsigned i = 0; i < digits; i++) {
        if (i && i % group == 0)
            *at++ = '-';
        *at++ = alphabet[bytes[i] & 31];
    }
    *at = 0;
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}

int secret_make(char ret[SECRET_SIZE])
{
    return secret_digits_make(SECRET_DIGITS, SECRET_GROUP, ret);
}

/* What a person may have typed for a digit. */
static char digit_meant(char c)
{
    c = (char)toupper((unsigned char)c);
    if (c == 'O')
        return '0';
    if (c == 'I' || c == 'L')
        return '1';
    return c;
}

bool secret_digits_hash(const char *text, unsigned digits, uint8_t ret[32])
{
    char meant[SECRET_DIGITS_MAX];
    unsigned n = 0;
    bool between = false; /* the last character was a dash or a space */
    for (; *text; text++) {
        bool dash = *text == '-' || *text == ' ';
        if (dash && (between || n == 0))
            return false;
        between = dash;
        if (dash)
            continue;
        char digit = digit_meant(*text);
        if (n == digits || !strchr(alphabet, digit))
            return false;
        meant[n++] = digit;
    }
    if (n < digits || between)
        return false;
    SHA256((const uint8_t *)meant, n, ret);
    explicit_bzero(meant, sizeof meant);
    return true;
}

bool secret_hash(const char *text, uint8_t ret[32])
{
    return secret_digits_hash(text, SECRET_DIGITS, ret);
}
