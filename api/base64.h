/* Base64 (RFC 4648, section 4) of a JSON string: bytes of a file in a body. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes written to room; -EINVAL: not base64 with its padding; -EMSGSIZE: more than room. */
int base64_decode(const char *text, uint8_t *room, size_t size);
