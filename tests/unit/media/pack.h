/* Packs bytes in the three ways that uploads unpack. */
#pragma once

#include "media/recognise.h"

/* malloc'ed; aborts when it cannot. strong: needs more memory to unpack than is given
 * (xz and zstd). */
uint8_t *pack(enum image_format format, const uint8_t *bytes, size_t size, bool strong, size_t *ret_size);
/* `size` zeros, packed as small as it goes, without ever being in memory. */
uint8_t *pack_bomb(enum image_format format, uint64_t size, size_t *ret_size);
