/* Reading from a descriptor until there is no more, or no more room. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* From where the descriptor stands. How many bytes there were: `size` when there may be more; or -errno. */
ssize_t fd_read_up_to(int fd, void *room, size_t size);
