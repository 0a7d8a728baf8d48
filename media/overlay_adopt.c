#include "media/overlay_adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "media/file_bytes.h"
#include "media/overlay_file.h"
#include "media/seal_file.h"

struct adoption {
    int from, to;
    struct overlay_head head;
    struct seal *seal;
    uint64_t n_pages, blocks_at;
};

/* Boot and maps stay what they are. */
static int copy_pages(const struct adoption *self)
{
    for (uint64_t at = OVERLAY_BLOCK; at < self->blocks_at; at += OVERLAY_BLOCK) {
        uint8_t page[OVERLAY_BLOCK] = {0};
        ssize_t n = file_read_most(self->from, page, sizeof page, at);
        int r = n < 0 ? (int)n : file_write_all(self->to, page, sizeof page, at);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Those of any of the three maps: which of them counts is seen when it is opened. */
static int wanted_blocks(const struct adoption *self, uint64_t number, uint8_t bits[OVERLAY_MAP_BYTES])
{
    const uint64_t places[] = {overlay_at_live(number), overlay_at_safe(self->n_pages, 0, number),
                               overlay_at_safe(self->n_pages, 1, number)};
    memset(bits, 0, OVERLAY_MAP_BYTES);
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        struct overlay_page page;
        uint8_t bytes[OVERLAY_BLOCK] = {0};
        ssize_t n = file_read_most(self->from, bytes, sizeof bytes, places[i]);
        if (n < 0)
            return (int)n;
        if (overlay_read_page(bytes, sizeof bytes, number, &page))
            for (unsigned j = 0; j < OVERLAY_MAP_BYTES; j++)
                bits[j] |= page.bits[j];
    }
    return 0;
}

static int copy_block(const struct adoption *self, uint64_t block)
{
    uint8_t bytes[OVERLAY_BLOCK] = {0};
    uint64_t at = self->blocks_at + block * OVERLAY_BLOCK;
    ssize_t n = file_read_most(self->from, bytes, sizeof bytes, at);
    return n < 0 ? (int)n : seal_file_write(self->seal, self->to, bytes, sizeof bytes, at);
}

static int copy_blocks(const struct adoption *self)
{
    uint64_t blocks = self->head.size / OVERLAY_BLOCK + (self->head.size % OVERLAY_BLOCK != 0);
    for (uint64_t i = 0; i < self->n_pages; i++) {
        uint8_t bits[OVERLAY_MAP_BYTES];
        int r = wanted_blocks(self, i, bits);
        for (uint64_t j = 0; r == 0 && j < OVERLAY_MAP_BLOCKS && i * OVERLAY_MAP_BLOCKS + j < blocks; j++)
            if (bits[j / 8] >> j % 8 & 1)
                r = copy_block(self, i * OVERLAY_MAP_BLOCKS + j);
        if (r < 0)
            return r;
    }
    return 0;
}

static int copy(struct adoption *self, const struct seal_key *key)
{
    uint8_t bytes[OVERLAY_BLOCK];
    self->n_pages = overlay_pages(self->head.size);
    self->blocks_at = overlay_at_block(self->n_pages, 0);
    if (getrandom(self->head.id, sizeof self->head.id, 0) != (ssize_t)sizeof self->head.id)
        return -errno;
    int r = seal_create(key, OVERLAY_PURPOSE, self->head.id, &self->seal);
    if (r < 0)
        return r;
    if (ftruncate(self->to, (off_t)(self->blocks_at + seal_file_size(self->head.size))) < 0)
        return -errno;
    memcpy(self->head.check, seal_check(self->seal), sizeof self->head.check);
    overlay_write_head(bytes, &self->head);
    r = file_write_all(self->to, bytes, sizeof bytes, 0);
    r = r ? r : copy_pages(self);
    r = r ? r : copy_blocks(self);
    return r ? r : fsync(self->to) < 0 ? -errno : 0;
}

static int replace(int folder_fd, const char *name, struct adoption *self, const struct seal_key *key)
{
    char temporary[NAME_MAX + 1];
    int n = snprintf(temporary, sizeof temporary, "%s" OVERLAY_ADOPT_END, name);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return -ENAMETOOLONG;
    unlinkat(folder_fd, temporary, 0);
    self->to = openat(folder_fd, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int r = self->to < 0 ? -errno : copy(self, key);
    if (r == 0 && (renameat(folder_fd, temporary, folder_fd, name) < 0 || fsync(folder_fd) < 0))
        r = -errno;
    if (r < 0 && self->to >= 0)
        unlinkat(folder_fd, temporary, 0);
    if (self->to >= 0)
        close(self->to);
    seal_destroy(self->seal);
    return r;
}

int overlay_adopt(int folder_fd, const char *name, const struct seal_key *key)
{
    struct adoption self = {.to = -1};
    uint8_t bytes[OVERLAY_BLOCK] = {0};
    struct stat st;
    _cleanup_close_ int from = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (from < 0 || fstat(from, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return 0;
    ssize_t n = file_read_most(from, bytes, sizeof bytes, 0);
    if (n < 0)
        return (int)n;
    if (overlay_read_head(bytes, sizeof bytes, &self.head) != -EPROTONOSUPPORT)
        return 0;
    self.from = from;
    int r = replace(folder_fd, name, &self, key);
    return r < 0 ? r : 1;
}
