/* TLS: the keeper's certificate, and a private key that only stands for the one in the keeper. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#include "auth/tls_key.h"
#include "core/log.h"
#include "transport/server_internal.h"

static const char tls12_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";
static const char tls13_ciphers[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

int server_tls_load(struct server *self)
{
    const struct server_config *config = &self->config;
    if (config->tls_key) {
        EVP_PKEY_up_ref(config->tls_key);
        self->key = config->tls_key;
        self->certificate_pem = strdup(config->tls_certificate);
        return self->certificate_pem ? 0 : -ENOMEM;
    }
    int r = keeper_client_certificate(self->keeper, &self->certificate_pem);
    if (r < 0)
        return r;
    return tls_key_create(self->keeper, &self->key);
}

static void log_openssl(const char *what)
{
    char text[256] = "unknown reason";
    unsigned long error = ERR_get_error();
    if (error)
        ERR_error_string_n(error, text, sizeof text);
    ERR_clear_error();
    log_error("tls", "%s: %s", what, text);
}

/* The first certificate is ours, those behind it the chain. */
static bool use_certificates(SSL_CTX *context, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool fine = certificate && SSL_CTX_use_certificate(context, certificate) == 1;
    X509_free(certificate);
    while (fine && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        if (SSL_CTX_add0_chain_cert(context, certificate) != 1) {
            X509_free(certificate);
            fine = false;
        }
    if (fine)
        ERR_clear_error(); /* the end of the file is reported as an error */
    BIO_free(bio);
    return fine;
}

int server_tls_configure(struct server *self, SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, tls12_ciphers) != 1 || SSL_CTX_set_ciphersuites(context, tls13_ciphers) != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1) {
        log_openssl("the TLS settings");
        return -EINVAL;
    }
    if (!use_certificates(context, self->certificate_pem)) {
        log_openssl("the certificate cannot be used");
        return -EINVAL;
    }
    if (SSL_CTX_use_PrivateKey(context, self->key) != 1) {
        log_openssl("the certificate's private key cannot be used");
        return -EINVAL;
    }
    return 0;
}
