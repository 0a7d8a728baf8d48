#include "media/seal_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "media/file_bytes.h"

#define PIECE (16 * SEAL_SECTOR) /* small enough to stay in a processor's cache between the two passes */

static size_t whole_units(size_t length)
{
    return (size_t)seal_file_size(length);
}

/* A part of one sector. */
static int read_part(const struct seal *self, int fd, uint8_t *room, size_t length, uint64_t offset)
{
    uint8_t sector[SEAL_SECTOR];
    size_t skip = offset % SEAL_SECTOR, size = whole_units(skip + length);
    int r = file_read_all(fd, sector, size, offset - skip);
    if (r == 0)
        r = seal_open_sectors(self, SEAL_SECTOR, offset / SEAL_SECTOR, sector, sector, size);
    if (r == 0)
        memcpy(room, sector + skip, length);
    return r;
}

int seal_file_read(const struct seal *self, int fd, void *room, size_t length, uint64_t offset)
{
    uint8_t *to = room;
    int r = 0;
    while (length && r == 0) {
        size_t n = MIN(length, SEAL_SECTOR - (size_t)(offset % SEAL_SECTOR));
        if (n < SEAL_SECTOR) {
            r = read_part(self, fd, to, n, offset);
        } else {
            n = MIN(length - length % SEAL_SECTOR, (size_t)PIECE);
            r = file_read_all(fd, to, n, offset);
            if (r == 0)
                r = seal_open_sectors(self, SEAL_SECTOR, offset / SEAL_SECTOR, to, to, n);
        }
        to += n;
        offset += n;
        length -= n;
    }
    return r;
}

int seal_file_write(const struct seal *self, int fd, const void *bytes, size_t length, uint64_t offset)
{
    assert(offset % SEAL_SECTOR == 0);
    const uint8_t *from = bytes;
    _cleanup_free_ uint8_t *piece = malloc(MIN(whole_units(length), (size_t)PIECE));
    int r = piece || !length ? 0 : -ENOMEM;
    while (length && r == 0) {
        size_t n = MIN(length, (size_t)PIECE), whole = n - n % SEAL_UNIT, size = whole_units(n);
        r = seal_close_sectors(self, SEAL_SECTOR, offset / SEAL_SECTOR, from, piece, whole);
        if (r == 0 && size > n) {
            /* the last unit of the last sector goes with the rest of that sector: the tweak is the sector's */
            size_t start = whole - whole % SEAL_SECTOR;
            uint8_t sector[SEAL_SECTOR] = {0};
            memcpy(sector, from + start, n - start);
            r = seal_close_sectors(self, SEAL_SECTOR, (offset + start) / SEAL_SECTOR, sector, piece + start,
                                   size - start);
        }
        if (r == 0)
            r = file_write_all(fd, piece, size, offset);
        from += n;
        offset += n;
        length -= n;
    }
    return r;
}
