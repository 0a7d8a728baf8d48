/* Small files of text that the gateway remembers things in, replaced whole or not at all: a full disk, or an end in the
 * middle, leaves the old one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What is there as a string, cut at the room's end; "" when it cannot be read. */
void note_file_load(const char *path, char *room, size_t size);

/* durable: it also outlives a loss of power, for which the disk is waited for. 0 or -errno. */
int note_file_save(const char *path, const char *text, size_t size, bool durable);
