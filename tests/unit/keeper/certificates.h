/* Certificates that tests make: authorities, servers, and what is wrong with them. */
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"

struct made {
    EVP_PKEY *key;
    X509 *certificate;
};

/* What to make; zeros are the usual: a server's for kvm.example by its own key, from an hour ago for 90 days. */
struct make {
    const char *name, *san, *use, *aia;
    bool authority, sha1;
    long from_s, to_s;
    EVP_PKEY *key; /* NULL: a new one (P-256) */
};

static inline void made_extend(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
}

/* by NULL: self-signed. */
static attr_unused struct made make_certificate(const struct made *by, struct make how)
{
    struct made self = {.key = how.key, .certificate = X509_new()};
    X509 *x = self.certificate;
    if (self.key)
        EVP_PKEY_up_ref(self.key);
    else
        self.key = EVP_EC_gen("P-256");
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_gmtime_adj(X509_getm_notBefore(x), how.from_s ? how.from_s : -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), how.to_s ? how.to_s : 90 * 86400);
    X509_set_pubkey(x, self.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)(how.name ? how.name : "kvm.example"), -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(by ? by->certificate : x));
    made_extend(x, NID_basic_constraints, how.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!how.authority) {
        made_extend(x, NID_ext_key_usage, how.use ? how.use : "serverAuth");
        made_extend(x, NID_subject_alt_name, how.san ? how.san : "DNS:kvm.example");
    }
    if (how.aia)
        made_extend(x, NID_info_access, how.aia);
    assert_true(X509_sign(x, by ? by->key : self.key, how.sha1 ? EVP_sha1() : EVP_sha256()) > 0);
    return self;
}

static attr_unused void made_free(struct made *self)
{
    EVP_PKEY_free(self->key);
    X509_free(self->certificate);
}

/* One behind the other, NULL ends. malloc'ed. */
static attr_unused char *pem_of(const struct made *const *list)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *at;
    for (; *list; list++)
        PEM_write_bio_X509(bio, (*list)->certificate);
    long n = BIO_get_mem_data(bio, &at);
    char *text = strndup(at, (size_t)n);
    BIO_free(bio);
    return text;
}

static attr_unused char *pem_of_key(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *at;
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    long n = BIO_get_mem_data(bio, &at);
    char *text = strndup(at, (size_t)n);
    BIO_free(bio);
    return text;
}
