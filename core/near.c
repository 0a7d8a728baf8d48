#include "core/near.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/cleanup.h"

static int open_folder(const char *path, const char *slash)
{
    char folder[4096];
    if (snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path) >= (int)sizeof folder)
        return -ENAMETOOLONG;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int connect_near(int fd, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *slash = strrchr(path, '/');
    size_t n = slash ? strlen(slash + 1) : 0;
    if (n == 0 || offsetof(struct sockaddr_un, sun_path) + n + 1 > NEAR_LONGEST)
        return slash ? -ENAMETOOLONG : -EINVAL;
    memcpy(address.sun_path, slash + 1, n + 1);
    _cleanup_close_ int folder = open_folder(path, slash);
    if (folder < 0)
        return folder;
    /* where we are may be a folder that can be entered and not read */
    _cleanup_close_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (here < 0 || fchdir(folder) < 0)
        return -errno;
    int r =
        connect(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1)) < 0
            ? -errno
            : 0;
    return fchdir(here) < 0 && r == 0 ? -errno : r;
}
