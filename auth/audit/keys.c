#include "auth/audit/keys.h"

#include <openssl/sha.h>
#include <string.h>

static const uint8_t magic[8] = {'l', 'o', 'a', 'u', 'd', 'i', 't', 1};

/* ---- the file's contents ---- */

static void mac_pack(struct wire_writer *w, const struct audit_mac_key *key)
{
    wire_write_le64(w, key->number);
    wire_write_bytes(w, key->key, sizeof key->key);
}

static void mac_unpack(struct wire_reader *r, struct audit_mac_key *ret)
{
    ret->number = wire_read_le64(r);
    const uint8_t *key = wire_read_bytes(r, sizeof ret->key);
    if (key)
        memcpy(ret->key, key, sizeof ret->key);
}

static void chain_pack(struct wire_writer *w, const struct audit_chain_key *key)
{
    wire_write_le64(w, key->counter);
    wire_write_bytes(w, key->seed, sizeof key->seed);
    wire_write_u8(w, key->has_next);
    wire_write_bytes(w, key->next, sizeof key->next);
}

static void chain_unpack(struct wire_reader *r, struct audit_chain_key *ret)
{
    ret->counter = wire_read_le64(r);
    const uint8_t *seed = wire_read_bytes(r, sizeof ret->seed);
    ret->has_next = wire_read_u8(r);
    const uint8_t *next = wire_read_bytes(r, sizeof ret->next);
    if (seed && next) {
        memcpy(ret->seed, seed, sizeof ret->seed);
        memcpy(ret->next, next, sizeof ret->next);
    }
}

/* magic, le64 section, MAC keys (le64 line, key) now and next, chains (le64 counter, seed, u8 has next, next) of heads
 * and milestones, zeros, SHA-256 of all that. */
void audit_keys_pack(const struct audit_keys *self, uint8_t ret[AUDIT_KEYS_SIZE])
{
    memset(ret, 0, AUDIT_KEYS_SIZE);
    struct wire_writer w = wire_writer_init(ret, AUDIT_KEYS_SIZE - SHA256_DIGEST_LENGTH);
    wire_write_bytes(&w, magic, sizeof magic);
    wire_write_le64(&w, self->section);
    mac_pack(&w, &self->mac);
    mac_pack(&w, &self->next_mac);
    chain_pack(&w, &self->chain[AUDIT_HEAD]);
    chain_pack(&w, &self->chain[AUDIT_MILESTONE]);
    assert(!w.full);
    SHA256(ret, AUDIT_KEYS_SIZE - SHA256_DIGEST_LENGTH, ret + AUDIT_KEYS_SIZE - SHA256_DIGEST_LENGTH);
}

bool audit_keys_unpack(struct audit_keys *self, const uint8_t bytes[AUDIT_KEYS_SIZE])
{
    const size_t size = AUDIT_KEYS_SIZE - SHA256_DIGEST_LENGTH;
    uint8_t sum[SHA256_DIGEST_LENGTH];
    SHA256(bytes, size, sum);
    struct wire_reader r = wire_reader_init(bytes, size);
    const uint8_t *begin = wire_read_bytes(&r, sizeof magic);
    if (memcmp(sum, bytes + size, sizeof sum) != 0 || memcmp(begin, magic, sizeof magic) != 0)
        return false;
    self->section = wire_read_le64(&r);
    mac_unpack(&r, &self->mac);
    mac_unpack(&r, &self->next_mac);
    chain_unpack(&r, &self->chain[AUDIT_HEAD]);
    chain_unpack(&r, &self->chain[AUDIT_MILESTONE]);
    return !r.bad && self->section;
}

void audit_keys_advance(struct audit_keys *self, enum audit_level level)
{
    struct audit_chain_key *chain = &self->chain[level];
    memcpy(chain->seed, chain->next, AUDIT_KEY);
    explicit_bzero(chain->next, AUDIT_KEY);
    chain->has_next = false;
    chain->counter++;
}

int audit_keys_held(const struct audit_keys *self, struct audit_keys_held *ret)
{
    *ret = (struct audit_keys_held){
        .section = self->section,
        .heads = self->chain[AUDIT_HEAD].counter,
        .milestones = self->chain[AUDIT_MILESTONE].counter,
        .next_line = self->mac.number,
    };
    int r = audit_key_public(self->chain[AUDIT_HEAD].seed, ret->head);
    return r < 0 ? r : audit_key_public(self->chain[AUDIT_MILESTONE].seed, ret->milestone);
}
