/* The end of a target's folders. Whoever broke into its machine from inside may write there, so nothing is believed: no
 * link is followed, and the depth is bounded. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/owner/state.h"

#define DEEPEST 8

static int erase_inside(int folder, unsigned depth);

static int erase_entry(int folder, const char *name, unsigned depth)
{
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0)
        return -errno;
    int r = depth == 0 ? -ELOOP : erase_inside(inner, depth - 1); /* closes it */
    return r ? r : unlinkat(folder, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Takes folder. */
static int erase_inside(int folder, unsigned depth)
{
    DIR *list = fdopendir(folder);
    int r = 0;
    if (!list) {
        r = -errno;
        close(folder);
        return r;
    }
    for (const struct dirent *entry; (entry = readdir(list));) {
        int one = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
                      ? 0
                      : erase_entry(dirfd(list), entry->d_name, depth);
        r = r ? r : one;
    }
    closedir(list);
    return r;
}

int state_erase_target(const struct state *self, const char *name)
{
    static const char *const parts[] = {"run", "vm"};
    char path[CONFIG_PATH_MAX];
    int r = 0;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        int one = state_path(self, parts[i], NULL, NULL, path, sizeof path);
        _cleanup_close_ int part = one < 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        one = one < 0 ? one : part < 0 ? -errno : erase_entry(part, name, DEEPEST);
        r = r ? r : one;
    }
    return r;
}
