#include "gateway/cli/cli_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "gateway/cli/cli.h"

static bool measure(int fd, bool *device, uint64_t *size, int64_t *modified_ms)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return false;
    *device = S_ISBLK(st.st_mode);
    if (*device) {
        *modified_ms = 0;
        return ioctl(fd, BLKGETSIZE64, size) == 0;
    }
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        return false;
    }
    *size = (uint64_t)st.st_size;
    *modified_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    return true;
}

bool cli_file_open(struct cli_file *self, const char *path)
{
    const char *slash = strrchr(path, '/');
    /* a device that is busy, or a pipe, must not hold the command */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        cli_error("'%s' cannot be opened: %s", path, strerror(errno));
        return false;
    }
    *self = (struct cli_file){.fd = fd};
    if (!text_copy(self->name, sizeof self->name, slash ? slash + 1 : path)) {
        cli_error("the name of '%s' is too long", path);
    } else if (!measure(fd, &self->device, &self->size, &self->modified_ms)) {
        cli_error("'%s' is neither a file nor a disk that can be read: %s", path, strerror(errno));
    } else if (self->size == 0) {
        cli_error("'%s' is empty", path);
    } else {
        return true;
    }
    close(fd);
    self->fd = -1;
    return false;
}

bool cli_file_same(const struct cli_file *self)
{
    bool device;
    uint64_t size;
    int64_t modified_ms;
    return measure(self->fd, &device, &size, &modified_ms) && size == self->size && modified_ms == self->modified_ms;
}

bool cli_file_read(const struct cli_file *self, void *room, size_t size, uint64_t offset)
{
    uint8_t *to = room;
    while (size) {
        ssize_t n = pread(self->fd, to, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        size -= (size_t)n;
        offset += (size_t)n;
    }
    return true;
}
