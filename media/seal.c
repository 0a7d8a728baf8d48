#include "media/seal.h"

#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

DEFINE_CLEANUP(EVP_KDF, EVP_KDF_free)
DEFINE_CLEANUP(EVP_KDF_CTX, EVP_KDF_CTX_free)
DEFINE_CLEANUP(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

struct seal {
    EVP_CIPHER *cipher; /* looked up once: that costs as much as sealing a page */
    struct {
        uint8_t key[64], check[SEAL_CHECK_SIZE], secret[SEAL_SECRET_SIZE];
    } derived;
};

static int derive(const struct seal_key *key, const char *purpose, const uint8_t id[SEAL_ID_SIZE], void *ret,
                  size_t size)
{
    char info[64];
    int n = snprintf(info, sizeof info, "lightsout media 1 %s", purpose);
    attr_cleanup(EVP_KDF_freep) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    attr_cleanup(EVP_KDF_CTX_freep) EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key->bytes, sizeof key->bytes),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)id, SEAL_ID_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)n),
        OSSL_PARAM_construct_end(),
    };
    return context && EVP_KDF_derive(context, ret, size, params) == 1 ? 0 : -EIO;
}

int seal_create(const struct seal_key *key, const char *purpose, const uint8_t id[SEAL_ID_SIZE], struct seal **ret)
{
    struct seal *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->cipher = EVP_CIPHER_fetch(NULL, "AES-256-XTS", NULL);
    int r = self->cipher ? derive(key, purpose, id, &self->derived, sizeof self->derived) : -EIO;
    if (r < 0)
        self = seal_destroy(self);
    else
        *ret = self;
    return r;
}

struct seal *seal_destroy(struct seal *self)
{
    if (!self)
        return NULL;
    EVP_CIPHER_free(self->cipher);
    explicit_bzero(self, sizeof *self);
    free(self);
    return NULL;
}

const uint8_t *seal_check(const struct seal *self)
{
    return self->derived.check;
}

const uint8_t *seal_secret(const struct seal *self)
{
    return self->derived.secret;
}

/* The tweak is the sector's number, little endian (IEEE 1619, 5.1). */
static void tweak_of(uint64_t sector, uint8_t ret[16])
{
    memset(ret, 0, 16);
    for (unsigned i = 0; i < 8; i++)
        ret[i] = (uint8_t)(sector >> 8 * i);
}

static int run(const struct seal *self, int closes, size_t sector, uint64_t number, const uint8_t *in, uint8_t *out,
               size_t length)
{
    uint8_t tweak[16];
    attr_cleanup(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (length % SEAL_UNIT || !sector || sector % SEAL_UNIT || sector > INT_MAX)
        return -EINVAL;
    if (!context || EVP_CipherInit_ex2(context, self->cipher, self->derived.key, NULL, closes, NULL) != 1)
        return -EIO;
    for (size_t n; length; in += n, out += n, length -= n) {
        int done;
        n = MIN(length, sector);
        tweak_of(number++, tweak);
        if (EVP_CipherInit_ex2(context, NULL, NULL, tweak, -1, NULL) != 1 ||
            EVP_CipherUpdate(context, out, &done, in, (int)n) != 1 || (size_t)done != n)
            return -EIO;
    }
    return 0;
}

int seal_close_sectors(const struct seal *self, size_t sector, uint64_t first, const void *in, void *out, size_t length)
{
    return run(self, 1, sector, first, in, out, length);
}

int seal_open_sectors(const struct seal *self, size_t sector, uint64_t first, const void *in, void *out, size_t length)
{
    return run(self, 0, sector, first, in, out, length);
}
