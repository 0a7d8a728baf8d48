/* Transfers at an offset of a sealed file (media/seal.h): the sector is the file's. Whole ones, as in
 * media/file_bytes.h. Any thread; they block. */
#pragma once

#include "media/seal.h"

/* Any offset and length. -ENODATA: the file ends before. */
int seal_file_read(const struct seal *self, int fd, void *room, size_t length, uint64_t offset);
/* offset: of a sector. A length that is no multiple of SEAL_UNIT is filled up with zeros in the file. */
int seal_file_write(const struct seal *self, int fd, const void *bytes, size_t length, uint64_t offset);
/* What a file of that many bytes takes. */
static inline uint64_t seal_file_size(uint64_t bytes)
{
    return bytes + (SEAL_UNIT - bytes % SEAL_UNIT) % SEAL_UNIT;
}
