#include "auth/keeper/identity.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth/keeper/certificate.h"
#include "auth/keeper/pem_file.h"
#include "auth/keeper/whole_file.h"
#include "auth/keeper_tls_wire.h"
#include "core/cleanup.h"
#include "core/log.h"

DEFINE_CLEANUP(BIO, BIO_free)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

void identity_finish(struct identity *self)
{
    EVP_PKEY_free(self->key);
    free(self->pem);
    *self = (struct identity){0};
}

static int bio_take(BIO *bio, char **ret, size_t *ret_size)
{
    char *at;
    long n = BIO_get_mem_data(bio, &at);
    char *copy = malloc((size_t)n + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, at, (size_t)n);
    copy[n] = 0;
    *ret = copy;
    *ret_size = (size_t)n;
    return 0;
}

/* ---- our own ---- */

static int key_make(EVP_PKEY **ret, char *why, size_t size)
{
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    attr_cleanup(BIO_freep) BIO *bio = BIO_new(BIO_s_secmem());
    if (!key || !bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        snprintf(why, size, "a TLS key could not be made: OpenSSL failed.");
        return -EIO;
    }
    char *pem;
    long n = BIO_get_mem_data(bio, &pem);
    int r = whole_file_write(IDENTITY_KEY_FILE, pem, (size_t)n);
    if (r < 0) {
        snprintf(why, size, "keeper/%s: cannot be written (%s): the keeper's folder must be writable for its user.",
                 IDENTITY_KEY_FILE, strerror(-r));
        return r;
    }
    *ret = take(key);
    return 0;
}

static int key_own(EVP_PKEY **ret, char *why, size_t size)
{
    _cleanup_free_ char *pem = NULL;
    size_t pem_size = 0;
    int r = pem_file_read(IDENTITY_KEY_FILE, &pem, &pem_size);
    if (r == 1)
        return key_make(ret, why, size);
    if (r < 0) {
        snprintf(why, size, "keeper/%s: cannot be read (%s): it must belong to the keeper's user.", IDENTITY_KEY_FILE,
                 strerror(-r));
        return r;
    }
    assert(pem);
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = pem_key(pem);
    explicit_bzero(pem, pem_size);
    if (!key || !EVP_PKEY_is_a(key, "EC")) {
        snprintf(why, size,
                 "keeper/%s: not a private EC key: put back a saved copy, or remove it to have a new one made.",
                 IDENTITY_KEY_FILE);
        return -EINVAL;
    }
    *ret = take(key);
    return 0;
}

/* The certificate kept from before, when it still fits. */
static X509 *certificate_kept(EVP_PKEY *key, const char *const *names, unsigned n_names)
{
    _cleanup_free_ char *pem = NULL;
    size_t size = 0;
    if (pem_file_read(IDENTITY_CERTIFICATE_FILE, &pem, &size) != 0)
        return NULL;
    attr_cleanup(X509_freep) X509 *certificate = pem_certificate(pem);
    if (!certificate || X509_check_private_key(certificate, key) != 1 ||
        !certificate_has_names(certificate, names, n_names) ||
        X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        log_warn("keeper", "the certificate does not fit any more (names, key or age): a new one is made");
        return NULL;
    }
    return take(certificate);
}

static int certificate_keep(X509 *certificate, char *why, size_t size)
{
    attr_cleanup(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || PEM_write_bio_X509(bio, certificate) != 1)
        return -ENOMEM;
    char *pem;
    long n = BIO_get_mem_data(bio, &pem);
    int r = whole_file_write(IDENTITY_CERTIFICATE_FILE, pem, (size_t)n);
    if (r < 0)
        snprintf(why, size, "keeper/%s: cannot be written (%s): the keeper's folder must be writable for its user.",
                 IDENTITY_CERTIFICATE_FILE, strerror(-r));
    return r;
}

static int take_over(struct identity *self, EVP_PKEY *key, X509 *certificate)
{
    unsigned n = sizeof self->fingerprint;
    if (X509_digest(certificate, EVP_sha256(), self->fingerprint, &n) != 1)
        return -ENOMEM;
    EVP_PKEY_up_ref(key);
    self->key = key;
    return 0;
}

int identity_own(struct identity *self, const char *const *names, unsigned n_names, char *why, size_t size)
{
    *self = (struct identity){0};
    snprintf(why, size, "a certificate could not be made: OpenSSL failed.");
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = NULL;
    int r = key_own(&key, why, size);
    if (r < 0)
        return r;
    attr_cleanup(X509_freep) X509 *certificate = certificate_kept(key, names, n_names);
    if (!certificate) {
        certificate = certificate_make(key, names, n_names, time(NULL));
        r = certificate ? certificate_keep(certificate, why, size) : -EIO;
        if (r < 0)
            return r;
    }
    attr_cleanup(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || PEM_write_bio_X509(bio, certificate) != 1)
        return -ENOMEM;
    r = bio_take(bio, &self->pem, &self->pem_size);
    if (r == 0)
        r = take_over(self, key, certificate);
    if (r < 0)
        identity_finish(self);
    return r;
}

/* ---- somebody else's ---- */

int identity_key_usable(EVP_PKEY *key, char *why, size_t size)
{
    int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "EC") && bits >= 256 && bits <= 521)
        return 0;
    /* whole bytes: the padding of RSA-PSS is checked before anything is signed */
    if (EVP_PKEY_is_a(key, "RSA") && bits >= 2048 && bits <= 8 * KEEPER_MAX_SIGNATURE && bits % 8 == 0)
        return 0;
    snprintf(why, size,
             "the key is neither ECDSA of 256 bits or more nor RSA of 2048 to %d bits: make one with "
             "`openssl ecparam -name prime256v1 -genkey -noout` and have the certificate issued for it.",
             8 * KEEPER_MAX_SIGNATURE);
    return -EINVAL;
}

static int pair_check(EVP_PKEY *key, X509 *certificate, char *why, size_t size)
{
    if (!certificate)
        snprintf(why, size,
                 "the certificate file holds no PEM certificate: it begins with -----BEGIN CERTIFICATE-----.");
    else if (!key)
        snprintf(why, size,
                 "the key file holds no PEM private key without a pass phrase: remove the pass phrase with "
                 "`openssl pkey -in KEY -out NEW`.");
    else if (identity_key_usable(key, why, size) < 0)
        return -EINVAL;
    else if (X509_check_private_key(certificate, key) != 1)
        snprintf(why, size,
                 "the certificate was not issued for this key: give the pair that belongs together, the "
                 "server's certificate first in its file.");
    else
        return 0;
    return -EINVAL;
}

int identity_pair(struct identity *self, const char *certificate_pem, EVP_PKEY *key, char *why, size_t size)
{
    *self = (struct identity){.pem = strdup(certificate_pem), .pem_size = strlen(certificate_pem)};
    snprintf(why, size, "out of memory.");
    if (!self->pem)
        return -ENOMEM;
    attr_cleanup(X509_freep) X509 *certificate = pem_certificate(certificate_pem);
    int r = pair_check(key, certificate, why, size);
    if (r == 0)
        r = take_over(self, key, certificate);
    if (r < 0)
        identity_finish(self);
    return r;
}

int identity_given(struct identity *self, int certificate_fd, int key_fd, char *why, size_t size)
{
    *self = (struct identity){0};
    _cleanup_free_ char *certificate_pem = NULL, *key_pem = NULL;
    size_t certificate_size = 0, key_size = 0;
    int r = pem_file_read_fd(certificate_fd, &certificate_pem, &certificate_size);
    if (r < 0) {
        snprintf(why, size, "the certificate file cannot be read: %s.", strerror(-r));
        return r;
    }
    r = pem_file_read_fd(key_fd, &key_pem, &key_size);
    if (r < 0) {
        snprintf(why, size, "the key file cannot be read: %s.", strerror(-r));
        return r;
    }
    assert(certificate_pem && key_pem);
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = pem_key(key_pem);
    explicit_bzero(key_pem, key_size);
    return identity_pair(self, certificate_pem, key, why, size);
}

/* ---- signatures ---- */

static bool is_digest(size_t size)
{
    return size == 32 || size == 48 || size == 64;
}

static const EVP_MD *digest_of(size_t size)
{
    return size == 32 ? EVP_sha256() : size == 48 ? EVP_sha384() : EVP_sha512();
}

/* MGF1 of RFC 8017, B.2.1: the mask is taken off (or put on) in place. */
static bool unmask(const EVP_MD *md, const uint8_t *seed, size_t seed_size, uint8_t *bytes, size_t size)
{
    uint8_t room[EVP_MAX_MD_SIZE + 4], block[EVP_MAX_MD_SIZE];
    memcpy(room, seed, seed_size);
    for (size_t at = 0, counter = 0; at < size; counter++) {
        unsigned n;
        for (unsigned i = 0; i < 4; i++)
            room[seed_size + i] = (uint8_t)(counter >> (24 - 8 * i));
        if (EVP_Digest(room, seed_size + 4, block, &n, md, NULL) != 1)
            return false;
        for (unsigned i = 0; i < n && at < size; i++)
            bytes[at++] ^= block[i];
    }
    return true;
}

/* Whether the block is what RSA-PSS signs (RFC 8017, 9.1.2, with a salt as long as the hash): this, and no other use of
 * the key, is what the gateway may ask for. */
static bool is_pss(const uint8_t *block, size_t size, const EVP_MD *md)
{
    uint8_t db[KEEPER_MAX_SIGNATURE];
    size_t h = (size_t)EVP_MD_get_size(md);
    if (size < 2 * h + 2 || size > sizeof db || block[size - 1] != 0xbc || (block[0] & 0x80))
        return false;
    size_t n = size - h - 1;
    memcpy(db, block, n);
    if (!unmask(md, block + n, h, db, n))
        return false;
    db[0] &= 0x7f;
    for (size_t i = 0; i < n - h - 1; i++)
        if (db[i])
            return false;
    return db[n - h - 1] == 1;
}

static int sign_raw(const struct identity *self, EVP_PKEY_CTX *context, const uint8_t *block, size_t size, uint8_t *ret,
                    size_t *ret_size)
{
    if (size != (size_t)EVP_PKEY_get_size(self->key) ||
        !(is_pss(block, size, EVP_sha256()) || is_pss(block, size, EVP_sha384()) || is_pss(block, size, EVP_sha512())))
        return -EINVAL;
    if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) != 1)
        return -EIO;
    return EVP_PKEY_sign(context, ret, ret_size, block, size) == 1 ? 0 : -EIO;
}

int identity_sign(const struct identity *self, unsigned scheme, const uint8_t *bytes, size_t n, uint8_t *ret,
                  size_t *ret_size)
{
    bool rsa = EVP_PKEY_is_a(self->key, "RSA");
    if (rsa != (scheme != KEEPER_SIGN_ECDSA) || (scheme != KEEPER_SIGN_PSS && !is_digest(n)) ||
        scheme > KEEPER_SIGN_PSS)
        return -EINVAL;
    attr_cleanup(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(self->key, NULL);
    if (!context || EVP_PKEY_sign_init(context) != 1)
        return -ENOMEM;
    if (scheme == KEEPER_SIGN_PSS)
        return sign_raw(self, context, bytes, n, ret, ret_size);
    if (rsa && (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1 ||
                EVP_PKEY_CTX_set_signature_md(context, digest_of(n)) != 1))
        return -EIO;
    return EVP_PKEY_sign(context, ret, ret_size, bytes, n) == 1 ? 0 : -EIO;
}
