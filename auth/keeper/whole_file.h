/* Small files of the working directory, read whole and replaced whole. */
#pragma once

#include <stddef.h>

/* At most size bytes into room. How many, 0 for an empty one; -ENOENT, -EFBIG when there are more, -errno. Links are
 * not followed. */
int whole_file_read(const char *name, void *room, size_t size);

/* All of it or nothing, also when the machine loses power: when this returns 0, name is on the disk. Mode 0600. */
int whole_file_write(const char *name, const void *bytes, size_t size);
