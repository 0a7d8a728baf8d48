#include "gateway/owner/backup_seal.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fd_read.h"
#include "core/fd_write.h"
#include "core/wire.h"

#define HEAD 64u
#define CHUNK 65536u
#define LAST 0x80000000u
#define TAG 16u
#define SALT 16u
#define CHECK 16u
#define LOG_N 17u
#define LOG_N_MOST 20u /* 1 GiB: who gives us a file must not take more of this machine */
#define R 8u
#define P 1u

static const uint8_t word[16] = "lightsout-backup";

struct backup_seal {
    int fd;
    uint8_t head[HEAD], key[32];
    EVP_CIPHER_CTX *cipher;
    uint64_t number; /* of the next chunk */
    bool ended;      /* the last one was read */
    size_t at, size; /* in room */
    uint8_t room[CHUNK], sealed[CHUNK + TAG];
};

DEFINE_CLEANUP(EVP_KDF, EVP_KDF_free)
DEFINE_CLEANUP(EVP_KDF_CTX, EVP_KDF_CTX_free)

/* ---- the key ---- */

static int derive(struct backup_seal *self, const char *passphrase, uint64_t log_n, const uint8_t *salt,
                  uint8_t check[CHECK])
{
    uint8_t out[32 + CHECK];
    uint64_t n = 1ull << log_n, most = 64 + 128 * R * n + 128 * R * P * 2 + (1u << 20);
    uint32_t r = R, p = P;
    attr_cleanup(EVP_KDF_freep) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    attr_cleanup(EVP_KDF_CTX_freep) EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)passphrase, strlen(passphrase)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, SALT),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &most),
        OSSL_PARAM_construct_end(),
    };
    bool good = context && EVP_KDF_derive(context, out, sizeof out, params) == 1;
    memcpy(self->key, out, sizeof self->key);
    memcpy(check, out + sizeof self->key, CHECK);
    explicit_bzero(out, sizeof out);
    return good ? 0 : -ENOMEM;
}

/* ---- chunks ---- */

/* Nonce and what is authenticated besides the bytes. A key is of one file, so numbers never come twice. */
static bool chunk_begin(struct backup_seal *self, int closes, const uint8_t mark[4])
{
    uint8_t nonce[12] = {0};
    int n;
    for (unsigned i = 0; i < 8; i++)
        nonce[4 + i] = (uint8_t)(self->number >> 8 * i);
    self->number++;
    return EVP_CipherInit_ex(self->cipher, EVP_aes_256_gcm(), NULL, self->key, nonce, closes) == 1 &&
           EVP_CipherUpdate(self->cipher, NULL, &n, self->head, HEAD) == 1 &&
           EVP_CipherUpdate(self->cipher, NULL, &n, mark, 4) == 1;
}

/* -EBADMSG: the file ends before. */
static int read_all(int fd, uint8_t *room, size_t size)
{
    ssize_t n = fd_read_up_to(fd, room, size);
    return n < 0 ? (int)n : (size_t)n < size ? -EBADMSG : 0;
}

static int chunk_write(struct backup_seal *self, bool last)
{
    uint8_t mark[4];
    int n, end;
    struct wire_writer w = wire_writer_init(mark, sizeof mark);
    wire_write_le32(&w, (uint32_t)self->size | (last ? LAST : 0));
    if (!chunk_begin(self, 1, mark) ||
        EVP_CipherUpdate(self->cipher, self->sealed, &n, self->room, (int)self->size) != 1 ||
        EVP_CipherFinal_ex(self->cipher, self->sealed + n, &end) != 1 ||
        EVP_CIPHER_CTX_ctrl(self->cipher, EVP_CTRL_GCM_GET_TAG, TAG, self->sealed + self->size) != 1)
        return -EIO;
    int r = fd_write_all(self->fd, mark, sizeof mark);
    r = r ? r : fd_write_all(self->fd, self->sealed, self->size + TAG);
    self->size = 0;
    return r;
}

static int chunk_read(struct backup_seal *self)
{
    uint8_t mark[4];
    int n, end;
    if (self->ended)
        return -EBADMSG;
    int r = read_all(self->fd, mark, sizeof mark);
    if (r < 0)
        return r;
    struct wire_reader reader = wire_reader_init(mark, sizeof mark);
    uint32_t size = wire_read_le32(&reader);
    bool last = size & LAST;
    size &= ~LAST;
    if (size > CHUNK)
        return -EBADMSG;
    r = read_all(self->fd, self->sealed, size + TAG);
    if (r < 0)
        return r;
    if (!chunk_begin(self, 0, mark) || EVP_CipherUpdate(self->cipher, self->room, &n, self->sealed, (int)size) != 1 ||
        EVP_CIPHER_CTX_ctrl(self->cipher, EVP_CTRL_GCM_SET_TAG, TAG, self->sealed + size) != 1 ||
        EVP_CipherFinal_ex(self->cipher, self->room + n, &end) != 1)
        return -EBADMSG;
    self->ended = last;
    self->at = 0;
    self->size = size;
    return 0;
}

/* ---- writing ---- */

static struct backup_seal *allocate(int fd)
{
    struct backup_seal *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->fd = fd;
    self->cipher = EVP_CIPHER_CTX_new();
    return self->cipher ? self : backup_seal_destroy(self);
}

int backup_seal_create(int fd, const char *passphrase, struct backup_seal **ret)
{
    uint8_t salt[SALT], check[CHECK];
    struct backup_seal *self = allocate(fd);
    if (!self)
        return -ENOMEM;
    int r = getrandom(salt, sizeof salt, 0) == (ssize_t)sizeof salt ? 0 : -EIO;
    r = r ? r : derive(self, passphrase, LOG_N, salt, check);
    struct wire_writer w = wire_writer_init(self->head, sizeof self->head);
    wire_write_bytes(&w, word, sizeof word);
    wire_write_le32(&w, LOG_N);
    wire_write_le32(&w, R);
    wire_write_le32(&w, P);
    wire_write_bytes(&w, salt, sizeof salt);
    wire_write_bytes(&w, check, sizeof check);
    r = r ? r : fd_write_all(fd, self->head, sizeof self->head);
    if (r < 0)
        backup_seal_destroy(self);
    else
        *ret = self;
    return r;
}

int backup_seal_write(struct backup_seal *self, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    int r = 0;
    while (size && r == 0) {
        size_t n = MIN(size, CHUNK - self->size);
        memcpy(self->room + self->size, from, n);
        self->size += n;
        from += n;
        size -= n;
        if (self->size == CHUNK)
            r = chunk_write(self, false);
    }
    return r;
}

int backup_seal_end(struct backup_seal *self)
{
    int r = chunk_write(self, true);
    return r ? r : fsync(self->fd) < 0 && errno != EINVAL && errno != EROFS ? -errno : 0;
}

/* ---- reading ---- */

int backup_seal_open(int fd, const char *passphrase, struct backup_seal **ret)
{
    uint8_t check[CHECK];
    struct backup_seal *self = allocate(fd);
    if (!self)
        return -ENOMEM;
    int r = read_all(fd, self->head, sizeof self->head);
    struct wire_reader reader = wire_reader_init(self->head, sizeof self->head);
    if (r == -EBADMSG || (r == 0 && memcmp(wire_read_bytes(&reader, sizeof word), word, sizeof word) != 0))
        r = -EINVAL;
    uint32_t log_n = wire_read_le32(&reader), of_r = wire_read_le32(&reader), of_p = wire_read_le32(&reader);
    const uint8_t *salt = wire_read_bytes(&reader, SALT), *kept = wire_read_bytes(&reader, CHECK);
    if (r == 0 && (log_n < LOG_N || log_n > LOG_N_MOST || of_r != R || of_p != P))
        r = -EPROTONOSUPPORT;
    if (r == 0)
        r = derive(self, passphrase, log_n, salt, check);
    if (r == 0 && CRYPTO_memcmp(check, kept, CHECK) != 0)
        r = -EACCES;
    if (r < 0)
        backup_seal_destroy(self);
    else
        *ret = self;
    return r;
}

int backup_seal_read(struct backup_seal *self, void *room, size_t size)
{
    uint8_t *to = room;
    while (size) {
        if (self->at == self->size) {
            int r = chunk_read(self);
            if (r < 0)
                return r;
            continue;
        }
        size_t n = MIN(size, self->size - self->at);
        memcpy(to, self->room + self->at, n);
        self->at += n;
        to += n;
        size -= n;
    }
    return 0;
}

int backup_seal_read_end(struct backup_seal *self)
{
    uint8_t byte;
    if (self->at == self->size && !self->ended) {
        int r = chunk_read(self);
        if (r < 0)
            return r;
    }
    if (self->at != self->size || !self->ended)
        return -EBADMSG;
    ssize_t n = read(self->fd, &byte, 1);
    return n == 0 ? 0 : n < 0 ? -errno : -EBADMSG;
}

struct backup_seal *backup_seal_destroy(struct backup_seal *self)
{
    if (!self)
        return NULL;
    EVP_CIPHER_CTX_free(self->cipher);
    explicit_bzero(self, sizeof *self);
    free(self);
    return NULL;
}
