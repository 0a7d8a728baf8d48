#include "media/overlay_page.h"

#include <errno.h>
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/block_sum.h"

#define CHECK_SIZE 16 /* first in each page, over all the rest */
#define WORD_SIZE 8
#define SEQUENCE_MAX (1ull << 62)

static const uint8_t head_word[WORD_SIZE] = "overlay2", plain_word[WORD_SIZE] = "overlay1",
                     boot_word[WORD_SIZE] = "boot   1";

/* number: of what the page is; a page in another's place does not fit. False: no memory for it. */
static bool page_check(const uint8_t page[OVERLAY_BLOCK], uint64_t number, uint8_t ret[BLOCK_SUM_SIZE])
{
    const struct sum_part parts[] = {{&number, sizeof number}, {page + CHECK_SIZE, OVERLAY_BLOCK - CHECK_SIZE}};
    return block_sum(parts, ARRAY_SIZE(parts), ret) == 0;
}

static void sum_up(uint8_t page[OVERLAY_BLOCK], uint64_t number)
{
    uint8_t sum[BLOCK_SUM_SIZE] = {0};
    page_check(page, number, sum);
    memcpy(page, sum, CHECK_SIZE);
}

static bool whole(const uint8_t *page, size_t length, uint64_t number)
{
    uint8_t sum[BLOCK_SUM_SIZE];
    return length >= OVERLAY_BLOCK && page_check(page, number, sum) && memcmp(page, sum, CHECK_SIZE) == 0;
}

static bool zeros(const uint8_t *bytes, size_t length)
{
    return !length || (!bytes[0] && memcmp(bytes, bytes + 1, length - 1) == 0);
}

void overlay_write_head(uint8_t room[OVERLAY_BLOCK], const struct overlay_head *head)
{
    struct wire_writer w = wire_writer_init(room + CHECK_SIZE, OVERLAY_BLOCK - CHECK_SIZE);
    memset(room, 0, OVERLAY_BLOCK);
    wire_write_bytes(&w, head_word, WORD_SIZE);
    wire_write_le64(&w, head->size);
    wire_write_le32(&w, OVERLAY_BLOCK);
    wire_write_bytes(&w, head->identity, OVERLAY_ID_SIZE);
    wire_write_bytes(&w, head->id, SEAL_ID_SIZE);
    wire_write_bytes(&w, head->check, SEAL_CHECK_SIZE);
    sum_up(room, UINT64_MAX);
}

int overlay_read_head(const void *bytes, size_t length, struct overlay_head *ret)
{
    if (zeros(bytes, length))
        return -ENODATA;
    if (!whole(bytes, length, UINT64_MAX))
        return -EINVAL;
    struct wire_reader r = wire_reader_init((const uint8_t *)bytes + CHECK_SIZE, OVERLAY_BLOCK - CHECK_SIZE);
    const uint8_t *word = wire_read_bytes(&r, WORD_SIZE);
    ret->size = wire_read_le64(&r);
    uint32_t block = wire_read_le32(&r);
    memcpy(ret->identity, wire_read_bytes(&r, OVERLAY_ID_SIZE), OVERLAY_ID_SIZE);
    memcpy(ret->id, wire_read_bytes(&r, SEAL_ID_SIZE), SEAL_ID_SIZE);
    memcpy(ret->check, wire_read_bytes(&r, SEAL_CHECK_SIZE), SEAL_CHECK_SIZE);
    if (block != OVERLAY_BLOCK || ret->size > OVERLAY_SIZE_MAX)
        return -EINVAL;
    if (memcmp(word, plain_word, WORD_SIZE) == 0)
        return -EPROTONOSUPPORT;
    return memcmp(word, head_word, WORD_SIZE) == 0 ? 0 : -EINVAL;
}

void overlay_write_boot(uint8_t room[OVERLAY_BLOCK], const uint8_t boot[OVERLAY_BOOT_SIZE])
{
    struct wire_writer w = wire_writer_init(room + CHECK_SIZE, OVERLAY_BLOCK - CHECK_SIZE);
    memset(room, 0, OVERLAY_BLOCK);
    wire_write_bytes(&w, boot_word, WORD_SIZE);
    wire_write_bytes(&w, boot, OVERLAY_BOOT_SIZE);
    sum_up(room, UINT64_MAX);
}

bool overlay_read_boot(const void *bytes, size_t length, uint8_t ret_boot[OVERLAY_BOOT_SIZE])
{
    const uint8_t *page = bytes;
    if (!whole(page, length, UINT64_MAX) || memcmp(page + CHECK_SIZE, boot_word, WORD_SIZE) != 0)
        return false;
    memcpy(ret_boot, page + CHECK_SIZE + WORD_SIZE, OVERLAY_BOOT_SIZE);
    return true;
}

void overlay_write_page(uint8_t room[OVERLAY_BLOCK], uint64_t number, const struct overlay_page *page)
{
    struct wire_writer w = wire_writer_init(room + CHECK_SIZE, OVERLAY_BLOCK - CHECK_SIZE);
    memset(room, 0, OVERLAY_BLOCK);
    wire_write_le64(&w, page->sequence);
    wire_write_le64(&w, 0);
    wire_write_bytes(&w, page->bits, OVERLAY_MAP_BYTES);
    sum_up(room, number);
}

bool overlay_read_page(const void *bytes, size_t length, uint64_t number, struct overlay_page *ret)
{
    const uint8_t *page = bytes;
    if (length >= OVERLAY_BLOCK && zeros(page, OVERLAY_BLOCK)) {
        *ret = (struct overlay_page){0};
        return true;
    }
    if (!whole(page, length, number))
        return false;
    struct wire_reader r = wire_reader_init(page + CHECK_SIZE, OVERLAY_BLOCK - CHECK_SIZE);
    uint64_t sequence = wire_read_le64(&r);
    wire_read_le64(&r);
    const uint8_t *bits = wire_read_bytes(&r, OVERLAY_MAP_BYTES);
    if (r.bad || sequence > SEQUENCE_MAX)
        return false;
    ret->sequence = sequence;
    memcpy(ret->bits, bits, OVERLAY_MAP_BYTES);
    return true;
}

_Static_assert(CHECK_SIZE + 16 + OVERLAY_MAP_BYTES == OVERLAY_BLOCK, "a map fills its page");
