#include "auth/keeper/password.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper_wire.h"
#include "auth/random.h"

#define DIFFERENT_MIN 5
#define COST 6 /* 32 MiB; Debian's own logins use 5 */

const char *user_name_fault(const char *name)
{
    size_t size = strlen(name);
    if (size == 0)
        return "Give a user name.";
    if (size >= AUTH_USER_MAX)
        return "The user name is too long: at most 63 characters.";
    if (!isalnum((unsigned char)name[0]))
        return "A user name begins with a letter or a digit.";
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._@-", name[i]))
            return "A user name has letters, digits and . _ @ - only.";
    return NULL;
}

/* Characters, not bytes, of UTF-8. */
static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static unsigned count_different(const char *text)
{
    bool seen[256] = {false};
    unsigned n = 0;
    for (; *text; text++) {
        n += !seen[(unsigned char)*text];
        seen[(unsigned char)*text] = true;
    }
    return n;
}

const char *password_fault(const char *password, const char *user)
{
    if (count_characters(password) < PASSWORD_MIN)
        return "The password is too short: at least 12 characters, a few words do well.";
    if (strlen(password) > KEEPER_MAX_PASSWORD)
        return "The password is too long: at most 256 bytes.";
    if (strlen(user) >= 4 && strcasestr(password, user))
        return "The password must not contain the user name.";
    if (strcasecmp(password, user) == 0)
        return "The password must not be the user name.";
    if (count_different(password) < DIFFERENT_MIN)
        return "The password repeats too few characters: use at least 5 different ones.";
    return NULL;
}

int password_hash_again(const char *password, const char *setting, char ret[PASSWORD_HASH_SIZE])
{
    struct crypt_data *data = calloc(1, sizeof *data); /* 32 KiB: too much for a stack */
    if (!data)
        return -ENOMEM;
    errno = 0;
    const char *hash = crypt_r(password, setting, data);
    int r = 0;
    if (!hash || hash[0] == '*')
        r = errno ? -errno : -EINVAL;
    else
        memcpy(ret, data->output, PASSWORD_HASH_SIZE);
    explicit_bzero(data, sizeof *data);
    free(data);
    return r;
}

int password_hash_make(const char *password, char ret[PASSWORD_HASH_SIZE])
{
    uint8_t salt[16];
    int r = random_bytes(salt, sizeof salt);
    if (r < 0)
        return r;
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!crypt_gensalt_rn("$y$", COST, (const char *)salt, sizeof salt, setting, sizeof setting))
        return -errno;
    return password_hash_again(password, setting, ret);
}

#define YESCRYPT_DIGITS "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define YESCRYPT_SUM 43 /* digits of 256 bits */

/* "$y$" parameters "$" salt "$" sum (crypt(5)). */
static bool is_yescrypt(const char *hash)
{
    if (strncmp(hash, "$y$", 3) != 0)
        return false;
    size_t n = strspn(hash += 3, YESCRYPT_DIGITS);
    if (n == 0 || hash[n] != '$')
        return false;
    n += 1 + strspn(hash + n + 1, YESCRYPT_DIGITS);
    return hash[n] == '$' && strlen(hash + n + 1) == YESCRYPT_SUM &&
           strspn(hash + n + 1, YESCRYPT_DIGITS) == YESCRYPT_SUM;
}

const char *password_hash_fault(const char *hash)
{
    char again[PASSWORD_HASH_SIZE];
    if (strlen(hash) >= PASSWORD_HASH_SIZE || !is_yescrypt(hash))
        return "The hash is not a yescrypt hash ($y$...): `mkpasswd -m yescrypt` makes one.";
    int r = password_hash_again("", hash, again);
    explicit_bzero(again, sizeof again);
    if (r == -ENOMEM)
        return "The hash costs more memory than there is: make one with `mkpasswd -m yescrypt`.";
    return r < 0 ? "The hash cannot be used: make one with `mkpasswd -m yescrypt`." : NULL;
}

bool password_hash_equal(const char *a, const char *b)
{
    size_t size = strlen(a);
    return size == strlen(b) && CRYPTO_memcmp(a, b, size) == 0;
}
