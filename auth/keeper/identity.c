#include "auth/keeper/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/keeper/certificate.h"
#include "auth/keeper/whole_file.h"
#include "auth/keeper_wire.h"
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

/* ---- files ---- */

/* The whole file as text; 1: there is none. */
static int read_all(int fd, char **ret, size_t *ret_size)
{
    _cleanup_free_ char *room = malloc(KEEPER_MAX_PEM + 1);
    if (!room)
        return -ENOMEM;
    size_t have = 0;
    for (;;) {
        ssize_t n = pread(fd, room + have, KEEPER_MAX_PEM + 1 - have, (off_t)have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        have += (size_t)n;
        if (have > KEEPER_MAX_PEM)
            return -EFBIG;
    }
    room[have] = 0;
    *ret = take(room);
    *ret_size = have;
    return 0;
}

static int read_file(const char *name, char **ret, size_t *ret_size)
{
    _cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 1 : -errno;
    return read_all(fd, ret, ret_size);
}

/* ---- PEM ---- */

static EVP_PKEY *key_parse(const char *pem)
{
    attr_cleanup(BIO_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    /* an empty pass phrase, so that an encrypted key fails instead of asking on a terminal */
    return bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
}

static X509 *certificate_parse(const char *pem)
{
    attr_cleanup(BIO_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    return bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
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
    int r = read_file(IDENTITY_KEY_FILE, &pem, &pem_size);
    if (r == 1)
        return key_make(ret, why, size);
    if (r < 0) {
        snprintf(why, size, "keeper/%s: cannot be read (%s): it must belong to the keeper's user.", IDENTITY_KEY_FILE,
                 strerror(-r));
        return r;
    }
    assert(pem);
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = key_parse(pem);
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
    if (read_file(IDENTITY_CERTIFICATE_FILE, &pem, &size) != 0)
        return NULL;
    attr_cleanup(X509_freep) X509 *certificate = certificate_parse(pem);
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

/* ---- the owner's ---- */

static int given_check(EVP_PKEY *key, X509 *certificate, char *why, size_t size)
{
    if (!certificate)
        snprintf(why, size,
                 "the certificate file holds no PEM certificate: it begins with -----BEGIN CERTIFICATE-----.");
    else if (!key)
        snprintf(why, size,
                 "the key file holds no PEM private key without a pass phrase: remove the pass phrase with "
                 "`openssl pkey -in KEY -out NEW`.");
    else if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_bits(key) < 256)
        snprintf(why, size,
                 "the key is not an ECDSA key of 256 bits or more: make one with "
                 "`openssl ecparam -name prime256v1 -genkey -noout` and have the certificate issued for it.");
    else if (X509_check_private_key(certificate, key) != 1)
        snprintf(why, size,
                 "the certificate was not issued for this key: give the pair that belongs together, the "
                 "server's certificate first in its file.");
    else
        return 0;
    return -EINVAL;
}

int identity_given(struct identity *self, int certificate_fd, int key_fd, char *why, size_t size)
{
    *self = (struct identity){0};
    _cleanup_free_ char *key_pem = NULL;
    size_t key_size = 0;
    int r = read_all(certificate_fd, &self->pem, &self->pem_size);
    if (r < 0) {
        snprintf(why, size, "the certificate file cannot be read: %s.", strerror(-r));
        return r;
    }
    r = read_all(key_fd, &key_pem, &key_size);
    if (r < 0) {
        snprintf(why, size, "the key file cannot be read: %s.", strerror(-r));
        identity_finish(self);
        return r;
    }
    assert(self->pem && key_pem);
    attr_cleanup(X509_freep) X509 *certificate = certificate_parse(self->pem);
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = key_parse(key_pem);
    explicit_bzero(key_pem, key_size);
    r = given_check(key, certificate, why, size);
    if (r == 0)
        r = take_over(self, key, certificate);
    if (r < 0)
        identity_finish(self);
    return r;
}

int identity_sign(const struct identity *self, const uint8_t *digest, size_t digest_size, uint8_t *ret,
                  size_t *ret_size)
{
    if (digest_size != 32 && digest_size != 48 && digest_size != 64)
        return -EINVAL;
    attr_cleanup(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(self->key, NULL);
    if (!context || EVP_PKEY_sign_init(context) != 1)
        return -ENOMEM;
    return EVP_PKEY_sign(context, ret, ret_size, digest, digest_size) == 1 ? 0 : -EIO;
}
