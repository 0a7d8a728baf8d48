/* Heads of files in a tar archive, as POSIX has them (IEEE Std 1003.1, pax, "ustar Interchange Format"): a head, the
 * file's bytes, zeros up to a whole block; two blocks of zeros at the end. Pure. */
#pragma once

#include <stdint.h>

#define USTAR_BLOCK 512
#define USTAR_END (2 * USTAR_BLOCK)
#define USTAR_NAME_MAX 99
#define USTAR_SIZE_MAX ((1ull << 33) - 1)

/* name: at most USTAR_NAME_MAX bytes; mtime: seconds since 1970, not before. Mode 0600, no owner. */
void ustar_head(uint8_t room[static USTAR_BLOCK], const char *name, uint64_t size, int64_t mtime);

/* What a file of this size takes with its head. */
static inline uint64_t ustar_room(uint64_t size)
{
    return USTAR_BLOCK + (size + USTAR_BLOCK - 1) / USTAR_BLOCK * USTAR_BLOCK;
}
