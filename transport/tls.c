/* TLS: the keeper's certificate, and a private key that only stands for the one in the keeper. Both, and whether
 * clients are asked for certificates, are given to each handshake by itself, so that a change touches no connection
 * that is there. No session is ever resumed: a resumed one shows no certificate, neither ours nor the client's. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#include "auth/tls_key.h"
#include "core/clock.h"
#include "core/log.h"
#include "transport/tls_client.h"

static const char tls12_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";
static const char tls13_ciphers[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/* What new handshakes show. */
struct server_tls {
    X509 *leaf;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
};

static void log_openssl(const char *what)
{
    char text[256] = "unknown reason";
    unsigned long error = ERR_get_error();
    if (error)
        ERR_error_string_n(error, text, sizeof text);
    ERR_clear_error();
    log_error("tls", "%s: %s", what, text);
}

void server_tls_destroy(struct server_tls *self)
{
    if (!self)
        return;
    X509_free(self->leaf);
    sk_X509_pop_free(self->chain, X509_free);
    EVP_PKEY_free(self->key);
    free(self);
}

/* The first certificate is ours, those behind it the chain. */
static bool read_certificates(struct server_tls *self, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    self->leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    self->chain = sk_X509_new_null();
    bool fine = self->leaf && self->chain;
    while (fine && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        if (sk_X509_push(self->chain, certificate) <= 0) {
            X509_free(certificate);
            fine = false;
        }
    if (fine)
        ERR_clear_error(); /* the end of the file is reported as an error */
    BIO_free(bio);
    return fine;
}

/* key: a reference of ours, taken. */
static int create(const char *pem, EVP_PKEY *key, struct server_tls **ret)
{
    struct server_tls *self = calloc(1, sizeof *self);
    if (!self) {
        EVP_PKEY_free(key);
        return -ENOMEM;
    }
    self->key = key;
    if (!read_certificates(self, pem) || X509_check_private_key(self->leaf, key) != 1) {
        log_openssl("the certificate cannot be used");
        server_tls_destroy(self);
        return -EINVAL;
    }
    *ret = self;
    return 0;
}

static int load(struct server *server, struct server_tls **ret)
{
    const struct server_config *config = &server->config;
    _cleanup_free_ char *pem = NULL;
    EVP_PKEY *key = NULL;
    if (config->tls_key) {
        EVP_PKEY_up_ref(config->tls_key);
        return create(config->tls_certificate, config->tls_key, ret);
    }
    int r = keeper_client_certificate(server->keeper, &pem);
    if (r == 0)
        r = tls_key_of(server->keeper, pem, &key);
    return r < 0 ? r : create(pem, key, ret);
}

int server_tls_reload(struct server *server)
{
    struct server_tls *next;
    int r = load(server, &next);
    if (r < 0)
        return r;
    server_tls_destroy(server->tls);
    server->tls = next;
    return 0;
}

void server_retire_connections(struct server *server)
{
    server->retired_us = clock_boot_us();
}

/* Called in each handshake, before anything of ours is sent. */
static int on_handshake(SSL *ssl, void *data)
{
    struct server *server = data;
    const struct server_tls *tls = server->tls;
    SSL_certs_clear(ssl);
    if (SSL_use_cert_and_key(ssl, tls->leaf, tls->key, tls->chain, 1) != 1) {
        log_openssl("the certificate cannot be used");
        return 0;
    }
    tls_client_ask(server->clients, ssl);
    return 1;
}

int server_tls_configure(struct server *server, SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_TICKET |
                                     SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_security_level(context, 2); /* 112 bits: RSA of 2048, no SHA-1 */
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_CTX_set_num_tickets(context, 0) != 1 ||
        SSL_CTX_set_max_early_data(context, 0) != 1 || SSL_CTX_set_cipher_list(context, tls12_ciphers) != 1 ||
        SSL_CTX_set_ciphersuites(context, tls13_ciphers) != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1) {
        log_openssl("the TLS settings");
        return -EINVAL;
    }
    tls_client_prepare(context);
    SSL_CTX_set_cert_cb(context, on_handshake, server);
    return 0;
}
