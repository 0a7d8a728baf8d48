/* PKCS #10 (RFC 2986): what an authority is asked to certify. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "auth/keeper/certificate_check.h"
#include "core/cleanup.h"

DEFINE_CLEANUP(BIO, BIO_free)
DEFINE_CLEANUP(X509_REQ, X509_REQ_free)
DEFINE_CLEANUP(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)

/* No authority vouches for these. */
static bool is_of_this_host(const char *name)
{
    return strcmp(name, "localhost") == 0 || strncmp(name, "127.", 4) == 0 || strcmp(name, "::1") == 0;
}

static bool push(GENERAL_NAMES *names, const char *text)
{
    attr_cleanup(ASN1_OCTET_STRING_freep) ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, address ? GEN_IPADD : GEN_DNS, text, 0);
    if (name && sk_GENERAL_NAME_push(names, name) > 0)
        return true;
    GENERAL_NAME_free(name);
    return false;
}

static bool add_names(X509_REQ *request, const char *const *names, unsigned n_names)
{
    GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    bool good = list != NULL;
    for (unsigned i = 0; good && i < n_names; i++)
        good = is_of_this_host(names[i]) || push(list, names[i]);
    for (unsigned i = 0; good && i < n_names && sk_GENERAL_NAME_num(list) == 0; i++)
        good = push(list, names[i]);
    good = good && X509V3_add1_i2d(&extensions, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT) == 1 &&
           X509_REQ_add_extensions(request, extensions) == 1;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    GENERAL_NAMES_free(list);
    return good;
}

static const char *first_name(const char *const *names, unsigned n_names)
{
    for (unsigned i = 0; i < n_names; i++)
        if (!is_of_this_host(names[i]))
            return names[i];
    return n_names ? names[0] : "localhost";
}

char *certificate_request(EVP_PKEY *key, const char *const *names, unsigned n_names)
{
    attr_cleanup(X509_REQ_freep) X509_REQ *request = X509_REQ_new();
    attr_cleanup(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());
    char common[65], *text; /* the longest that X.509 allows */
    snprintf(common, sizeof common, "%.64s", first_name(names, n_names));
    if (!request || !bio || X509_REQ_set_version(request, 0) != 1 ||
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
                                   (const unsigned char *)common, -1, -1, 0) != 1 ||
        !add_names(request, names, n_names) || X509_REQ_set_pubkey(request, key) != 1 ||
        X509_REQ_sign(request, key, EVP_sha256()) == 0 || PEM_write_bio_X509_REQ(bio, request) != 1)
        return NULL;
    long n = BIO_get_mem_data(bio, &text);
    return strndup(text, (size_t)n);
}
