#include "auth/keeper/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/fd_read.h"
#include "core/fd_write.h"

int whole_file_read(const char *name, void *room, size_t size)
{
    _cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_size < 0 || (uint64_t)st.st_size > size)
        return -EFBIG;
    return (int)fd_read_up_to(fd, room, size);
}

int whole_file_write(const char *name, const void *bytes, size_t size)
{
    char temporary[64];
    int n = snprintf(temporary, sizeof temporary, "%s.new", name);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return -ENAMETOOLONG;
    unlink(temporary);
    _cleanup_close_ int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int r = fd_write_all(fd, bytes, size);
    if (r == 0 && (fsync(fd) < 0 || rename(temporary, name) < 0))
        r = -errno;
    if (r < 0) {
        unlink(temporary);
        return r;
    }
    _cleanup_close_ int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0 || fsync(folder) < 0 ? -errno : 0;
}
