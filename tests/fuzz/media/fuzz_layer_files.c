/* The files that layers keep: the cache's index, digests, overlay maps. The first byte chooses. What is believed must
 * be within bounds, and writing it again must give the same bytes as far as they were believed. A file that is read as
 * a whole must open or be refused, whatever is in it. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "media/cache_index.h"
#include "media/digest_book.h"
#include "media/overlay_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static void fuzz_index(const uint8_t *data, size_t size)
{
    struct cache_index_entry entry, again;
    uint8_t id[SEAL_ID_SIZE], check[SEAL_CHECK_SIZE], head[CACHE_INDEX_HEAD], room[CACHE_INDEX_ENTRY];
    if (cache_index_read_head(data, size, id, check)) {
        cache_index_write_head(head, id, check);
        must(cache_index_read_head(head, sizeof head, id, check));
    }
    if (!cache_index_read_entry(data, size, &entry))
        return;
    must(entry.length >= 1 && entry.length <= CACHE_BLOCK && entry.sequence);
    must(entry.number <= (UINT64_MAX >> 1) / CACHE_BLOCK);
    cache_index_write_entry(room, &entry);
    must(cache_index_read_entry(room, sizeof room, &again) && memcmp(room, data, CACHE_INDEX_ENTRY - 12) == 0);
}

static int file_with(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    return fd;
}

static void fuzz_digests(const uint8_t *data, size_t size)
{
    struct digest_book book;
    uint8_t digest[DIGEST_SIZE] = {1};
    int error = 0, fd = file_with(data, size);
    if (digest_book_open(&book, 100000, 4096, fd) < 0) {
        close(fd);
        return;
    }
    must(book.n == 25);
    (void)digest_book_admit(&book, 24, digest, &error);
    must(digest_book_admit(&book, 24, book.digests[24], &error));
    digest_book_close(&book);
}

/* Pages of the input get right checks when bit 1 of their last byte says so: else none would ever be looked into. */
static void fuzz_overlay(const uint8_t *data, size_t size)
{
    enum { SIZE = 1 << 20 };
    static const struct seal_key key = {"fuzz"};
    static const uint8_t identity[OVERLAY_ID_SIZE] = "fuzz", boot[OVERLAY_BOOT_SIZE] = "boot";
    struct overlay_file file;
    struct overlay_page page;
    uint8_t head[OVERLAY_BLOCK], sealed[OVERLAY_BLOCK];
    int fd = file_with(data, size);
    struct overlay_head told = {.size = SIZE};
    struct seal *seal;
    memcpy(told.identity, identity, sizeof told.identity);
    must(seal_create(&key, OVERLAY_PURPOSE, told.id, &seal) == 0);
    memcpy(told.check, seal_check(seal), sizeof told.check);
    seal_destroy(seal);
    overlay_write_head(head, &told);
    if (size && data[size - 1] & 1)
        must(pwrite(fd, head, sizeof head, 0) == sizeof head);
    if (size && data[size - 1] & 2) {
        overlay_write_boot(head, boot);
        must(pwrite(fd, head, sizeof head, OVERLAY_BLOCK) == sizeof head);
        memset(&page, data[0], sizeof page);
        page.sequence = data[size / 2];
        overlay_write_page(sealed, 0, &page);
        must(pwrite(fd, sealed, sizeof sealed, (off_t)overlay_at_live(0)) == sizeof sealed);
    }
    if (overlay_file_open(&file, fd, SIZE, identity, &key, boot) < 0) {
        close(fd);
        return;
    }
    must(overlay_file_count(&file) <= SIZE / OVERLAY_BLOCK);
    overlay_file_set(&file, SIZE / OVERLAY_BLOCK - 1, true);
    must(overlay_file_has(&file, SIZE / OVERLAY_BLOCK - 1));
    overlay_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(const uint8_t *, size_t) = {fuzz_index, fuzz_digests, fuzz_overlay};
    if (size)
        kinds[data[0] % 3](data + 1, size - 1);
    return 0;
}
