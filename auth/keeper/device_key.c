#include "auth/keeper/device_key.h"

#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "auth/keeper/whole_file.h"
#include "auth/random.h"
#include "core/cleanup.h"

#define SEAL_VERSION 1
#define NONCE_SIZE 12
#define TAG_SIZE 16
_Static_assert(1 + NONCE_SIZE + TAG_SIZE == DEVICE_SEAL_EXTRA, "version, nonce, tag");

DEFINE_CLEANUP(EVP_KDF, EVP_KDF_free)
DEFINE_CLEANUP(EVP_KDF_CTX, EVP_KDF_CTX_free)
DEFINE_CLEANUP(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* ---- the file ---- */

static int make(struct device_key *ret, char *why, size_t size)
{
    int r = random_bytes(ret->bytes, sizeof ret->bytes);
    if (r == 0)
        r = whole_file_write(DEVICE_KEY_FILE, ret->bytes, sizeof ret->bytes);
    if (r < 0)
        snprintf(why, size, "keeper/%s: cannot be made (%s): the keeper's folder must be writable for its user.",
                 DEVICE_KEY_FILE, strerror(-r));
    return r;
}

/* Locked before the key comes in, so that it never reaches swap; where the limit for that is 0, the rest still holds.
 */
static int load(struct device_key *self, bool store_is_new, char *why, size_t size)
{
    uint8_t room[DEVICE_KEY_SIZE + 1];
    mlock(self, sizeof *self);
    int r = whole_file_read(DEVICE_KEY_FILE, room, sizeof room);
    if (r == DEVICE_KEY_SIZE) {
        memcpy(self->bytes, room, sizeof self->bytes);
        r = 0;
    } else if (r == -ENOENT && store_is_new) {
        r = make(self, why, size);
    } else if (r == -ENOENT) {
        snprintf(why, size,
                 "keeper/%s: missing, and the store was sealed with it: put the file back (lightsoutd --restore of a "
                 "backup brings it), or give up what is stored with lightsoutd --factory-reset.",
                 DEVICE_KEY_FILE);
    } else {
        r = r >= 0 || r == -EFBIG ? -EBADMSG : r;
        snprintf(why, size,
                 "keeper/%s: cannot be read (%s): it must be a file of %d bytes that belongs to the "
                 "keeper's user; put it back from a backup.",
                 DEVICE_KEY_FILE, r == -EBADMSG ? "its size is wrong" : strerror(-r), DEVICE_KEY_SIZE);
    }
    explicit_bzero(room, sizeof room);
    return r;
}

int device_key_load(struct device_key *ret, bool store_is_new, char *why, size_t size)
{
    int r = load(ret, store_is_new, why, size);
    if (r < 0)
        device_key_finish(ret);
    return r;
}

void device_key_finish(struct device_key *self)
{
    explicit_bzero(self, sizeof *self);
    munlock(self, sizeof *self);
}

/* ---- what is derived from it ---- */

int device_key_derive(const struct device_key *self, const char *label, uint8_t *ret, size_t size)
{
    attr_cleanup(EVP_KDF_freep) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    attr_cleanup(EVP_KDF_CTX_freep) EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)self->bytes, sizeof self->bytes),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)label, strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    return context && EVP_KDF_derive(context, ret, size, params) == 1 ? 0 : -EIO;
}

/* ---- sealing: version, nonce, encrypted bytes, tag; version and bound are authenticated with them ---- */

static EVP_CIPHER_CTX *seal_begin(const struct device_key *self, const char *bound, const uint8_t *nonce, int encrypt)
{
    uint8_t key[32];
    const uint8_t version = SEAL_VERSION;
    int n;
    attr_cleanup(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = context && device_key_derive(self, "lightsout seal 1", key, sizeof key) == 0 &&
                EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce, encrypt) == 1 &&
                EVP_CipherUpdate(context, NULL, &n, &version, 1) == 1 &&
                EVP_CipherUpdate(context, NULL, &n, (const uint8_t *)bound, (int)strlen(bound)) == 1;
    explicit_bzero(key, sizeof key);
    return good ? take(context) : NULL;
}

int device_key_seal(const struct device_key *self, const char *bound, const void *bytes, size_t size, uint8_t *room)
{
    uint8_t *nonce = room + 1, *text = nonce + NONCE_SIZE;
    int n, end;
    if (size > INT_MAX || random_bytes(nonce, NONCE_SIZE) < 0)
        return -EIO;
    attr_cleanup(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = seal_begin(self, bound, nonce, 1);
    room[0] = SEAL_VERSION;
    bool good = context && EVP_CipherUpdate(context, text, &n, bytes, (int)size) == 1 &&
                EVP_CipherFinal_ex(context, text + n, &end) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, text + size) == 1;
    return good ? 0 : -EIO;
}

int device_key_open(const struct device_key *self, const char *bound, const uint8_t *sealed, size_t size, void *room)
{
    if (size < DEVICE_SEAL_EXTRA || size > INT_MAX || sealed[0] != SEAL_VERSION)
        return -EBADMSG;
    const uint8_t *nonce = sealed + 1, *text = nonce + NONCE_SIZE;
    size_t n_text = size - DEVICE_SEAL_EXTRA;
    int n, end;
    attr_cleanup(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = seal_begin(self, bound, nonce, 0);
    if (!context)
        return -EIO;
    bool good = EVP_CipherUpdate(context, room, &n, text, (int)n_text) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, (void *)(text + n_text)) == 1 &&
                EVP_CipherFinal_ex(context, (uint8_t *)room + n, &end) == 1;
    if (good)
        return 0;
    explicit_bzero(room, n_text);
    return -EBADMSG;
}
