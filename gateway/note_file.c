#include "gateway/note_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fd_read.h"
#include "core/fd_write.h"

void note_file_load(const char *path, char *room, size_t size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : fd_read_up_to(fd, room, size - 1);
    room[n < 0 ? 0 : n] = '\0';
}

static int write_whole(int fd, const char *text, size_t size, bool durable)
{
    int r = fd_write_all(fd, text, size);
    return r == 0 && durable && fsync(fd) < 0 ? -errno : r;
}

int note_file_save(const char *path, const char *text, size_t size, bool durable)
{
    char part[1200];
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
        return -ENAMETOOLONG;
    _cleanup_close_ int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = write_whole(fd, text, size, durable);
    if (r == 0 && rename(part, path) < 0)
        r = -errno;
    if (r < 0)
        unlink(part);
    return r;
}
