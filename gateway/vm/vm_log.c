#include "gateway/vm/vm_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/utf8.h"

int vm_log_open(struct vm_log *self, int folder, const struct uid_choice *user)
{
    _cleanup_close_ int fd =
        openat(folder, "qemu.log", O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (user->drop && fchown(fd, user->uid, user->gid) < 0)
        return -errno;
    *self = (struct vm_log){.fd = take_fd(&fd), .begin = 0, .seen = st.st_size};
    return 0;
}

void vm_log_close(struct vm_log *self)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

static off_t size_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_size : 0;
}

void vm_log_mark(struct vm_log *self)
{
    self->begin = size_of(self->fd);
}

static void cut(struct vm_log *self, off_t size)
{
    _cleanup_free_ char *tail = malloc(VM_LOG_KEEP);
    ssize_t n = tail ? pread(self->fd, tail, VM_LOG_KEEP, size - VM_LOG_KEEP) : 0;
    if (n <= 0 || ftruncate(self->fd, 0) < 0)
        return;
    n = write(self->fd, tail, (size_t)n);
    self->begin = 0;
}

bool vm_log_changed(struct vm_log *self)
{
    off_t size = size_of(self->fd);
    if (size > VM_LOG_MAX) {
        cut(self, size);
        size = size_of(self->fd);
    }
    bool changed = size != self->seen;
    self->seen = size;
    return changed;
}

/* The page shows these lines, so they hold nothing but text. */
static void copy_printable(char *to, size_t room, const char *from, size_t size)
{
    size_t used = 0;
    while (size > 0) {
        size_t n = utf8_printable(from, size);
        if (used + MAX(n, (size_t)1) >= room)
            break;
        if (n > 0)
            memcpy(to + used, from, n);
        else
            to[used] = *from == '\t' ? ' ' : '?';
        used += MAX(n, (size_t)1);
        from += MAX(n, (size_t)1);
        size -= MAX(n, (size_t)1);
    }
    to[used] = '\0';
}

unsigned vm_log_tail(struct vm_log *self, char lines[TARGET_LOG_LINES][TARGET_LOG_LINE])
{
    char bytes[8192];
    off_t size = size_of(self->fd), begin = self->begin;
    if (size - begin > (off_t)sizeof bytes)
        begin = size - (off_t)sizeof bytes;
    ssize_t n = size > begin ? pread(self->fd, bytes, (size_t)(size - begin), begin) : 0;
    while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
        n--;
    if (n <= 0)
        return 0;
    /* from the end, until there are enough */
    const char *starts[TARGET_LOG_LINES], *ends[TARGET_LOG_LINES], *end = bytes + n;
    unsigned found = 0;
    while (found < TARGET_LOG_LINES) {
        const char *newline = memrchr(bytes, '\n', (size_t)(end - bytes));
        starts[found] = newline ? newline + 1 : bytes;
        ends[found] = end > starts[found] && end[-1] == '\r' ? end - 1 : end;
        found++;
        if (!newline)
            break;
        end = newline;
    }
    for (unsigned i = 0; i < found; i++)
        copy_printable(lines[found - 1 - i], TARGET_LOG_LINE, starts[i], (size_t)(ends[i] - starts[i]));
    return found;
}
