#include "auth/keeper/totp.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

int64_t totp_step(int64_t wall_s)
{
    return wall_s / TOTP_STEP_S;
}

bool totp_code(const uint8_t *secret, size_t size, int64_t step, char ret[TOTP_DIGITS + 1])
{
    uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    for (int i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    if (!HMAC(EVP_sha1(), secret, (int)size, counter, sizeof counter, mac, &n) || n != 20)
        return false;
    const uint8_t *at = mac + (mac[19] & 15);
    uint32_t number = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    snprintf(ret, TOTP_DIGITS + 1, "%06u", number % 1000000u);
    explicit_bzero(mac, sizeof mac);
    return true;
}

bool totp_match(const uint8_t secret[TOTP_SECRET_SIZE], const char *code, int64_t wall_s, int64_t taken,
                int64_t *ret_step)
{
    bool found = false;
    if (strlen(code) != TOTP_DIGITS)
        return false;
    for (int64_t step = totp_step(wall_s) - 1; step <= totp_step(wall_s) + 1; step++) {
        char good[TOTP_DIGITS + 1];
        if (!totp_code(secret, TOTP_SECRET_SIZE, step, good))
            return false;
        bool same = CRYPTO_memcmp(good, code, TOTP_DIGITS) == 0;
        explicit_bzero(good, sizeof good);
        if (same && !found && step > taken) {
            *ret_step = step;
            found = true;
        }
    }
    return found;
}

void totp_base32(const uint8_t *bytes, size_t size, char *room)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (; size >= 5; size -= 5, bytes += 5) {
        uint64_t group = 0;
        for (int i = 0; i < 5; i++)
            group = group << 8 | bytes[i];
        for (int shift = 35; shift >= 0; shift -= 5)
            *room++ = alphabet[group >> shift & 31];
    }
    *room = 0;
}

/* What RFC 3986 section 2.3 calls unreserved stays, all else is escaped. */
static void escape(const char *text, char *room, size_t size)
{
    size_t n = 0;
    for (; *text && n + 4 <= size; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-._~", c))
            room[n++] = (char)c;
        else
            n += (size_t)snprintf(room + n, 4, "%%%02X", c);
    }
    room[n] = 0;
}

bool totp_uri(const char *issuer, const char *user, const char *secret, char *room, size_t size)
{
    char from[160], who[200];
    escape(issuer, from, sizeof from);
    escape(user, who, sizeof who);
    int n = snprintf(room, size, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d", from,
                     who, secret, from, TOTP_DIGITS, TOTP_STEP_S);
    return n > 0 && (size_t)n < size;
}
