/* UTF-8 (RFC 3629): recognizing it in text that a peer sent, and characters by their numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length (1..4) of the well-formed sequence at the start of text, 0 when there is none: cut short, overlong, a
 * surrogate, above U+10FFFF. A NUL byte is a sequence like any other. */
size_t utf8_sequence(const char *text, size_t size);

/* The same, but 0 also for control characters: U+0000..1F, DEL and U+0080..9F (which terminals obey too). */
size_t utf8_printable(const char *text, size_t size);

/* Whether it begins with a character that turns the direction of writing around it (Unicode's Bidi_Control: U+061C,
 * U+200E, U+200F, U+202A..2E, U+2066..69) or ends a line or paragraph (U+2028, U+2029): text from elsewhere could make
 * the sentence that shows it read as another. */
bool utf8_turns(const char *text, size_t size);

bool utf8_valid(const char *text, size_t size);

/* The number of the character that a well-formed sequence of this length (1..4) stands for. */
uint32_t utf8_read(const char *text, size_t length);
/* The sequence of a character, 0 <= c <= 0x10FFFF; its length, 1..4. */
size_t utf8_write(char ret[static 4], uint32_t c);
