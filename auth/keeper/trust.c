#include "auth/keeper/trust.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/random.h"
#include "core/cleanup.h"

#define FILE_MAX (16 << 20)
#define AUTHORITIES_MAX 256
#define SECURITY_LEVEL 2 /* 112 bits: no SHA-1, no RSA below 2048 bits */

struct trust {
    X509_STORE *store;
    unsigned n_authorities, n_lists;
};

DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(BIO, BIO_free)
DEFINE_CLEANUP(X509_STORE_CTX, X509_STORE_CTX_free)
DEFINE_CLEANUP(GENERAL_NAMES, GENERAL_NAMES_free)

struct trust *trust_destroy(struct trust *self)
{
    if (self)
        X509_STORE_free(self->store);
    free(self);
    return NULL;
}

/* ---- the owner's files ---- */

/* From the beginning, wherever somebody read before. */
static int read_file(int fd, char **ret, size_t *ret_size)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > FILE_MAX)
        return -EFBIG;
    size_t size = (size_t)st.st_size, have = 0;
    _cleanup_free_ char *bytes = malloc(size);
    if (!bytes)
        return -ENOMEM;
    while (have < size) {
        ssize_t n = pread(fd, bytes + have, size - have, (off_t)have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        have += (size_t)n;
    }
    *ret = take(bytes);
    *ret_size = size;
    return 0;
}

static int add_authorities(struct trust *self, BIO *bio)
{
    for (;;) {
        attr_cleanup(X509_freep) X509 *authority = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (!authority)
            return self->n_authorities ? 0 : -EINVAL;
        if (self->n_authorities == AUTHORITIES_MAX || X509_STORE_add_cert(self->store, authority) != 1)
            return -EINVAL;
        self->n_authorities++;
    }
}

static int add_lists(struct trust *self, BIO *bio)
{
    for (;;) {
        X509_CRL *list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
        if (!list)
            return self->n_lists ? 0 : -EINVAL;
        int added = self->n_lists < AUTHORITIES_MAX ? X509_STORE_add_crl(self->store, list) : 0;
        X509_CRL_free(list);
        if (added != 1)
            return -EINVAL;
        self->n_lists++;
    }
}

static int add_file(struct trust *self, int fd, int (*add)(struct trust *self, BIO *bio), const char *what, char *why,
                    size_t size)
{
    _cleanup_free_ char *bytes = NULL;
    size_t n = 0;
    int r = read_file(fd, &bytes, &n);
    attr_cleanup(BIO_freep) BIO *bio = r == 0 ? BIO_new_mem_buf(bytes, (int)n) : NULL;
    if (r == 0)
        r = bio ? add(self, bio) : -ENOMEM;
    if (r < 0)
        snprintf(why, size, "%s holds no PEM %s that can be used (%s): put them there and reload.", what,
                 add == add_lists ? "revocation list" : "certificate", strerror(-r));
    return r;
}

int trust_create(int ca_fd, int crl_fd, struct trust **ret, char *why, size_t size)
{
    attr_cleanup(trust_destroyp) struct trust *self = calloc(1, sizeof *self);
    if (self)
        self->store = X509_STORE_new();
    if (!self || !self->store) {
        snprintf(why, size, "out of memory.");
        return -ENOMEM;
    }
    int r = add_file(self, ca_fd, add_authorities, "client-ca", why, size);
    if (r == 0 && crl_fd >= 0) {
        r = add_file(self, crl_fd, add_lists, "client-crl", why, size);
        X509_STORE_set_flags(self->store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    }
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

/* ---- a certificate's names ---- */

/* False: it is none, or there is no room. */
static bool add_name(struct trust_names *names, const char *kind, const uint8_t *bytes, int size)
{
    size_t n = strlen(kind);
    if (names->n == TRUST_NAMES_MAX || size <= 0 || n + (size_t)size >= sizeof names->list[0])
        return false;
    for (int i = 0; i < size; i++)
        if (bytes[i] < ' ' || bytes[i] == 0x7f)
            return false;
    char *at = names->list[names->n++];
    memcpy(at, kind, n);
    memcpy(at + n, bytes, (size_t)size);
    at[n + (size_t)size] = 0;
    return true;
}

static bool add_string(struct trust_names *names, const char *kind, const ASN1_STRING *string)
{
    uint8_t *utf8 = NULL;
    int size = ASN1_STRING_to_UTF8(&utf8, string);
    bool added = size >= 0 && add_name(names, kind, utf8, size);
    OPENSSL_free(utf8);
    return added;
}

/* With several common names nobody knows which is meant: then none is. */
static bool add_common_name(struct trust_names *names, const X509 *leaf)
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    int at = X509_NAME_get_index_by_NID((X509_NAME *)subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID((X509_NAME *)subject, NID_commonName, at) >= 0)
        return true;
    return add_string(names, "cn:", X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

static bool add_alternative(struct trust_names *names, const GENERAL_NAME *name)
{
    if (name->type == GEN_EMAIL)
        return add_name(names, "email:", ASN1_STRING_get0_data(name->d.rfc822Name),
                        ASN1_STRING_length(name->d.rfc822Name));
    if (name->type != GEN_OTHERNAME || OBJ_obj2nid(name->d.otherName->type_id) != NID_ms_upn)
        return true;
    const ASN1_TYPE *value = name->d.otherName->value;
    return value->type == V_ASN1_UTF8STRING && add_string(names, "upn:", value->value.utf8string);
}

static bool add_alternatives(struct trust_names *names, const X509 *leaf)
{
    int critical = -1;
    attr_cleanup(GENERAL_NAMES_freep) GENERAL_NAMES *list =
        X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, NULL);
    if (!list)
        return critical == -1; /* there is none; else it is twice there, or makes no sense */
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++)
        if (!add_alternative(names, sk_GENERAL_NAME_value(list, i)))
            return false;
    return true;
}

static bool add_hash(struct trust_names *names, const X509 *leaf)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    char text[65];
    unsigned size = 0;
    if (X509_digest(leaf, EVP_sha256(), hash, &size) != 1 || size != 32)
        return false;
    hex_write(text, hash, size);
    return add_name(names, "sha256:", (const uint8_t *)text, 64);
}

/* ---- checking ---- */

static X509 *link_read(const struct request_chain *chain, unsigned i)
{
    const uint8_t *at = chain->bytes + chain->links[i].at, *end = at + chain->links[i].size;
    X509 *link = d2i_X509(NULL, &at, (long)chain->links[i].size);
    if (link && at != end) { /* something hangs behind it */
        X509_free(link);
        return NULL;
    }
    return link;
}

static int verify(const struct trust *self, X509 *leaf, STACK_OF(X509) * others, int64_t wall_s, const char **why)
{
    attr_cleanup(X509_STORE_CTX_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (!context || X509_STORE_CTX_init(context, self->store, leaf, others) != 1)
        return -ENOMEM;
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT);
    X509_VERIFY_PARAM_set_time(param, (time_t)wall_s);
    X509_VERIFY_PARAM_set_depth(param, KEEPER_MAX_CHAIN_LINKS);
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    if (X509_verify_cert(context) == 1)
        return 0;
    *why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    return -EACCES;
}

int trust_check(const struct trust *self, const struct request_chain *chain, int64_t wall_s, struct trust_names *ret,
                char *why, size_t size)
{
    const char *fault = "it cannot be read";
    int r = -EACCES;
    ret->n = 0;
    attr_cleanup(X509_freep) X509 *leaf = link_read(chain, 0);
    STACK_OF(X509) *others = sk_X509_new_null();
    bool good = leaf && others;
    for (unsigned i = 1; i < chain->n && good; i++) {
        X509 *link = link_read(chain, i);
        good = link && sk_X509_push(others, link) > 0;
        if (link && !good)
            X509_free(link);
    }
    if (good) {
        fault = "a name in it is none";
        good = add_hash(ret, leaf) && add_common_name(ret, leaf) && add_alternatives(ret, leaf);
    }
    if (good)
        r = verify(self, leaf, others, wall_s, &fault);
    sk_X509_pop_free(others, X509_free);
    snprintf(why, size, "%s", r < 0 ? fault : "");
    return r;
}
