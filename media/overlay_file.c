#include "media/overlay_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attrs.h"
#include "media/file_bytes.h"
#include "media/overlay_page.h"
#include "media/seal_file.h"

uint64_t overlay_pages(uint64_t size)
{
    uint64_t blocks = size / OVERLAY_BLOCK + (size % OVERLAY_BLOCK != 0);
    return blocks / OVERLAY_MAP_BLOCKS + (blocks % OVERLAY_MAP_BLOCKS != 0);
}

uint64_t overlay_at_live(uint64_t page)
{
    return (2 + page) * OVERLAY_BLOCK;
}

uint64_t overlay_at_safe(uint64_t n_pages, unsigned which, uint64_t page)
{
    return (2 + (1 + which) * n_pages + page) * OVERLAY_BLOCK;
}

uint64_t overlay_at_block(uint64_t n_pages, uint64_t block)
{
    return (2 + 3 * n_pages + block) * OVERLAY_BLOCK;
}

bool overlay_file_has(const struct overlay_file *self, uint64_t block)
{
    const struct overlay_page *page = &self->live[block / OVERLAY_MAP_BLOCKS];
    uint64_t bit = block % OVERLAY_MAP_BLOCKS;
    return page->bits[bit / 8] >> bit % 8 & 1;
}

void overlay_file_set(struct overlay_file *self, uint64_t block, bool has)
{
    struct overlay_page *page = &self->live[block / OVERLAY_MAP_BLOCKS];
    uint64_t bit = block % OVERLAY_MAP_BLOCKS;
    uint8_t mask = (uint8_t)(1u << bit % 8);
    page->bits[bit / 8] = (uint8_t)(has ? page->bits[bit / 8] | mask : page->bits[bit / 8] & ~mask);
    self->unsafe[block / OVERLAY_MAP_BLOCKS] = true;
}

uint64_t overlay_file_count(const struct overlay_file *self)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < self->n_pages; i++)
        for (unsigned j = 0; j < OVERLAY_MAP_BYTES; j++)
            n += (unsigned)__builtin_popcount(self->live[i].bits[j]);
    return n;
}

/* Bits beyond the medium's end are nobody's. */
static void trim_bits(struct overlay_file *self)
{
    uint64_t blocks = self->size / OVERLAY_BLOCK + (self->size % OVERLAY_BLOCK != 0);
    for (uint64_t block = blocks; block < self->n_pages * OVERLAY_MAP_BLOCKS; block++)
        if (overlay_file_has(self, block))
            overlay_file_set(self, block, false);
}

static int read_page(const struct overlay_file *self, uint64_t at, uint64_t number, struct overlay_page *ret)
{
    uint8_t bytes[OVERLAY_BLOCK] = {0};
    ssize_t n = file_read_most(self->fd, bytes, sizeof bytes, at);
    if (n < 0)
        return (int)n;
    return overlay_read_page(bytes, sizeof bytes, number, ret) ? 0 : -EUCLEAN;
}

/* The newer one of the two that are whole: a flush that was cut off has spoilt the other. A page's place is the lowest
 * bit of its sequence. */
static int load_safe(struct overlay_file *self, uint64_t number, struct overlay_page *ret)
{
    bool found = false;
    for (unsigned which = 0; which < 2; which++) {
        struct overlay_page page;
        int r = read_page(self, overlay_at_safe(self->n_pages, which, number), number, &page);
        if (r < 0 && r != -EUCLEAN)
            return r;
        if (r < 0 || (page.sequence && (page.sequence & 1) != which))
            continue;
        if (!found || page.sequence > ret->sequence)
            *ret = page;
        found = true;
    }
    if (!found)
        return -EUCLEAN;
    self->safe_sequence[number] = ret->sequence;
    return 0;
}

static int write_live(const struct overlay_file *self)
{
    for (uint64_t i = 0; i < self->n_pages; i++) {
        uint8_t bytes[OVERLAY_BLOCK];
        overlay_write_page(bytes, i, &self->live[i]);
        int r = file_write_all(self->fd, bytes, sizeof bytes, overlay_at_live(i));
        if (r < 0)
            return r;
    }
    return 0;
}

/* Whatever the live map of another boot says, the safe one holds. */
static int load_maps(struct overlay_file *self, bool same_boot)
{
    for (uint64_t i = 0; i < self->n_pages; i++) {
        struct overlay_page safe;
        int r = load_safe(self, i, &safe);
        if (r == 0)
            r = same_boot ? read_page(self, overlay_at_live(i), i, &self->live[i]) : 0;
        if (r < 0)
            return r;
        if (same_boot)
            self->unsafe[i] = memcmp(self->live[i].bits, safe.bits, sizeof safe.bits) != 0;
        else
            self->live[i] = safe;
    }
    trim_bits(self);
    return same_boot ? 0 : write_live(self);
}

/* A file whose making was cut off has no head: the head comes last. */
static int make(struct overlay_file *self, const uint8_t identity[OVERLAY_ID_SIZE], const struct seal_key *key)
{
    struct overlay_head head = {.size = self->size};
    uint8_t bytes[OVERLAY_BLOCK];
    uint64_t blocks_at = overlay_at_block(self->n_pages, 0);
    if (getrandom(head.id, sizeof head.id, 0) != (ssize_t)sizeof head.id)
        return -errno;
    int r = seal_create(key, OVERLAY_PURPOSE, head.id, &self->seal);
    if (r < 0)
        return r;
    if (ftruncate(self->fd, 0) < 0 || ftruncate(self->fd, (off_t)(blocks_at + seal_file_size(self->size))) < 0)
        return -errno;
    /* a full disk must stop blocks, never the maps that tell of them */
    if (fallocate(self->fd, 0, 0, (off_t)blocks_at) < 0 && errno != EOPNOTSUPP)
        return -errno;
    memcpy(head.identity, identity, sizeof head.identity);
    memcpy(head.check, seal_check(self->seal), sizeof head.check);
    overlay_write_head(bytes, &head);
    return file_write_all(self->fd, bytes, sizeof bytes, 0);
}

static int open_seal(struct overlay_file *self, const struct overlay_head *head,
                     const uint8_t identity[OVERLAY_ID_SIZE], const struct seal_key *key)
{
    if (head->size != self->size || memcmp(head->identity, identity, sizeof head->identity) != 0)
        return -ESTALE;
    int r = seal_create(key, OVERLAY_PURPOSE, head->id, &self->seal);
    if (r == 0 && CRYPTO_memcmp(head->check, seal_check(self->seal), sizeof head->check) != 0)
        r = -EKEYREJECTED;
    return r;
}

static int load(struct overlay_file *self, const uint8_t identity[OVERLAY_ID_SIZE], const struct seal_key *key,
                const uint8_t *boot)
{
    struct overlay_head head;
    uint8_t bytes[OVERLAY_BLOCK] = {0}, last_boot[OVERLAY_BOOT_SIZE];
    ssize_t n = file_read_most(self->fd, bytes, sizeof bytes, 0);
    int r = n < 0 ? (int)n : overlay_read_head(bytes, sizeof bytes, &head);
    if (r == -ENODATA)
        r = make(self, identity, key);
    else if (r == 0)
        r = open_seal(self, &head, identity, key);
    if (r < 0)
        return r;
    n = file_read_most(self->fd, bytes, sizeof bytes, OVERLAY_BLOCK);
    if (n < 0)
        return (int)n;
    bool same_boot = boot && (size_t)n == sizeof bytes && overlay_read_boot(bytes, sizeof bytes, last_boot) &&
                     memcmp(boot, last_boot, sizeof last_boot) == 0;
    r = load_maps(self, same_boot);
    if (r < 0 || same_boot)
        return r;
    memset(bytes, 0, sizeof bytes);
    if (boot)
        overlay_write_boot(bytes, boot);
    return file_write_all(self->fd, bytes, sizeof bytes, OVERLAY_BLOCK);
}

int overlay_file_open(struct overlay_file *self, int fd, uint64_t size, const uint8_t identity[OVERLAY_ID_SIZE],
                      const struct seal_key *key, const uint8_t *boot)
{
    if (size > OVERLAY_SIZE_MAX)
        return -EFBIG;
    *self = (struct overlay_file){.fd = fd, .size = size, .n_pages = overlay_pages(size)};
    self->live = calloc(self->n_pages, sizeof *self->live);
    self->safe_sequence = calloc(self->n_pages, sizeof *self->safe_sequence);
    self->unsafe = calloc(self->n_pages, sizeof *self->unsafe);
    int r = self->live && self->safe_sequence && self->unsafe ? load(self, identity, key, boot) : -ENOMEM;
    if (r < 0) {
        self->fd = -1;
        overlay_file_close(self);
    }
    return r;
}

void overlay_file_close(struct overlay_file *self)
{
    free(self->live);
    free(self->safe_sequence);
    free(self->unsafe);
    seal_destroy(self->seal);
    if (self->fd >= 0)
        close(self->fd);
}
