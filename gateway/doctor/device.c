#include "gateway/doctor/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cleanup.h"

int device_open(const char *path, const char *kind)
{
    char subsystem[128], target[256];
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode))
        return -ENOTTY;
    snprintf(subsystem, sizeof subsystem, "/sys/dev/char/%u:%u/subsystem", major(st.st_rdev), minor(st.st_rdev));
    ssize_t n = readlink(subsystem, target, sizeof target - 1);
    if (n < 0)
        return -errno;
    target[n] = '\0';
    const char *name = strrchr(target, '/');
    if (!name || strcmp(name + 1, kind) != 0)
        return -ENOTTY;
    return take_fd(&fd);
}

void device_explain(int error, const char *what, const char *path, char *why, size_t size)
{
    if (error == -ENOENT || error == -ENXIO || error == -ENODEV)
        snprintf(why, size, "There is no %s %s; plug it in, or correct its path in the configuration.", what, path);
    else if (error == -ENOTTY)
        snprintf(why, size, "%s is no %s: correct its path in the configuration.", path, what);
    else if (error == -EACCES || error == -EPERM)
        snprintf(why, size, "The %s %s may not be opened: do it as root; a service needs DeviceAllow= for it.", what,
                 path);
    else if (error == -EBUSY)
        snprintf(why, size, "The %s %s is in use by another program: end that one.", what, path);
    else
        snprintf(why, size, "The %s %s cannot be opened: %s; the kernel's log (dmesg) may say why.", what, path,
                 strerror(-error));
}
