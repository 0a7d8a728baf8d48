#include "auth/keeper/certificate_check.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "auth/keeper/identity.h"
#include "core/cleanup.h"
#include "core/clock.h"

#define WHY(...) (snprintf(why, size, __VA_ARGS__), -EINVAL)

struct chain {
    X509 *list[CERTIFICATE_CHAIN_MAX];
    unsigned n;
};

static void chain_finish(struct chain *self)
{
    while (self->n)
        X509_free(self->list[--self->n]);
}

/* A name as people write it; what cannot be shown is escaped. */
static void write_name(const X509_NAME *name, char *room, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long n = bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0
                 ? BIO_get_mem_data(bio, &text)
                 : 0;
    snprintf(room, size, "%.*s", n > 100 ? 100 : (int)n, text ? text : "");
    BIO_free(bio);
}

static int chain_read(struct chain *self, const char *pem, char *why, size_t size)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = NULL;
    int r = 0;
    while (bio && r == 0 && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        if (self->n == CERTIFICATE_CHAIN_MAX) {
            X509_free(certificate);
            r = WHY("there are more than %d certificates in it: give the server's and those between it and the "
                    "authority's root.",
                    CERTIFICATE_CHAIN_MAX);
        } else {
            self->list[self->n++] = certificate;
        }
    }
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    if (r == 0 && self->n == 0)
        r = WHY("it holds no PEM certificate: it begins with -----BEGIN CERTIFICATE-----.");
    else if (r == 0 && !at_end)
        r = WHY("certificate %u in it is damaged.", self->n + 1);
    return r;
}

static int check_use(X509 *leaf, char *why, size_t size)
{
    int md = NID_undef;
    if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1)
        return WHY("the certificate is not for servers: have it issued with the extended key usage serverAuth.");
    X509_get_signature_info(leaf, &md, NULL, NULL, NULL);
    if (md == NID_md5 || md == NID_sha1)
        return WHY("the certificate is signed by way of %s, which browsers refuse: have it issued with SHA-256.",
                   OBJ_nid2sn(md));
    return 0;
}

static int check_names(X509 *leaf, const char *const *names, unsigned n_names, char *why, size_t size)
{
    for (unsigned i = 0; i < n_names; i++)
        if (X509_check_ip_asc(leaf, names[i], 0) == 1 ||
            X509_check_host(leaf, names[i], 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1)
            return 0;
    return WHY(
        "the certificate is for none of the gateway's public names (the first is %.100s): have it issued for one "
        "of them as a subject alternative name, or add its name to public-names in the configuration.",
        n_names ? names[0] : "missing");
}

static void write_date(const ASN1_TIME *at, char *room, size_t size)
{
    struct tm t = {0};
    if (ASN1_TIME_to_tm(at, &t) != 1 || !strftime(room, size, "%Y-%m-%d %H:%M UTC", &t))
        snprintf(room, size, "a date that cannot be read");
}

static int check_dates(X509 *certificate, unsigned i, time_t now, char *why, size_t size)
{
    char date[64], what[40] = "the certificate";
    if (i)
        snprintf(what, sizeof what, "certificate %u of the chain", i + 1);
    int before = X509_cmp_time(X509_get0_notBefore(certificate), &now);
    int after = X509_cmp_time(X509_get0_notAfter(certificate), &now);
    if (before == 0 || after == 0)
        return WHY("%s has a date that cannot be read.", what);
    if (before > 0) {
        write_date(X509_get0_notBefore(certificate), date, sizeof date);
        return WHY("%s is valid from %s only: wait, or set this machine's clock.", what, date);
    }
    if (after < 0) {
        write_date(X509_get0_notAfter(certificate), date, sizeof date);
        return WHY("%s is over since %s: have a new one issued.", what, date);
    }
    return 0;
}

static bool is_self_issued(X509 *certificate)
{
    return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

static int check_links(const struct chain *chain, char *why, size_t size)
{
    char name[128];
    for (unsigned i = 0; i + 1 < chain->n; i++) {
        X509 *below = chain->list[i], *above = chain->list[i + 1];
        if (X509_check_issued(above, below) == X509_V_OK && X509_verify(below, X509_get0_pubkey(above)) == 1)
            continue;
        ERR_clear_error();
        write_name(X509_get_issuer_name(below), name, sizeof name);
        return WHY("the chain is broken: certificate %u does not vouch for certificate %u, which was issued by %s: put "
                   "each behind the one that it vouches for.",
                   i + 2, i + 1, name);
    }
    X509 *leaf = chain->list[0];
    AUTHORITY_INFO_ACCESS *where = X509_get_ext_d2i(leaf, NID_info_access, NULL, NULL);
    bool fetchable = false;
    for (int i = 0; where && i < sk_ACCESS_DESCRIPTION_num(where); i++)
        fetchable |= OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(where, i)->method) == NID_ad_ca_issuers;
    AUTHORITY_INFO_ACCESS_free(where);
    if (chain->n > 1 || is_self_issued(leaf) || !fetchable)
        return 0;
    write_name(X509_get_issuer_name(leaf), name, sizeof name);
    return WHY(
        "the chain is incomplete: the certificate of its issuer, %s, is missing: put it behind the server's in the "
        "same file (authorities call it fullchain or bundle).",
        name);
}

static int check_key(X509 *leaf, EVP_PKEY *key, char *why, size_t size)
{
    int r = identity_key_usable(key, why, size);
    if (r == 0 && X509_check_private_key(leaf, key) != 1)
        r = WHY("the certificate was not issued for this key: give the pair that belongs together, the server's "
                "certificate first.");
    ERR_clear_error();
    return r;
}

int certificate_check(const char *pem, EVP_PKEY *key, const char *const *names, unsigned n_names, time_t now, char *why,
                      size_t size)
{
    struct chain chain = {.n = 0};
    int r = chain_read(&chain, pem, why, size);
    if (now < (time_t)clock_build_s())
        now = (time_t)clock_build_s();
    if (r == 0)
        r = check_key(chain.list[0], key, why, size);
    if (r == 0)
        r = check_use(chain.list[0], why, size);
    if (r == 0)
        r = check_names(chain.list[0], names, n_names, why, size);
    for (unsigned i = 0; r == 0 && i < chain.n; i++)
        r = check_dates(chain.list[i], i, now, why, size);
    if (r == 0)
        r = check_links(&chain, why, size);
    chain_finish(&chain);
    return r;
}
