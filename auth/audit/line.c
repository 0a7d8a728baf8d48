#include "auth/audit/line.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define BODY_MAX (AUDIT_HASH + 16 + sizeof(struct keeper_audit_text) + 8)

void audit_text_cut(char *room, size_t size, const char *text)
{
    size_t n = strnlen(text, size);
    if (n == size) /* at a whole character */
        for (n = size - 1; n && ((uint8_t)text[n] & 0xc0) == 0x80;)
            n--;
    memcpy(room, text, n);
    room[n] = 0;
}

/* hash before, le64 number, le64 time, and each text with its length in front; behind it there is room for the MAC. */
static size_t body_write(const struct audit_line *self, const struct audit_link *before, uint8_t room[BODY_MAX])
{
    struct wire_writer w = wire_writer_init(room, BODY_MAX);
    wire_write_bytes(&w, before->hash, sizeof before->hash);
    wire_write_le64(&w, self->number);
    wire_write_le64(&w, (uint64_t)self->time);
    ipc_write_string(&w, self->text.who);
    ipc_write_string(&w, self->text.what);
    ipc_write_string(&w, self->text.target);
    ipc_write_string(&w, self->text.detail);
    return wire_written(&w);
}

static int mac_make(const uint8_t *key, const void *bytes, size_t size, uint8_t ret[AUDIT_MAC])
{
    unsigned length = AUDIT_MAC;
    return HMAC(EVP_sha256(), key, AUDIT_MAC, bytes, size, ret, &length) && length == AUDIT_MAC ? 0 : -EIO;
}

static int hash_make(const struct audit_line *self, uint8_t *body, size_t size, uint8_t ret[AUDIT_HASH])
{
    if (!self->plain) {
        memcpy(body + size, self->mac, AUDIT_MAC);
        size += AUDIT_MAC;
    }
    return EVP_Digest(body, size, ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

int audit_line_seal(struct audit_line *self, const struct audit_link *before, const uint8_t *key)
{
    uint8_t body[BODY_MAX + AUDIT_MAC];
    size_t size = body_write(self, before, body);
    self->plain = !key;
    memset(self->mac, 0, sizeof self->mac);
    int r = key ? mac_make(key, body, size, self->mac) : 0;
    return r < 0 ? r : hash_make(self, body, size, self->hash);
}

bool audit_line_follows(const struct audit_line *self, const struct audit_link *before)
{
    uint8_t body[BODY_MAX + AUDIT_MAC], hash[AUDIT_HASH];
    size_t size = body_write(self, before, body);
    return self->number == before->number + 1 && hash_make(self, body, size, hash) == 0 &&
           memcmp(hash, self->hash, sizeof hash) == 0;
}

bool audit_line_mac_right(const struct audit_line *self, const struct audit_link *before, const uint8_t *key)
{
    uint8_t body[BODY_MAX + AUDIT_MAC], mac[AUDIT_MAC];
    size_t size = body_write(self, before, body);
    return !self->plain && mac_make(key, body, size, mac) == 0 && CRYPTO_memcmp(mac, self->mac, sizeof mac) == 0;
}

struct audit_link audit_line_link(const struct audit_line *self)
{
    struct audit_link link = {.number = self->number};
    memcpy(link.hash, self->hash, sizeof link.hash);
    return link;
}

int audit_key_ratchet(uint8_t key[AUDIT_MAC])
{
    uint8_t next[AUDIT_MAC];
    int r = mac_make(key, "next", 4, next); /* no body of a line is that short */
    if (r == 0)
        memcpy(key, next, sizeof next);
    explicit_bzero(next, sizeof next);
    return r;
}
