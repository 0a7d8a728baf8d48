/* The one-time set-up secret: 125 random bits as five groups of five characters of Crockford's base 32
 * (https://www.crockford.com/base32.html), which leaves out I, L, O and U. Only its hash is kept. */
#pragma once

#include <stdint.h>

#include "core/attrs.h"

#define SECRET_SIZE 30 /* with the dashes and the NUL */

attr_must_check int secret_make(char ret[SECRET_SIZE]);

/* SHA-256 of what was meant: case, dashes and spaces do not count, o reads as 0, i and l as 1. False: not 25 such
 * characters. */
bool secret_hash(const char *text, uint8_t ret[32]);
