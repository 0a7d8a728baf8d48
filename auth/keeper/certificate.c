#include "auth/keeper/certificate.h"

#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"

#define LIFE_DAYS 3652

DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(BIGNUM, BN_free)
DEFINE_CLEANUP(GENERAL_NAME, GENERAL_NAME_free)
DEFINE_CLEANUP(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
DEFINE_CLEANUP(ASN1_IA5STRING, ASN1_IA5STRING_free)

static inline void names_freep(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

static const char *const always[] = {"localhost", "127.0.0.1", "::1"};

/* Pushes a DNS name or an address. */
static bool name_add(GENERAL_NAMES *names, const char *text)
{
    attr_cleanup(GENERAL_NAME_freep) GENERAL_NAME *name = GENERAL_NAME_new();
    attr_cleanup(ASN1_OCTET_STRING_freep) ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    if (!name)
        return false;
    if (address) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, take(address));
    } else {
        attr_cleanup(ASN1_IA5STRING_freep) ASN1_IA5STRING *dns = ASN1_IA5STRING_new();
        if (!dns || !ASN1_STRING_set(dns, text, -1))
            return false;
        GENERAL_NAME_set0_value(name, GEN_DNS, take(dns));
    }
    if (sk_GENERAL_NAME_push(names, name) <= 0)
        return false;
    name = NULL; /* the list has it */
    return true;
}

static bool is_always(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(always); i++)
        if (strcmp(always[i], name) == 0)
            return true;
    return false;
}

static bool add_names(X509 *certificate, const char *const *names, unsigned n_names)
{
    attr_cleanup(names_freep) GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
    bool good = list != NULL;
    for (unsigned i = 0; i < n_names && good; i++)
        good = is_always(names[i]) || name_add(list, names[i]);
    for (size_t i = 0; i < ARRAY_SIZE(always) && good; i++)
        good = name_add(list, always[i]);
    return good && X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT) == 1;
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool good = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool set_serial(X509 *certificate)
{
    attr_cleanup(BN_freep) BIGNUM *number = BN_new();
    return number && BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
}

static bool set_subject(X509 *certificate, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    char common[65]; /* the longest that X.509 allows */
    snprintf(common, sizeof common, "%.64s", name);
    return X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"lightsout", -1, -1, 0) ==
               1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1;
}

static bool set_life(X509 *certificate, time_t now)
{
    time_t built = (time_t)clock_build_s();
    return ASN1_TIME_adj(X509_getm_notBefore(certificate), MIN(now, built), 0, 0) &&
           ASN1_TIME_adj(X509_getm_notAfter(certificate), built, LIFE_DAYS, 0);
}

X509 *certificate_make(EVP_PKEY *key, const char *const *names, unsigned n_names, time_t now)
{
    attr_cleanup(X509_freep) X509 *certificate = X509_new();
    if (!certificate || X509_set_version(certificate, X509_VERSION_3) != 1 || !set_serial(certificate) ||
        !set_subject(certificate, n_names ? names[0] : always[0]) || !set_life(certificate, now) ||
        X509_set_pubkey(certificate, key) != 1 || !add_names(certificate, names, n_names) ||
        !add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(certificate, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(certificate, NID_ext_key_usage, "serverAuth") ||
        !add_extension(certificate, NID_subject_key_identifier, "hash") ||
        X509_sign(certificate, key, EVP_sha256()) == 0)
        return NULL;
    return take(certificate);
}

bool certificate_has_names(X509 *certificate, const char *const *names, unsigned n_names)
{
    for (unsigned i = 0; i < n_names; i++)
        if (X509_check_ip_asc(certificate, names[i], 0) != 1 &&
            X509_check_host(certificate, names[i], 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1)
            return false;
    return X509_check_host(certificate, "localhost", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}
