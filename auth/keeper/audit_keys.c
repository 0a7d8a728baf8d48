#include "auth/keeper/audit_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/random.h"

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

/* ---- the file ---- */

int audit_keys_open(struct audit_keys *self)
{
    *self = (struct audit_keys){.fd = -1};
    _cleanup_close_ int fd = open(AUDIT_KEYS_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    uint8_t bytes[AUDIT_KEYS_SIZE];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    if (n < 0)
        return -errno;
    bool known = n == sizeof bytes && audit_keys_unpack(self, bytes);
    explicit_bzero(bytes, sizeof bytes);
    if (!known)
        explicit_bzero(self, sizeof *self);
    self->fd = take_fd(&fd);
    return known;
}

void audit_keys_close(struct audit_keys *self)
{
    if (self->fd >= 0)
        close(self->fd);
    explicit_bzero(self, sizeof *self);
    self->fd = -1;
}

int audit_keys_write(struct audit_keys *self, bool durable)
{
    uint8_t bytes[AUDIT_KEYS_SIZE];
    audit_keys_pack(self, bytes);
    errno = 0;
    ssize_t n = pwrite(self->fd, bytes, sizeof bytes, 0);
    int r = n == sizeof bytes ? 0 : errno == EFBIG || errno == EDQUOT || !errno ? -ENOSPC : -errno;
    explicit_bzero(bytes, sizeof bytes);
    if (r == 0 && durable && fdatasync(self->fd) < 0)
        r = -errno;
    return r;
}

/* ---- keys ---- */

int audit_keys_make(struct audit_keys *self, uint64_t section, uint64_t next_line)
{
    struct audit_keys made = {.fd = self->fd, .section = section, .mac.number = next_line};
    int r = random_bytes(made.mac.key, sizeof made.mac.key);
    for (unsigned level = 0; level < 2 && r >= 0; level++)
        r = random_bytes(made.chain[level].seed, AUDIT_KEY);
    if (r >= 0)
        *self = made;
    explicit_bzero(&made, sizeof made);
    return r < 0 ? r : 0;
}

int audit_keys_prepare(struct audit_keys *self, enum audit_level level)
{
    int r = random_bytes(self->chain[level].next, AUDIT_KEY);
    if (r < 0)
        return r;
    self->chain[level].has_next = true;
    return 0;
}

void audit_keys_advance(struct audit_keys *self, enum audit_level level)
{
    struct audit_chain_key *chain = &self->chain[level];
    memcpy(chain->seed, chain->next, AUDIT_KEY);
    explicit_bzero(chain->next, AUDIT_KEY);
    chain->has_next = false;
    chain->counter++;
}

void audit_keys_drop_next(struct audit_keys *self)
{
    for (unsigned level = 0; level < 2; level++) {
        explicit_bzero(self->chain[level].next, AUDIT_KEY);
        self->chain[level].has_next = false;
    }
    explicit_bzero(&self->next_mac, sizeof self->next_mac);
}

int audit_keys_held(const struct audit_keys *self, struct audit_keys_held *ret)
{
    *ret = (struct audit_keys_held){
        .section = self->section,
        .heads = self->chain[AUDIT_HEAD].counter,
        .milestones = self->chain[AUDIT_MILESTONE].counter,
    };
    int r = audit_key_public(self->chain[AUDIT_HEAD].seed, ret->head);
    return r < 0 ? r : audit_key_public(self->chain[AUDIT_MILESTONE].seed, ret->milestone);
}
