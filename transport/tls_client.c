#include "transport/tls_client.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "core/log.h"

#define CHAIN_BYTES 16384 /* that a client may send */

struct tls_clients {
    X509_STORE *store;
    STACK_OF(X509_NAME) * names; /* for browsers, to offer what fits */
};

void tls_clients_destroy(struct tls_clients *self)
{
    if (!self)
        return;
    X509_STORE_free(self->store);
    sk_X509_NAME_pop_free(self->names, X509_NAME_free);
    free(self);
}

static bool add_authorities(struct tls_clients *self, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    int n = 0;
    bool fine = bio != NULL;
    while (fine && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        X509_NAME *name = X509_NAME_dup(X509_get_subject_name(certificate));
        fine = name && X509_STORE_add_cert(self->store, certificate) == 1 && sk_X509_NAME_push(self->names, name) > 0;
        if (!fine)
            X509_NAME_free(name);
        X509_free(certificate);
        n++;
    }
    ERR_clear_error();
    BIO_free(bio);
    return fine && n > 0;
}

static bool add_lists(struct tls_clients *self, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509_CRL *list;
    int n = 0;
    bool fine = bio != NULL;
    while (fine && (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
        fine = X509_STORE_add_crl(self->store, list) == 1;
        X509_CRL_free(list);
        n++;
    }
    ERR_clear_error();
    BIO_free(bio);
    return fine && n > 0 && X509_STORE_set_flags(self->store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

int tls_clients_create(const char *ca_pem, const char *crl_pem, struct tls_clients **ret)
{
    if (!ca_pem) {
        *ret = NULL;
        return 0;
    }
    struct tls_clients *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->store = X509_STORE_new();
    self->names = sk_X509_NAME_new_null();
    if (!self->store || !self->names || !add_authorities(self, ca_pem) || (crl_pem && !add_lists(self, crl_pem))) {
        tls_clients_destroy(self);
        return -EINVAL;
    }
    *ret = self;
    return 0;
}

/* In place of OpenSSL's own: it judges, and remembers its judgement (SSL_get_verify_result); 1 lets the handshake go on
 * with a bad certificate too, for who shows one may still log in by password. Nobody who reads the judgement takes this
 * 1 for one. */
static int judge(X509_STORE_CTX *context, void *data)
{
    (void)data;
    int good = X509_verify_cert(context);
    if (good != 1 && X509_STORE_CTX_get_error(context) == X509_V_OK)
        X509_STORE_CTX_set_error(context, X509_V_ERR_UNSPECIFIED);
    return 1;
}

void tls_client_prepare(SSL_CTX *context)
{
    SSL_CTX_set_cert_verify_callback(context, judge, NULL);
    SSL_CTX_set_max_cert_list(context, CHAIN_BYTES);
}

void tls_client_ask(const struct tls_clients *self, SSL *ssl)
{
    if (!self)
        return;
    STACK_OF(X509_NAME) *names = SSL_dup_CA_list(self->names);
    if (!names || SSL_set1_verify_cert_store(ssl, self->store) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return;
    }
    SSL_set_client_CA_list(ssl, names);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL); /* asked, not required */
}

/* Appends one; false: it does not fit. */
static bool push(X509 *certificate, uint8_t *room, size_t *used, struct route_der *ret, unsigned *n, unsigned max)
{
    int size = i2d_X509(certificate, NULL);
    if (size <= 0 || *n == max || (size_t)size > CHAIN_BYTES - *used)
        return false;
    uint8_t *at = room + *used;
    ret[(*n)++] = (struct route_der){.bytes = at, .size = (size_t)size};
    *used += (size_t)size;
    return i2d_X509(certificate, &at) == size;
}

unsigned tls_client_chain(SSL *ssl, uint8_t **ret_room, struct route_der *ret, unsigned max, const char **ret_why)
{
    X509 *leaf = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
    long verdict = leaf ? SSL_get_verify_result(ssl) : X509_V_OK;
    *ret_why = verdict == X509_V_OK ? "" : X509_verify_cert_error_string(verdict);
    uint8_t *room = leaf && verdict == X509_V_OK ? malloc(CHAIN_BYTES) : NULL;
    unsigned n = 0;
    size_t used = 0;
    bool fits = room && push(leaf, room, &used, ret, &n, max);
    STACK_OF(X509) *above = room ? SSL_get_peer_cert_chain(ssl) : NULL; /* on the server's side without the leaf */
    for (int i = 0; fits && above && i < sk_X509_num(above); i++)
        fits = push(sk_X509_value(above, i), room, &used, ret, &n, max);
    X509_free(leaf);
    if (!fits) {
        if (room)
            *ret_why = "the chain of certificates is too long";
        free(room);
        return 0;
    }
    *ret_room = room;
    return n;
}
