/* The one-time set-up secret: 125 random bits as five groups of five digits of Crockford's base 32
 * (https://www.crockford.com/base32.html), which leaves out I, L, O and U. Only its hash is kept. */
#pragma once

#include <stdint.h>

#include "core/attrs.h"

#define SECRET_SIZE 30 /* with the dashes and the NUL */
#define SECRET_DIGITS_MAX 32

attr_must_check int secret_make(char ret[SECRET_SIZE]);

/* SHA-256 of what was meant: case does not count, nor dashes and spaces between digits; o reads as 0, i and l as 1.
 * False: not 25 digits. */
bool secret_hash(const char *text, uint8_t ret[32]);

/* The same for other numbers of digits (at most SECRET_DIGITS_MAX), in groups. */
attr_must_check int secret_digits_make(unsigned digits, unsigned group, char *ret);
bool secret_digits_hash(const char *text, unsigned digits, uint8_t ret[32]);
