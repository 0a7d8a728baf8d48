/* Copies that were left behind by a crash and for which nobody came back within a week: both files go. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/cleanup.h"
#include "media/library_copy_internal.h"

#define KEPT_S (7 * 24 * 3600)

static bool stale(int folder_fd, const char *name)
{
    struct stat st;
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    _cleanup_close_ int fd = openat(folder_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime + KEPT_S < time(NULL) &&
           fcntl(fd, F_OFD_SETLK, &all) == 0; /* nobody works on it */
}

static void remove_both(int folder_fd, const char *map, size_t stem)
{
    char part[64];
    snprintf(part, sizeof part, "%.*s.part", (int)stem, map);
    (void)unlinkat(folder_fd, map, 0);
    (void)unlinkat(folder_fd, part, 0);
}

void copy_remove_stale(int folder_fd)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        cleanup_close(&fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        size_t stem = strspn(entry->d_name, "0123456789abcdef");
        if (stem == 32 && !strcmp(entry->d_name + stem, ".map") && stale(folder_fd, entry->d_name))
            remove_both(folder_fd, entry->d_name, stem);
    }
    closedir(folder);
}
