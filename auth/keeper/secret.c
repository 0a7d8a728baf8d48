#include "auth/keeper/secret.h"

#include <ctype.h>
#include <openssl/sha.h>
#include <string.h>

#include "auth/random.h"

#define SECRET_DIGITS 25

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int secret_make(char ret[SECRET_SIZE])
{
    uint8_t bytes[SECRET_DIGITS];
    int r = random_bytes(bytes, sizeof bytes);
    if (r < 0)
        return r;
    char *at = ret;
    for (unsigned i = 0; i < SECRET_DIGITS; i++) {
        if (i && i % 5 == 0)
            *at++ = '-';
        *at++ = alphabet[bytes[i] & 31];
    }
    *at = 0;
    explicit_bzero(bytes, sizeof bytes);
    return 0;
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

bool secret_hash(const char *text, uint8_t ret[32])
{
    char digits[SECRET_DIGITS];
    unsigned n = 0;
    for (; *text; text++) {
        if (*text == '-' || *text == ' ')
            continue;
        char digit = digit_meant(*text);
        if (n == SECRET_DIGITS || !strchr(alphabet, digit))
            return false;
        digits[n++] = digit;
    }
    if (n < SECRET_DIGITS)
        return false;
    SHA256((const uint8_t *)digits, sizeof digits, ret);
    explicit_bzero(digits, sizeof digits);
    return true;
}
