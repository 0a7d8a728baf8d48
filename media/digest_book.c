#include "media/digest_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/file_bytes.h"

#define MAX_BLOCKS (1ull << 28) /* 4 GiB of memory; 16 TiB in blocks of 64 KiB */

static const uint8_t magic[16] = "lightsout-sums-1";
static const uint8_t unknown[DIGEST_SIZE];

void digest_write_head(uint8_t room[DIGEST_HEAD], uint64_t size, uint32_t block)
{
    struct wire_writer w = wire_writer_init(room, DIGEST_HEAD);
    memset(room, 0, DIGEST_HEAD);
    wire_write_bytes(&w, magic, sizeof magic);
    wire_write_le64(&w, size);
    wire_write_le32(&w, block);
}

bool digest_read_head(const void *bytes, size_t length, uint64_t size, uint32_t block)
{
    uint8_t expected[DIGEST_HEAD];
    digest_write_head(expected, size, block);
    return length >= DIGEST_HEAD && memcmp(bytes, expected, DIGEST_HEAD) == 0;
}

/* FNV-1a: against damage, not against people. */
static uint64_t check(uint64_t number, const uint8_t digest[DIGEST_SIZE])
{
    uint64_t hash = 0xcbf29ce484222325u ^ number * 0x9e3779b97f4a7c15u;
    for (unsigned i = 0; i < DIGEST_SIZE; i++)
        hash = (hash ^ digest[i]) * 0x100000001b3u;
    return hash;
}

void digest_write_entry(uint8_t room[DIGEST_ENTRY], uint64_t number, const uint8_t digest[DIGEST_SIZE])
{
    struct wire_writer w = wire_writer_init(room, DIGEST_ENTRY);
    wire_write_bytes(&w, digest, DIGEST_SIZE);
    wire_write_le64(&w, check(number, digest));
}

bool digest_read_entry(const void *bytes, size_t length, uint64_t number, uint8_t ret[DIGEST_SIZE])
{
    struct wire_reader r = wire_reader_init(bytes, length);
    const uint8_t *digest = wire_read_bytes(&r, DIGEST_SIZE);
    uint64_t told = wire_read_le64(&r);
    if (r.bad || memcmp(digest, unknown, DIGEST_SIZE) == 0 || told != check(number, digest))
        return false;
    memcpy(ret, digest, DIGEST_SIZE);
    return true;
}

static int load_entries(struct digest_book *self)
{
    uint8_t bytes[DIGEST_ENTRY * 512];
    for (uint64_t number = 0; number < self->n;) {
        ssize_t n = file_read_most(self->fd, bytes, sizeof bytes, DIGEST_HEAD + number * DIGEST_ENTRY);
        if (n < (ssize_t)DIGEST_ENTRY)
            return n < 0 ? (int)n : 0;
        for (size_t at = 0; (size_t)n - at >= DIGEST_ENTRY && number < self->n; at += DIGEST_ENTRY, number++)
            (void)digest_read_entry(bytes + at, DIGEST_ENTRY, number, self->digests[number]);
    }
    return 0;
}

static int load(struct digest_book *self, uint64_t size, uint32_t block)
{
    uint8_t head[DIGEST_HEAD];
    ssize_t n = file_read_most(self->fd, head, sizeof head, 0);
    if (n < 0)
        return (int)n;
    if (digest_read_head(head, (size_t)n, size, block))
        return load_entries(self);
    if (ftruncate(self->fd, 0) < 0)
        return -errno;
    digest_write_head(head, size, block);
    return file_write_all(self->fd, head, sizeof head, 0);
}

int digest_book_open(struct digest_book *self, uint64_t size, uint32_t block, int fd)
{
    uint64_t n = size / block + (size % block != 0);
    if (n > MAX_BLOCKS)
        return -EFBIG;
    *self = (struct digest_book){.n = n, .fd = fd};
    self->digests = calloc(MAX(n, 1u), DIGEST_SIZE);
    int r = !self->digests ? -ENOMEM : fd >= 0 ? load(self, size, block) : 0;
    if (r < 0)
        free(self->digests);
    return r;
}

void digest_book_close(struct digest_book *self)
{
    free(self->digests);
    if (self->fd >= 0)
        close(self->fd);
}

bool digest_book_admit(struct digest_book *self, uint64_t number, const uint8_t digest[DIGEST_SIZE], int *ret_error)
{
    uint8_t *known = self->digests[number];
    if (memcmp(known, unknown, DIGEST_SIZE) != 0)
        return memcmp(known, digest, DIGEST_SIZE) == 0;
    memcpy(known, digest, DIGEST_SIZE);
    if (self->fd < 0)
        return true;
    uint8_t entry[DIGEST_ENTRY];
    digest_write_entry(entry, number, digest);
    int r = file_write_all(self->fd, entry, sizeof entry, DIGEST_HEAD + number * DIGEST_ENTRY);
    if (r < 0)
        *ret_error = r;
    return true;
}
