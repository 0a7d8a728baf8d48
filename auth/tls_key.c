/* EC_KEY_METHOD is old but the one door OpenSSL 3.0 has for a private key elsewhere that needs no provider of our own.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "auth/tls_key.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#include "auth/keeper_wire.h"
#include "core/log.h"

static EC_KEY_METHOD *method;
static int client_index;
static pthread_once_t once = PTHREAD_ONCE_INIT;

DEFINE_CLEANUP(BIO, BIO_free)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(EC_KEY, EC_KEY_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)

/* OpenSSL's shape: 1 good, 0 failed; sig has room for ECDSA_size bytes. */
static int keeper_signs(attr_unused int type, const unsigned char *digest, int digest_size, unsigned char *sig,
                        unsigned int *ret_size, attr_unused const BIGNUM *kinv, attr_unused const BIGNUM *r,
                        EC_KEY *key)
{
    struct keeper_client *client = EC_KEY_get_ex_data(key, client_index);
    size_t size = (size_t)ECDSA_size(key);
    int n = digest_size < 0 ? -EINVAL : keeper_client_sign(client, digest, (size_t)digest_size, sig, &size);
    if (n < 0) {
        log_error("tls", "the keeper could not sign a handshake: %s", strerror(-n));
        return 0;
    }
    *ret_size = (unsigned)size;
    return 1;
}

static void method_create(void)
{
    client_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (method) /* no sign_setup and no sign_sig: those would want the private half here */
        EC_KEY_METHOD_set_sign(method, keeper_signs, NULL, NULL);
}

static int key_of_certificate(struct keeper_client *client, X509 *certificate, EVP_PKEY **ret)
{
    pthread_once(&once, method_create);
    EVP_PKEY *public_half = X509_get0_pubkey(certificate);
    const EC_KEY *public_ec = public_half ? EVP_PKEY_get0_EC_KEY(public_half) : NULL;
    if (!public_ec)
        return -EPROTO;
    attr_cleanup(EC_KEY_freep) EC_KEY *ec = EC_KEY_new();
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = EVP_PKEY_new();
    if (!method || client_index < 0 || !ec || !key)
        return -ENOMEM;
    if (!EC_KEY_set_group(ec, EC_KEY_get0_group(public_ec)) ||
        !EC_KEY_set_public_key(ec, EC_KEY_get0_public_key(public_ec)) || !EC_KEY_set_method(ec, method) ||
        !EC_KEY_set_ex_data(ec, client_index, client) || !EVP_PKEY_set1_EC_KEY(key, ec))
        return -ENOMEM;
    *ret = take(key);
    return 0;
}

int tls_key_create(struct keeper_client *client, EVP_PKEY **ret_key)
{
    _cleanup_free_ char *pem = NULL;
    int r = keeper_client_certificate(client, &pem);
    if (r < 0)
        return r;
    attr_cleanup(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || BIO_puts(bio, pem) <= 0)
        return -ENOMEM;
    attr_cleanup(X509_freep) X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    return certificate ? key_of_certificate(client, certificate, ret_key) : -EPROTO;
}
