/* Recognizing UTF-8 (RFC 3629) in text that a peer sent. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Length (1..4) of the well-formed sequence at the start of text, 0 when there is none: cut short, overlong, a
 * surrogate, above U+10FFFF. A NUL byte is a sequence like any other. */
size_t utf8_sequence(const char *text, size_t size);

/* The same, but 0 also for control characters: U+0000..1F, DEL and U+0080..9F (which terminals obey too). */
size_t utf8_printable(const char *text, size_t size);

bool utf8_valid(const char *text, size_t size);
