#include "core/fd_read.h"

#include <errno.h>
#include <unistd.h>

ssize_t fd_read_up_to(int fd, void *room, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t n = read(fd, (char *)room + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}
