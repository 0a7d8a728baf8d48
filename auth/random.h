/* Random bytes from the kernel. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/attrs.h"

/* 0, or -errno: then there is no randomness and nothing may be made from room. */
attr_must_check int random_bytes(void *room, size_t size);

/* 2 * size hexadecimal characters and a NUL. */
void hex_write(char *ret, const uint8_t *bytes, size_t size);
