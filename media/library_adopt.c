/* Hidden folders of the library, and how a file of one of them becomes an image. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "core/utf8.h"
#include "media/library_entry.h"
#include "media/library_internal.h"

#define RESERVE (64ull << 20) /* of the file system, for others: logs, the store */
#define MOST_NUMBERS 1000
#define NAME_BYTES 255

int library_open_folder(int folder_fd, const char *name)
{
    int fd = openat(folder_fd, name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int library_sync_folder(int folder_fd)
{
    _cleanup_close_ int fd = library_open_folder(folder_fd, NULL);
    return fd < 0 ? fd : fsync(fd) < 0 ? -errno : 0;
}

int library_space(const struct library *self, uint64_t *ret_free, uint64_t *ret_total)
{
    struct statvfs s;
    _cleanup_close_ int fd = library_open_folder(self->folder_fd, NULL);
    if (fd < 0)
        return fd;
    if (fstatvfs(fd, &s) < 0)
        return -errno;
    const uint64_t available = (uint64_t)s.f_bavail * s.f_frsize;
    *ret_free = available > RESERVE ? available - RESERVE : 0;
    *ret_total = (uint64_t)s.f_blocks * s.f_frsize;
    return 0;
}

int library_hidden_folder(struct library *self, const char *what)
{
    char name[NAME_BYTES + 1];
    if ((size_t)snprintf(name, sizeof name, ".%s", what) >= sizeof name || !library_name_plain(name))
        return -EINVAL;
    if (mkdirat(self->folder_fd, name, 0700) < 0 && errno != EEXIST)
        return -errno;
    return library_open_folder(self->folder_fd, name);
}

int library_rename_new(int from_fd, const char *name, int to_fd, const char *to)
{
    if (renameat2(from_fd, name, to_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (linkat(from_fd, name, to_fd, to, 0) < 0)
        return -errno;
    return unlinkat(from_fd, name, 0) < 0 ? -errno : 0;
}

/* Cut where it gets too long, never inside of a character. */
void library_name_numbered(const char *name, unsigned number, char ret[NAME_BYTES + 1])
{
    char tail[64];
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name || strlen(dot) > 16)
        dot = name + strlen(name);
    snprintf(tail, sizeof tail, " (%u)%s", number, dot);
    const size_t stem = (size_t)(dot - name), most = NAME_BYTES - strlen(tail);
    size_t size = 0, n;
    while (size < stem && (n = utf8_sequence(name + size, stem - size)) && size + n <= most)
        size += n;
    snprintf(ret, NAME_BYTES + 1, "%.*s%s", (int)size, name, tail);
}

/* One that is served stays what it is: who looks and who renames hold the same lock. */
static int replace_unused(struct library *self, int from_fd, const char *hidden_name, int to_fd, bool image,
                          const char *name)
{
    pthread_mutex_lock(&self->lock);
    int r = image && library_in_use_locked(self, name)        ? -EBUSY
            : renameat(from_fd, hidden_name, to_fd, name) < 0 ? -errno
                                                              : 0;
    pthread_mutex_unlock(&self->lock);
    return r;
}

static int take_free_name(int from_fd, const char *hidden_name, int to_fd, const char *name, char *ret_name)
{
    int r = library_rename_new(from_fd, hidden_name, to_fd, name);
    text_copy(ret_name, NAME_BYTES + 1, name);
    for (unsigned number = 2; r == -EEXIST && number < MOST_NUMBERS; number++) {
        library_name_numbered(name, number, ret_name);
        r = library_rename_new(from_fd, hidden_name, to_fd, ret_name);
    }
    return r;
}

static int sync_file(int folder_fd, const char *name)
{
    _cleanup_close_ int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int library_adopt(struct library *self, int hidden_fd, const char *hidden_name, const char *folder, const char *name,
                  bool replace, char *ret_name)
{
    char taken[NAME_BYTES + 1];
    if (!library_name_visible(name) || (folder && !library_name_visible(folder)))
        return -EINVAL;
    _cleanup_close_ int to_fd = library_open_folder(self->folder_fd, folder);
    if (to_fd < 0)
        return to_fd;
    int r = sync_file(hidden_fd, hidden_name);
    if (r < 0)
        return r;
    if (replace) {
        text_copy(taken, sizeof taken, name);
        r = replace_unused(self, hidden_fd, hidden_name, to_fd, !folder, name);
    } else {
        r = take_free_name(hidden_fd, hidden_name, to_fd, name, taken);
    }
    if (r < 0)
        return r;
    text_copy(ret_name, NAME_BYTES + 1, taken);
    if (fsync(to_fd) < 0)
        return -errno;
    return library_sync_folder(hidden_fd);
}
