/* Client certificates as anybody may send them: what is taken out of one is a name, whole, without control characters,
 * or nothing; and nobody made up is vouched for.
 *
 * Input: records of le16 size and DER, leaf first. The authority is made anew at each start, so that none of them was
 * signed by it. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper/trust.h"

static void check(bool good)
{
    if (!good)
        abort();
}

static struct trust *trust_make(void)
{
    struct trust *trust = NULL;
    char why[256];
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *authority = X509_new();
    FILE *file = tmpfile();
    check(key && authority && file);
    X509_set_version(authority, 2);
    X509_gmtime_adj(X509_getm_notBefore(authority), -86400);
    X509_gmtime_adj(X509_getm_notAfter(authority), 86400);
    X509_set_pubkey(authority, key);
    check(X509_sign(authority, key, EVP_sha256()) > 0 && PEM_write_X509(file, authority) == 1 && fflush(file) == 0);
    check(trust_create(fileno(file), -1, &trust, why, sizeof why) == 0);
    fclose(file);
    X509_free(authority);
    EVP_PKEY_free(key);
    return trust;
}

static bool read_chain(const uint8_t *data, size_t size, struct request_chain *chain)
{
    struct wire_reader r = wire_reader_init(data, size);
    size_t at = 0;
    while (r.left > 0 && chain->n < KEEPER_MAX_CHAIN_LINKS) {
        size_t n = wire_read_le16(&r);
        const uint8_t *bytes = wire_read_bytes(&r, n);
        if (!bytes || n == 0 || n > sizeof chain->bytes - at)
            break;
        memcpy(chain->bytes + at, bytes, n);
        chain->links[chain->n].at = at;
        chain->links[chain->n++].size = n;
        at += n;
    }
    return chain->n > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct trust *trust;
    static struct request_chain chain;
    struct trust_names names = {0};
    char why[128];
    if (!trust)
        trust = trust_make();
    chain.n = 0;
    if (!read_chain(data, size, &chain))
        return 0;
    check(trust_check(trust, &chain, 1800000000, &names, why, sizeof why) < 0 && why[0]);
    check(names.n <= TRUST_NAMES_MAX);
    for (unsigned i = 0; i < names.n; i++) {
        const char *colon = strchr(names.list[i], ':');
        check(colon && colon[1] && strlen(names.list[i]) < KEEPER_MAX_MAPPING);
        for (const char *c = names.list[i]; *c; c++)
            check((unsigned char)*c >= ' ' && *c != 0x7f);
    }
    return 0;
}
