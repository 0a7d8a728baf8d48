/* UTF-8 (RFC 3629), one character at a time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* How many bytes the character at the beginning of a NUL-terminated text has, 1 to 4; 0: what stands there is none.
 * *ret_code is written then only. */
size_t utf8_next(const char *text, uint32_t *ret_code);
