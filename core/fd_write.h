/* Writing to a descriptor until all of it is written. */
#pragma once

#include <stddef.h>

/* 0, or -errno; a write that takes nothing without a reason is -ENOSPC. What stands there after an error is a part. */
int fd_write_all(int fd, const void *bytes, size_t size);
