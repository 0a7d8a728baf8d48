#include "gateway/pictures/firmware_image.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

#define MOST_UNPACKED (64u << 20)
#define MOST_MEMORY (96u << 20) /* of the unpacker: mostly its dictionary */

/* A section: size (3), type (1), GUID (16), where the data begin (2), attributes (2). Data: properties (1), size of the
 * dictionary (4), size unpacked (8). */
enum { GUID = 4, DATA_OFFSET = 20, SECTION_HEADER = 24, UNPACKED_SIZE = 5, LZMA_HEADER = 13 };

static const uint8_t lzma_guid[16] = {0x98, 0x58, 0x4e, 0xee, 0x14, 0x39, 0x59, 0x42,
                                      0x9d, 0x6e, 0xdc, 0x7b, 0xd7, 0x94, 0x03, 0xcf};

static int unpack(const uint8_t *data, size_t size, void **ret, size_t *ret_size)
{
    uint64_t unpacked = 0;
    if (size < LZMA_HEADER)
        return -ENOENT;
    for (int i = 7; i >= 0; i--)
        unpacked = unpacked << 8 | data[UNPACKED_SIZE + i];
    if (unpacked == 0 || unpacked > MOST_UNPACKED)
        return unpacked ? -EFBIG : -ENOENT;
    _cleanup_free_ uint8_t *room = malloc((size_t)unpacked);
    if (!room)
        return -ENOMEM;
    lzma_stream lzma = LZMA_STREAM_INIT;
    lzma_ret r = lzma_alone_decoder(&lzma, MOST_MEMORY);
    if (r == LZMA_OK) {
        lzma.next_in = data;
        lzma.avail_in = size;
        lzma.next_out = room;
        lzma.avail_out = (size_t)unpacked;
        r = lzma_code(&lzma, LZMA_RUN);
    }
    bool whole = (r == LZMA_STREAM_END || r == LZMA_OK) && lzma.avail_out == 0;
    lzma_end(&lzma);
    if (!whole)
        return r == LZMA_MEM_ERROR ? -ENOMEM : -ENOENT;
    *ret = take(room);
    *ret_size = (size_t)unpacked;
    return 0;
}

int firmware_image_unpack(const void *image, size_t size, void **ret, size_t *ret_size)
{
    const uint8_t *at = image, *end = at + size;
    while ((at = memmem(at, (size_t)(end - at), lzma_guid, sizeof lzma_guid))) {
        size_t before = (size_t)(at - (const uint8_t *)image), left = (size_t)(end - at);
        at++;
        if (before < GUID || left < SECTION_HEADER - GUID)
            continue;
        const uint8_t *section = at - 1 - GUID;
        size_t offset = (size_t)(section[DATA_OFFSET] | section[DATA_OFFSET + 1] << 8);
        if (offset < SECTION_HEADER || offset > left + GUID)
            continue;
        int r = unpack(section + offset, left + GUID - offset, ret, ret_size);
        if (r != -ENOENT) /* else it only looked like one */
            return r;
    }
    return -ENOENT;
}
