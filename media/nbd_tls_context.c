#include "media/nbd_tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/attrs.h"
#include "core/ref.h"
#include "core/utf8.h"

static const char certificate_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";
static const char key_ciphers[] = "ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES128-GCM-SHA256:DHE-PSK-AES256-GCM-SHA384:"
                                  "DHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256";
static const char tls13_ciphers[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

struct nbd_tls_context {
    struct ref ref; /* the owner's, and one for each connection */
    SSL_CTX *ssl;
    bool certificates;
    SSL_CTX *newer; /* holds the certificate that came after the one in ssl; NULL: none did */
    struct nbd_psks psks;
};

/* --- the socket --- */

static int socket_write(BIO *bio, const char *bytes, int size)
{
    BIO_clear_retry_flags(bio);
    ssize_t n = send((int)(intptr_t)BIO_get_data(bio), bytes, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)n;
}

static int socket_read(BIO *bio, char *room, int size)
{
    BIO_clear_retry_flags(bio);
    ssize_t n = recv((int)(intptr_t)BIO_get_data(bio), room, (size_t)size, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    return (int)n;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO *nbd_tls_socket(int fd)
{
    static BIO_METHOD *method; /* of the process; the loop's thread makes it */
    if (!method) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "nbd socket");
        if (!method)
            return NULL;
        BIO_meth_set_write(method, socket_write);
        BIO_meth_set_read(method, socket_read);
        BIO_meth_set_ctrl(method, socket_control);
    }
    BIO *bio = BIO_new(method);
    if (bio) {
        BIO_set_data(bio, (void *)(intptr_t)fd);
        BIO_set_init(bio, 1);
    }
    return bio;
}

/* --- who it is --- */

static unsigned find_key(SSL *ssl, const char *name, unsigned char *room, unsigned size)
{
    const struct nbd_tls_context *self = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct nbd_tls_peer *peer = SSL_get_app_data(ssl);
    const struct nbd_psk *psk = name ? nbd_psks_find(&self->psks, name) : NULL;
    if (!psk || psk->key_size > size)
        return 0;
    memcpy(room, psk->key, psk->key_size);
    memcpy(peer->key, psk->name, sizeof peer->key);
    return (unsigned)psk->key_size;
}

/* The subject's one common name, as it stands in a grant. */
static bool certificate_name(X509 *certificate, char room[NBD_IDENTITY_MAX])
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return false;
    unsigned char *text = NULL;
    int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    bool fine = size > 0 && (size_t)size + sizeof "cert:" <= NBD_IDENTITY_MAX;
    for (int i = 0, n; fine && i < size; i += n) {
        n = (int)utf8_printable((char *)text + i, (size_t)(size - i));
        fine = n > 0;
    }
    if (fine)
        snprintf(room, NBD_IDENTITY_MAX, "cert:%.*s", size, (char *)text);
    OPENSSL_free(text);
    return fine;
}

bool nbd_tls_peer_name(SSL *ssl, struct nbd_tls_peer *peer)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate)
        return SSL_get_verify_result(ssl) == X509_V_OK && certificate_name(certificate, peer->name);
    /* TLS 1.3 takes a key as a session that goes on; nothing else goes on here */
    bool by_key = SSL_session_reused(ssl) || SSL_CIPHER_get_auth_nid(SSL_get_current_cipher(ssl)) == NID_auth_psk;
    if (by_key && *peer->key)
        snprintf(peer->name, sizeof peer->name, "psk:%s", peer->key);
    return by_key && *peer->key;
}

static bool show_newer(struct nbd_tls_context *self, SSL *ssl)
{
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(self->newer, &chain);
    SSL_certs_clear(ssl);
    return SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(self->newer), SSL_CTX_get0_privatekey(self->newer), chain,
                                1) == 1;
}

SSL *nbd_tls_context_session(struct nbd_tls_context *self, struct nbd_tls_peer *peer)
{
    SSL *ssl = SSL_new(self->ssl);
    if (ssl)
        SSL_set_app_data(ssl, peer);
    if (ssl && self->newer && !show_newer(self, ssl)) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}

/* --- life --- */

static bool use_certificate(SSL_CTX *ssl, const char *pem, EVP_PKEY *key)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool fine = certificate && SSL_CTX_use_certificate(ssl, certificate) == 1;
    X509_free(certificate);
    while (fine && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        fine = SSL_CTX_add0_chain_cert(ssl, certificate) == 1;
        if (!fine)
            X509_free(certificate);
    }
    BIO_free(bio);
    return fine && SSL_CTX_use_PrivateKey(ssl, key) == 1;
}

static bool use_authority(SSL_CTX *ssl, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    unsigned n = 0;
    for (X509 *one; bio && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)); X509_free(one))
        n += X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), one) == 1 && SSL_CTX_add_client_CA(ssl, one) == 1;
    BIO_free(bio);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return n;
}

static const char *set_up(SSL_CTX *ssl, const struct nbd_tls_config *config)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_num_tickets(ssl, 0);
    SSL_CTX_set_session_id_context(ssl, (const unsigned char *)"nbd", 3); /* keys beside certificates need one */
    SSL_CTX_set_dh_auto(ssl, 1);
    char ciphers[512];
    snprintf(ciphers, sizeof ciphers, "%s%s%s", config->psks ? key_ciphers : "",
             config->psks && config->certificate ? ":" : "", config->certificate ? certificate_ciphers : "");
    if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(ssl, ciphers) != 1 ||
        SSL_CTX_set_ciphersuites(ssl, tls13_ciphers) != 1)
        return "the TLS settings are not possible with this OpenSSL";
    if (config->psks)
        SSL_CTX_set_psk_server_callback(ssl, find_key);
    if (config->certificate && !use_certificate(ssl, config->certificate, config->key))
        return "the gateway's certificate cannot be used";
    if (config->certificate && !use_authority(ssl, config->client_authority))
        return "the file of the clients' authority holds no certificate in PEM";
    return NULL;
}

int nbd_tls_context_create(const struct nbd_tls_config *config, struct nbd_tls_context **ret, char *why,
                           size_t why_size)
{
    const char *mistake = NULL;
    if (!config->psks && !config->certificate) {
        snprintf(why, why_size, "neither pre-shared keys nor an authority of clients' certificates were given");
        return -EINVAL;
    }
    struct nbd_tls_context *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    if (config->psks)
        self->psks = *config->psks;
    self->certificates = config->certificate != NULL;
    self->ssl = SSL_CTX_new(TLS_server_method());
    if (!self->ssl || (mistake = set_up(self->ssl, config))) {
        snprintf(why, why_size, "%s", mistake ? mistake : "memory is short");
        ERR_clear_error();
        nbd_tls_context_destroy(self);
        return mistake ? -EINVAL : -ENOMEM;
    }
    ERR_clear_error(); /* the ends of PEM texts are reported as errors */
    SSL_CTX_set_app_data(self->ssl, self);
    *ret = self;
    return 0;
}

int nbd_tls_context_set_certificate(struct nbd_tls_context *self, const char *certificate, EVP_PKEY *key)
{
    if (!self->certificates)
        return 0;
    SSL_CTX *newer = SSL_CTX_new(TLS_server_method());
    bool fine = newer && use_certificate(newer, certificate, key);
    ERR_clear_error();
    if (!fine) {
        SSL_CTX_free(newer);
        return -EINVAL;
    }
    SSL_CTX_free(self->newer);
    self->newer = newer;
    return 0;
}

struct nbd_tls_context *nbd_tls_context_ref(struct nbd_tls_context *self)
{
    ref_get(&self->ref);
    return self;
}

struct nbd_tls_context *nbd_tls_context_destroy(struct nbd_tls_context *self)
{
    if (!self || !ref_put(&self->ref))
        return NULL;
    SSL_CTX_free(self->ssl);
    SSL_CTX_free(self->newer);
    OPENSSL_cleanse(self, sizeof *self);
    free(self);
    return NULL;
}
