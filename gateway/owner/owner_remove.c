#include "gateway/owner/owner_remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

#define DEPTH_MAX 16

int owner_shred(int folder, const char *name)
{
    uint8_t noise[4096];
    struct stat st;
    _cleanup_close_ int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return -EINVAL;
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof noise) {
        size_t n = (size_t)MIN((off_t)sizeof noise, st.st_size - at);
        if (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise || pwrite(fd, noise, n, at) != (ssize_t)n)
            return -EIO;
    }
    if (fsync(fd) < 0 || unlinkat(folder, name, 0) < 0 || fsync(folder) < 0)
        return -errno;
    return 0;
}

static int empty(int folder, unsigned depth);

static int remove_entry(int folder, const char *name, unsigned depth)
{
    if (unlinkat(folder, name, 0) == 0)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r = fd < 0 ? -errno : depth ? empty(fd, depth - 1) : -ELOOP;
    return r < 0 ? r : unlinkat(folder, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* All that is in it. Goes on past what cannot be removed: the more is gone, the better. */
static int empty(int folder, unsigned depth)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (!dir)
        return -errno;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int one = remove_entry(folder, entry->d_name, depth);
        r = r ? r : one;
    }
    closedir(dir);
    return fsync(folder) < 0 && r == 0 ? -errno : r;
}

int owner_empty(int parent, const char *name)
{
    _cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    return empty(fd, DEPTH_MAX);
}

int owner_remove(int parent, const char *name)
{
    _cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    for (size_t i = 0; i < ARRAY_SIZE(owner_keys); i++)
        (void)owner_shred(fd, owner_keys[i]);
    int r = empty(fd, DEPTH_MAX);
    return r < 0 ? r : unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}
