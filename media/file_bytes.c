#include "media/file_bytes.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t file_read_most(int fd, void *room, size_t length, uint64_t offset)
{
    size_t had = 0;
    while (had < length) {
        ssize_t n = pread(fd, (uint8_t *)room + had, length - had, (off_t)(offset + had));
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            had += (size_t)n;
    }
    return (ssize_t)had;
}

int file_read_all(int fd, void *room, size_t length, uint64_t offset)
{
    ssize_t n = file_read_most(fd, room, length, offset);
    return n < 0 ? (int)n : (size_t)n < length ? -ENODATA : 0;
}

int file_write_all(int fd, const void *bytes, size_t length, uint64_t offset)
{
    size_t had = 0;
    while (had < length) {
        ssize_t n = pwrite(fd, (const uint8_t *)bytes + had, length - had, (off_t)(offset + had));
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            had += (size_t)n;
    }
    return 0;
}

int file_cut(int fd, uint64_t size)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    return (uint64_t)st.st_size > size ? ftruncate(fd, (off_t)size) : 0;
}
