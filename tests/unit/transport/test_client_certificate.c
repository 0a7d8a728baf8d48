/* Client certificates in real handshakes: asked for, never required; what is not good is never handed on, whatever the
 * library in between makes of it. And nothing is resumed. */
#include <openssl/x509v3.h>

#include "tests/unit/transport/harness.h"

static struct harness h;
static struct answer a;

struct authority_pair {
    EVP_PKEY *key;
    X509 *certificate;
};

static struct authority_pair ours_ca, other_ca;
static char *ca_pem, *crl_pem;

/* ---- making certificates ---- */

static void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make(EVP_PKEY *key, const char *name, int name_size, long serial, long from_s, long to_s,
                  const struct authority_pair *by, const char *use)
{
    X509 *x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), from_s);
    X509_gmtime_adj(X509_getm_notAfter(x), to_s);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)name, name_size,
                               -1, 0);
    X509_set_issuer_name(x, by ? X509_get_subject_name(by->certificate) : X509_get_subject_name(x));
    extend(x, NID_basic_constraints, use ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (use)
        extend(x, NID_ext_key_usage, use);
    assert_true(X509_sign(x, by ? by->key : key, EVP_sha256()) > 0);
    return x;
}

static struct authority_pair make_authority(const char *name)
{
    struct authority_pair self = {.key = EVP_EC_gen("P-256")};
    self.certificate = make(self.key, name, -1, 1, -3600, 86400, NULL, NULL);
    return self;
}

static char *text_of(BIO *bio)
{
    char *at;
    long n = BIO_get_mem_data(bio, &at);
    char *text = strndup(at, (size_t)n);
    BIO_free(bio);
    return text;
}

static char *revocation_list(const struct authority_pair *by, long serial)
{
    X509_CRL *list = X509_CRL_new();
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, 86400);
    ASN1_INTEGER_set(number, serial);
    X509_REVOKED_set_serialNumber(entry, number);
    X509_REVOKED_set_revocationDate(entry, now);
    X509_CRL_add0_revoked(list, entry);
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(by->certificate));
    X509_CRL_set1_lastUpdate(list, now);
    X509_CRL_set1_nextUpdate(list, next);
    assert_true(X509_CRL_sign(list, by->key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509_CRL(bio, list);
    X509_CRL_free(list);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    return text_of(bio);
}

/* ---- the server ---- */

static void show_chain(void *context, struct route_call *call)
{
    struct route_der chain[8];
    const char *why;
    char text[400];
    (void)context;
    unsigned n = route_peer_chain(call, chain, ARRAY_SIZE(chain), &why);
    if (n) {
        const uint8_t *at = chain[0].bytes;
        X509 *leaf = d2i_X509(NULL, &at, (long)chain[0].size);
        assert_non_null(leaf);
        X509_free(leaf);
    }
    int size = snprintf(text, sizeof text, "%u %s", n, why);
    route_reply(call, 200, "text/plain", text, (size_t)size);
}

static const struct route chain_rows[] = {ROUTE(ROUTE_GET, "/api/v1/chain", ROUTE_PUBLIC, 0, show_chain)};
static const struct route_table chain_table = {chain_rows, ARRAY_SIZE(chain_rows), NULL};

static void use_authorities(struct harness *self, void *data)
{
    (void)data;
    assert_int_equal(server_set_client_ca(self->server, ca_pem, crl_pem), 0);
}

static void use_none(struct harness *self, void *data)
{
    (void)data;
    assert_int_equal(server_set_client_ca(self->server, NULL, NULL), 0);
}

static void refuse_trash(struct harness *self, void *data)
{
    (void)data;
    assert_int_equal(server_set_client_ca(self->server, "trash", NULL), -EINVAL);
    assert_int_equal(server_set_client_ca(self->server, ca_pem, "trash"), -EINVAL);
}

static int start_chain(void **state)
{
    (void)state;
    ours_ca = make_authority("Ours");
    other_ca = make_authority("Ours"); /* of the same name, with another key */
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, ours_ca.certificate);
    ca_pem = text_of(bio);
    crl_pem = revocation_list(&ours_ca, 66);
    h.config.tables = &chain_table;
    h.config.n_tables = 1;
    harness_start(&h, NULL);
    harness_call(&h, use_authorities, NULL);
    return 0;
}

/* ---- a client ---- */

static int version = TLS1_3_VERSION;

static const char *ask_with(X509 *certificate, EVP_PKEY *key)
{
    struct client c = client_plain(&h);
    c.context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(c.context, version);
    SSL_CTX_set_max_proto_version(c.context, version);
    if (certificate) {
        assert_int_equal(SSL_CTX_use_certificate(c.context, certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(c.context, key), 1);
    }
    c.ssl = SSL_new(c.context);
    SSL_set_fd(c.ssl, c.fd);
    assert_int_equal(SSL_connect(c.ssl), 1);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/chain", "", NULL, &a), 200);
    assert_int_equal(SSL_session_reused(c.ssl), 0);
    assert_false(SSL_SESSION_has_ticket(SSL_get_session(c.ssl)));
    client_close(&c);
    return a.body;
}

#define CLIENT "clientAuth"

static const char *ask_as(const struct authority_pair *by, const char *name, int name_size, long serial, long from_s,
                          long to_s, const char *use)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = make(key, name, name_size, serial, from_s, to_s, by, use);
    const char *said = ask_with(certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return said;
}

static void good_ones_are_handed_on(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        version = versions[i];
        assert_string_equal(ask_as(&ours_ca, "ann", -1, 2, -3600, 3600, CLIENT), "1 ");
        assert_string_equal(ask_with(NULL, NULL), "0 ");
    }
}

static void bad_ones_are_not_and_the_door_stays_open(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        version = versions[i];
        assert_string_equal(ask_as(&ours_ca, "ann", -1, 2, -7200, -3600, CLIENT), "0 certificate has expired");
        assert_string_equal(ask_as(&ours_ca, "ann", -1, 2, 3600, 7200, CLIENT), "0 certificate is not yet valid");
        assert_string_equal(ask_as(&ours_ca, "ann", -1, 66, -3600, 3600, CLIENT), "0 certificate revoked");
        assert_string_equal(ask_as(&other_ca, "ann", -1, 2, -3600, 3600, CLIENT), "0 certificate signature failure");
        assert_string_equal(ask_as(NULL, "ann", -1, 2, -3600, 3600, CLIENT), "0 self-signed certificate");
        assert_string_equal(ask_as(&ours_ca, "ann", -1, 2, -3600, 3600, "serverAuth"),
                            "0 unsuitable certificate purpose");
        /* a good one afterwards is good: nothing is remembered */
        assert_string_equal(ask_as(&ours_ca, "ann", -1, 2, -3600, 3600, CLIENT), "1 ");
    }
}

/* The keeper decides about names; a NUL in one arrives there whole. */
static void a_name_with_a_nul_is_not_cut_here(void **state)
{
    (void)state;
    version = TLS1_3_VERSION;
    assert_string_equal(ask_as(&ours_ca, "ann\0evil", 8, 2, -3600, 3600, CLIENT), "1 ");
}

static void nobody_is_asked_without_authorities(void **state)
{
    (void)state;
    version = TLS1_3_VERSION;
    harness_call(&h, use_none, NULL);
    assert_string_equal(ask_as(&ours_ca, "ann", -1, 2, -3600, 3600, CLIENT), "0 ");
    harness_call(&h, refuse_trash, NULL);
    assert_string_equal(ask_as(&ours_ca, "ann", -1, 2, -3600, 3600, CLIENT), "0 ");
    harness_call(&h, use_authorities, NULL);
    assert_string_equal(ask_as(&ours_ca, "ann", -1, 2, -3600, 3600, CLIENT), "1 ");
}

static void a_local_peer_has_none(void **state)
{
    (void)state;
    struct client c = client_local(&h);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/chain", "", NULL, &a), 200);
    assert_string_equal(a.body, "0 ");
    client_close(&c);
}

/* Only these, and no renegotiation. */
static void old_protocols_and_ciphers_are_refused(void **state)
{
    (void)state;
    static const char *const ciphers[] = {"AES128-SHA", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0",
                                          "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"};
    for (size_t i = 0; i < ARRAY_SIZE(ciphers) + 1; i++) {
        struct client c = client_plain(&h);
        c.context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(c.context, 0);
        if (i < ARRAY_SIZE(ciphers)) {
            SSL_CTX_set_max_proto_version(c.context, TLS1_2_VERSION);
            assert_int_equal(SSL_CTX_set_cipher_list(c.context, ciphers[i]), 1);
        } else {
            SSL_CTX_set_min_proto_version(c.context, TLS1_VERSION);
            SSL_CTX_set_max_proto_version(c.context, TLS1_1_VERSION);
        }
        c.ssl = SSL_new(c.context);
        SSL_set_fd(c.ssl, c.fd);
        assert_int_not_equal(SSL_connect(c.ssl), 1);
        client_close(&c);
    }
}

static int stop_chain(void **state)
{
    EVP_PKEY_free(ours_ca.key);
    X509_free(ours_ca.certificate);
    EVP_PKEY_free(other_ca.key);
    X509_free(other_ca.certificate);
    free(ca_pem);
    free(crl_pem);
    (void)state;
    harness_stop(&h);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_are_handed_on),
        cmocka_unit_test(bad_ones_are_not_and_the_door_stays_open),
        cmocka_unit_test(a_name_with_a_nul_is_not_cut_here),
        cmocka_unit_test(nobody_is_asked_without_authorities),
        cmocka_unit_test(a_local_peer_has_none),
        cmocka_unit_test(old_protocols_and_ciphers_are_refused),
    };
    return cmocka_run_group_tests(tests, start_chain, stop_chain);
}
