#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "usbgadget/gadget_place.h"

const struct gadget_place gadget_place_default = {
    .configfs = "/sys/kernel/config",
    .udcs = "/sys/class/udc",
    .run = "/run/lightsout-ffs",
};

const char *gadget_path(char room[GADGET_PATH_SIZE], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(room, GADGET_PATH_SIZE, format, args);
    va_end(args);
    if (n < 0 || n >= GADGET_PATH_SIZE)
        room[0] = 0;
    return room;
}

bool gadget_attr_exists(const struct gadget_place *place, const char *path)
{
    return !(place->absent && place->absent(path)) && access(path, F_OK) == 0;
}

int gadget_attr_write(const struct gadget_place *place, const char *path, const char *text)
{
    if (place->absent && place->absent(path))
        return -ENOENT;
    if (place->write)
        return place->write(path, text);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, text, strlen(text));
    return n < 0 ? -errno : 0;
}

int gadget_attr_read(const struct gadget_place *place, const char *path, char *room, size_t size)
{
    if (place->absent && place->absent(path))
        return -ENOENT;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    size_t have = 0;
    ssize_t n;
    while ((n = read(fd, room + have, size - have)) > 0) {
        have += (size_t)n;
        if (have == size)
            return -EMSGSIZE;
    }
    if (n < 0)
        return -errno;
    if (have && room[have - 1] == '\n')
        have--;
    room[have] = 0;
    return 0;
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

int gadget_each_entry(const char *folder, int (*fn)(void *data, const char *folder, const char *name), void *data)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_entry, alphasort), r = 0;
    if (n < 0)
        return -errno;
    for (int i = 0; i < n; i++) {
        if (r >= 0)
            r = fn(data, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return r;
}
