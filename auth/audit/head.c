#include "auth/audit/head.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

static const char domain[] = "lightsout audit head 1";

#define STATEMENT_MAX 256

/* What is signed: the domain with its NUL, u8 level, then le64 section, counter, number; hash; le64 time, cut; next
 * key; le64 heads; key below. */
static size_t statement_write(const struct audit_head *self, uint8_t room[STATEMENT_MAX])
{
    struct wire_writer w = wire_writer_init(room, STATEMENT_MAX);
    wire_write_bytes(&w, domain, sizeof domain);
    wire_write_u8(&w, self->level);
    wire_write_le64(&w, self->section);
    wire_write_le64(&w, self->counter);
    wire_write_le64(&w, self->line.number);
    wire_write_bytes(&w, self->line.hash, sizeof self->line.hash);
    wire_write_le64(&w, (uint64_t)self->time);
    wire_write_le64(&w, self->cut);
    wire_write_bytes(&w, self->next, sizeof self->next);
    wire_write_le64(&w, self->heads);
    wire_write_bytes(&w, self->below, sizeof self->below);
    return wire_written(&w);
}

int audit_key_public(const uint8_t seed[AUDIT_KEY], uint8_t ret[AUDIT_KEY])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, AUDIT_KEY);
    size_t size = AUDIT_KEY;
    bool made = key && EVP_PKEY_get_raw_public_key(key, ret, &size) == 1 && size == AUDIT_KEY;
    EVP_PKEY_free(key); /* wipes what it held */
    return made ? 0 : -EIO;
}

int audit_head_sign(struct audit_head *self, const uint8_t seed[AUDIT_KEY])
{
    uint8_t statement[STATEMENT_MAX];
    size_t size = statement_write(self, statement), length = sizeof self->signature;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, AUDIT_KEY);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = key && context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(context, self->signature, &length, statement, size) == 1 &&
                length == sizeof self->signature;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return made ? 0 : -EIO;
}

bool audit_head_signed_by(const struct audit_head *self, const uint8_t key[AUDIT_KEY])
{
    uint8_t statement[STATEMENT_MAX];
    size_t size = statement_write(self, statement);
    EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, AUDIT_KEY);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = public && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public) == 1 &&
                EVP_DigestVerify(context, self->signature, sizeof self->signature, statement, size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public);
    return good;
}

bool audit_head_equal(const struct audit_head *a, const struct audit_head *b)
{
    uint8_t one[STATEMENT_MAX], other[STATEMENT_MAX];
    size_t size = statement_write(a, one);
    return statement_write(b, other) == size && memcmp(one, other, size) == 0 &&
           memcmp(a->signature, b->signature, sizeof a->signature) == 0;
}
