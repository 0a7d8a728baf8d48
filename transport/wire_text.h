/* Sentences and names as they go out in binary messages. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Copies text into room, cut at a whole character at `limit` bytes; control characters and broken UTF-8 in it become
 * '?', so that a browser never refuses the message. How many bytes it is. */
size_t wire_clean_text(const char *text, uint8_t *room, size_t limit);
