/* EC_KEY_METHOD and RSA_METHOD are old but the one door OpenSSL 3.0 has for a private key elsewhere that needs no
 * provider of our own. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "auth/tls_key.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#include "auth/keeper_tls_wire.h"
#include "core/log.h"

/* What a key remembers: whom to ask, and which of the keeper's keys it stands for. */
struct link {
    struct keeper_client *client;
    uint8_t id[KEEPER_KEY_ID];
};

static EC_KEY_METHOD *ec_method;
static RSA_METHOD *rsa_method;
static int ec_index = -1, rsa_index = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

DEFINE_CLEANUP(BIO, BIO_free)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(EC_KEY, EC_KEY_free)
DEFINE_CLEANUP(RSA, RSA_free)
DEFINE_CLEANUP(BIGNUM, BN_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)

static bool keeper_signs(const struct link *link, unsigned scheme, const unsigned char *bytes, size_t n,
                         unsigned char *sig, size_t *size)
{
    int r = link ? keeper_client_sign(link->client, link->id, scheme, bytes, n, sig, size) : -EINVAL;
    if (r < 0)
        log_error("tls", "the keeper could not sign a handshake: %s", strerror(-r));
    return r == 0;
}

/* OpenSSL's shape: 1 good, 0 failed; sig has room for ECDSA_size bytes. */
static int ec_sign(attr_unused int type, const unsigned char *digest, int digest_size, unsigned char *sig,
                   unsigned int *ret_size, attr_unused const BIGNUM *kinv, attr_unused const BIGNUM *r, EC_KEY *key)
{
    size_t size = (size_t)ECDSA_size(key);
    if (digest_size < 0 ||
        !keeper_signs(EC_KEY_get_ex_data(key, ec_index), KEEPER_SIGN_ECDSA, digest, (size_t)digest_size, sig, &size))
        return 0;
    *ret_size = (unsigned)size;
    return 1;
}

/* RSASSA-PKCS1-v1_5. sig has room for RSA_size bytes. */
static int rsa_sign(attr_unused int type, const unsigned char *digest, unsigned int digest_size, unsigned char *sig,
                    unsigned int *ret_size, const RSA *key)
{
    size_t size = (size_t)RSA_size(key);
    if (!keeper_signs(RSA_get_ex_data(key, rsa_index), KEEPER_SIGN_PKCS1, digest, digest_size, sig, &size))
        return 0;
    *ret_size = (unsigned)size;
    return 1;
}

/* RSASSA-PSS: OpenSSL has made the encoded block. Returns the size, -1 on failure. */
static int rsa_private(int block_size, const unsigned char *block, unsigned char *sig, RSA *key, int padding)
{
    size_t size = (size_t)RSA_size(key);
    if (padding != RSA_NO_PADDING || block_size < 0 ||
        !keeper_signs(RSA_get_ex_data(key, rsa_index), KEEPER_SIGN_PSS, block, (size_t)block_size, sig, &size))
        return -1;
    return (int)size;
}

static int rsa_refuses(attr_unused int size, attr_unused const unsigned char *from, attr_unused unsigned char *to,
                       attr_unused RSA *key, attr_unused int padding)
{
    return -1;
}

static void link_free(attr_unused void *parent, void *ptr, attr_unused CRYPTO_EX_DATA *ad, attr_unused int index,
                      attr_unused long argl, attr_unused void *argp)
{
    free(ptr);
}

static void methods_create(void)
{
    ec_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, link_free);
    ec_method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (ec_method) /* no sign_setup and no sign_sig: those would want the private half here */
        EC_KEY_METHOD_set_sign(ec_method, ec_sign, NULL, NULL);
    rsa_index = RSA_get_ex_new_index(0, NULL, NULL, NULL, link_free);
    rsa_method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    if (rsa_method && (!RSA_meth_set_sign(rsa_method, rsa_sign) || !RSA_meth_set_priv_enc(rsa_method, rsa_private) ||
                       !RSA_meth_set_priv_dec(rsa_method, rsa_refuses))) {
        RSA_meth_free(rsa_method);
        rsa_method = NULL;
    }
}

static int ec_of(const EC_KEY *public_half, struct link *link, EVP_PKEY *key)
{
    attr_cleanup(EC_KEY_freep) EC_KEY *ec = EC_KEY_new();
    if (!ec_method || ec_index < 0 || !ec || !EC_KEY_set_group(ec, EC_KEY_get0_group(public_half)) ||
        !EC_KEY_set_public_key(ec, EC_KEY_get0_public_key(public_half)) || !EC_KEY_set_method(ec, ec_method) ||
        !EC_KEY_set_ex_data(ec, ec_index, link))
        return -ENOMEM;
    /* the link is the key's from here on */
    return EVP_PKEY_set1_EC_KEY(key, ec) ? 0 : -EIO;
}

static int rsa_of(const RSA *public_half, struct link *link, EVP_PKEY *key)
{
    attr_cleanup(RSA_freep) RSA *rsa = RSA_new();
    attr_cleanup(BN_freep) BIGNUM *n = BN_dup(RSA_get0_n(public_half)), *e = BN_dup(RSA_get0_e(public_half));
    if (!rsa_method || rsa_index < 0 || !rsa || !n || !e || !RSA_set_method(rsa, rsa_method) ||
        !RSA_set0_key(rsa, n, e, NULL))
        return -ENOMEM;
    n = e = NULL; /* the key has them */
    if (!RSA_set_ex_data(rsa, rsa_index, link))
        return -ENOMEM;
    return EVP_PKEY_set1_RSA(key, rsa) ? 0 : -EIO;
}

static int key_of_certificate(struct keeper_client *client, X509 *certificate, EVP_PKEY **ret)
{
    pthread_once(&once, methods_create);
    EVP_PKEY *public_half = X509_get0_pubkey(certificate);
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = EVP_PKEY_new();
    _cleanup_free_ struct link *link = malloc(sizeof *link);
    uint8_t fingerprint[32];
    unsigned size = sizeof fingerprint;
    if (!public_half || X509_digest(certificate, EVP_sha256(), fingerprint, &size) != 1)
        return -EPROTO;
    if (!key || !link)
        return -ENOMEM;
    link->client = client;
    memcpy(link->id, fingerprint, sizeof link->id);
    int r = -EPROTO;
    if (EVP_PKEY_is_a(public_half, "EC"))
        r = ec_of(EVP_PKEY_get0_EC_KEY(public_half), link, key);
    else if (EVP_PKEY_is_a(public_half, "RSA"))
        r = rsa_of(EVP_PKEY_get0_RSA(public_half), link, key);
    if (r != -ENOMEM && r != -EPROTO)
        link = NULL;
    if (r < 0)
        return r;
    *ret = take(key);
    return 0;
}

int tls_key_of(struct keeper_client *client, const char *pem, EVP_PKEY **ret_key)
{
    attr_cleanup(BIO_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    if (!bio)
        return -ENOMEM;
    attr_cleanup(X509_freep) X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    return certificate ? key_of_certificate(client, certificate, ret_key) : -EPROTO;
}

int tls_key_create(struct keeper_client *client, EVP_PKEY **ret_key)
{
    _cleanup_free_ char *pem = NULL;
    int r = keeper_client_certificate(client, &pem);
    return r < 0 ? r : tls_key_of(client, pem, ret_key);
}
