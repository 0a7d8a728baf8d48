#include "auth/outward/directory_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL:!PSK";

/* One of the certificates may be the server's own. */
static bool trust(SSL_CTX *context, const char *authorities)
{
    BIO *bio = BIO_new_mem_buf(authorities, -1);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    unsigned n = 0;
    for (X509 *one; bio && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)); X509_free(one))
        n += X509_STORE_add_cert(store, one) == 1;
    BIO_free(bio);
    ERR_clear_error(); /* the end of the text counts as an error */
    return n && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

/* A fault of ours or of the settings, as a sentence; NULL: none. */
static const char *set_up(SSL_CTX *context, const char *authorities)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(context, ciphers) != 1)
        return "The TLS settings are not possible with this OpenSSL.";
    if (*authorities && !trust(context, authorities))
        return "directory-ca holds no certificate in PEM.";
    if (!*authorities && SSL_CTX_set_default_verify_paths(context) != 1)
        return "The system's certificate authorities cannot be used.";
    return NULL;
}

static bool expect(SSL *ssl, const char *host)
{
    unsigned char address[16];
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* an empty name would mean any */
    return *host && SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

int directory_tls_create(int fd, const char *host, const char *authorities, SSL **ret, char *why, size_t why_size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    const char *fault = context ? set_up(context, authorities) : "There is no memory for TLS.";
    SSL *ssl = fault ? NULL : SSL_new(context);
    SSL_CTX_free(context); /* the session has it */
    if (ssl && SSL_set_fd(ssl, fd) == 1 && expect(ssl, host)) {
        SSL_set_connect_state(ssl);
        *ret = ssl;
        return 0;
    }
    SSL_free(ssl);
    ERR_clear_error();
    snprintf(why, why_size, "%s", fault ? fault : "The directory's host can be no name of a certificate.");
    return -EINVAL;
}

void directory_tls_why(SSL *ssl, const char *host, char *why, size_t why_size)
{
    long verdict = SSL_get_verify_result(ssl);
    unsigned long error = ERR_peek_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
        snprintf(why, why_size, "The directory's certificate is not for %.100s: use a name that is in it.", host);
    else if (verdict != X509_V_OK)
        snprintf(why, why_size,
                 "The directory's certificate is not accepted (%s): give its authority's by directory-ca.",
                 X509_verify_cert_error_string(verdict));
    else
        snprintf(why, why_size, "TLS with the directory failed: %s.", reason ? reason : "the connection broke");
    ERR_clear_error();
}
