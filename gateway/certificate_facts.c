#include "gateway/certificate_facts.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Control characters and what is no ASCII come out escaped. */
static void write_name(const X509_NAME *name, char *room, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long n = bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0 ? BIO_get_mem_data(bio, &text) : 0;
    snprintf(room, size, "%.*s", (int)n, text ? text : "");
    BIO_free(bio);
}

static void write_dns(const ASN1_STRING *name, char *room, size_t size)
{
    const unsigned char *bytes = ASN1_STRING_get0_data(name);
    size_t n = (size_t)ASN1_STRING_length(name), at = 0;
    for (size_t i = 0; i < n && at + 1 < size; i++)
        room[at++] = (char)(bytes[i] > ' ' && bytes[i] < 0x7f ? bytes[i] : '?');
    room[at] = '\0';
}

static void read_names(X509 *certificate, struct api_certificate *ret)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    ret->n_names = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && ret->n_names < API_CERTIFICATE_NAMES; i++) {
        int kind;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
        char *room = ret->names[ret->n_names];
        int size = kind == GEN_DNS || kind == GEN_IPADD ? ASN1_STRING_length(value) : 0;
        if (kind == GEN_DNS)
            write_dns(value, room, sizeof ret->names[0]);
        else if (kind != GEN_IPADD || (size != 4 && size != 16) ||
                 !inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), room, sizeof ret->names[0]))
            continue;
        ret->n_names++;
    }
    GENERAL_NAMES_free(names);
}

static int64_t seconds_of(const ASN1_TIME *at)
{
    struct tm t = {0};
    return ASN1_TIME_to_tm(at, &t) == 1 ? (int64_t)timegm(&t) : 0;
}

static void read_fingerprint(X509 *certificate, struct api_certificate *ret)
{
    uint8_t digest[32] = {0};
    unsigned n = sizeof digest;
    X509_digest(certificate, EVP_sha256(), digest, &n);
    for (unsigned i = 0; i < sizeof digest; i++)
        snprintf(ret->fingerprint + 3 * i, sizeof ret->fingerprint - 3 * i, "%02X%s", digest[i],
                 i + 1 < sizeof digest ? ":" : "");
}

bool certificate_facts(const char *pem, struct api_certificate *ret)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL, *above;
    if (leaf) {
        write_name(X509_get_subject_name(leaf), ret->subject, sizeof ret->subject);
        write_name(X509_get_issuer_name(leaf), ret->issuer, sizeof ret->issuer);
        read_names(leaf, ret);
        ret->from = seconds_of(X509_get0_notBefore(leaf));
        ret->to = seconds_of(X509_get0_notAfter(leaf));
        read_fingerprint(leaf, ret);
        for (ret->chain = 0; (above = PEM_read_bio_X509(bio, NULL, NULL, NULL)); ret->chain++)
            X509_free(above);
        ERR_clear_error();
    }
    BIO_free(bio);
    X509_free(leaf);
    return leaf != NULL;
}
