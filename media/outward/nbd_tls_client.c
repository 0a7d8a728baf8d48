#include "media/outward/nbd_tls_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "media/nbd_tls_context.h"

static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL:!PSK";

/* As with https, one certificate of the list may be the server's own. */
static bool trust_these(SSL_CTX *context, const char *ca)
{
    BIO *bio = BIO_new_mem_buf(ca, -1);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    unsigned n = 0;
    for (X509 *one; bio && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)); X509_free(one))
        n += X509_STORE_add_cert(store, one) == 1;
    BIO_free(bio);
    ERR_clear_error(); /* the end of the text is reported as an error */
    return n && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static SSL_CTX *make_context(const char *ca, const char **mistake)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(context, ciphers) != 1)
        *mistake = "The TLS settings are not possible with this OpenSSL.";
    else if (ca && !trust_these(context, ca))
        *mistake = "The authority's certificate that was given for this medium (or outward-ca) is not in PEM.";
    else if (!ca && SSL_CTX_set_default_verify_paths(context) != 1)
        *mistake = "The system's certificate authorities cannot be used.";
    if (!*mistake)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/* The name that is asked for (only names are told the server: RFC 6066), and the one that its certificate must bear. */
static bool expect_host(SSL *ssl, const char *host)
{
    unsigned char address[16];
    char name[256];
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    if (!text_copy(name, sizeof name, host))
        return false;
    size_t n = strlen(name);
    if (n && name[n - 1] == '.')
        name[--n] = '\0';
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* an empty name would mean any */
    return n && SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

int nbd_tls_client_create(int fd, const char *host, const char *ca, SSL **ret, char *why, size_t why_size)
{
    const char *mistake = NULL;
    SSL_CTX *context = make_context(ca, &mistake);
    if (mistake) {
        text_copy(why, why_size, mistake);
        ERR_clear_error();
        return -EINVAL;
    }
    SSL *ssl = context ? SSL_new(context) : NULL;
    BIO *bio = ssl ? nbd_tls_socket(fd) : NULL;
    SSL_CTX_free(context); /* the session has it */
    int r = !bio ? -ENOMEM : expect_host(ssl, host) ? 0 : -EINVAL;
    if (r < 0) {
        snprintf(why, why_size, "%.150s cannot be a server's name.", host);
        BIO_free(bio);
        SSL_free(ssl);
        ERR_clear_error();
        return r;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    *ret = ssl;
    return 0;
}

void nbd_tls_client_why(SSL *ssl, const char *host, char *why, size_t why_size)
{
    long verdict = SSL_get_verify_result(ssl);
    unsigned long error = ERR_peek_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
        snprintf(why, why_size,
                 "The certificate of the NBD server is not for %.100s; use the name that is in it, if you know that it "
                 "is the right server.",
                 host);
    else if (verdict != X509_V_OK)
        snprintf(why, why_size,
                 "The certificate of the NBD server is not accepted (%s). Give its authority's certificate with the "
                 "medium, or by outward-ca.",
                 X509_verify_cert_error_string(verdict));
    else
        snprintf(why, why_size, "TLS with the NBD server failed: %s.", reason ? reason : "the connection broke");
    ERR_clear_error();
}
