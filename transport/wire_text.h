/* Texts and reserved bytes in the binary messages of the websockets. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire.h"

/* Copies text into room, cut at a whole character at `limit` bytes; control characters and broken UTF-8 in it become
 * '?', so that a browser never refuses the message. How many bytes it is. */
size_t wire_clean_text(const char *text, uint8_t *room, size_t limit);

/* Whether all of it is hexadecimal digits, of either case. */
bool wire_is_hex(const char *text, size_t size);
/* Reads n bytes that have to be 0. True: one of them is not. */
bool wire_reserved_set(struct wire_reader *r, unsigned n);
