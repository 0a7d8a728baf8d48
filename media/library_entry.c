#include "media/library_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/cleanup.h"
#include "core/utf8.h"

bool library_name_plain(const char *name)
{
    size_t size = strlen(name), at = 0;
    if (size < 1 || size > 255 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/'))
        return false;
    while (at < size) {
        size_t n = utf8_printable(name + at, size - at);
        if (!n)
            return false;
        at += n;
    }
    return true;
}

bool library_name_visible(const char *name)
{
    return name[0] != '.' && library_name_plain(name);
}

enum drive_kind library_kind(const char *name, const struct image_facts *facts)
{
    size_t size = strlen(name);
    if (facts && (facts->format == IMAGE_ISO || facts->format == IMAGE_DISK))
        return facts->format == IMAGE_ISO ? DRIVE_CDROM : DRIVE_DISK;
    return size > 4 && strcasecmp(name + size - 4, ".iso") == 0 ? DRIVE_CDROM : DRIVE_DISK;
}

static void describe(const char *name, const struct stat *st, struct library_image *ret)
{
    const bool folder = S_ISDIR(st->st_mode);
    *ret = (struct library_image){.size = folder ? 0 : (uint64_t)st->st_size,
                                  .modified = st->st_mtim.tv_sec,
                                  .kind = folder ? DRIVE_DISK : library_kind(name, NULL),
                                  .folder = folder};
    memcpy(ret->name, name, strlen(name) + 1); /* a plain name fits */
}

/* 0, or the reason why an entry of this type cannot be served, with the words for it. */
static int type_fits(const struct stat *st, const char **ret_why)
{
    int error = 0;
    if (S_ISLNK(st->st_mode)) {
        error = -ELOOP;
        *ret_why = "a link";
    } else if (S_ISDIR(st->st_mode)) {
        error = 0; /* inserted as a disk */
    } else if (!S_ISREG(st->st_mode)) {
        error = -EINVAL;
        *ret_why = "not a plain file";
    } else if (st->st_size == 0) {
        error = -ENODATA;
        *ret_why = "empty";
    }
    return error;
}

int library_entry_look(int folder_fd, const char *name, struct library_image *ret)
{
    struct stat st;
    const char *why = NULL;
    if (!library_name_plain(name))
        return -EINVAL;
    if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    describe(name, &st, ret);
    if (type_fits(&st, &why) == 0 && faccessat(folder_fd, name, R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0)
        why = "not readable";
    ret->usable = !why;
    snprintf(ret->why, sizeof ret->why, "%s", why ? why : "");
    return 0;
}

/* Follows no link. O_NONBLOCK: a pipe must not hold the thread until somebody writes to it. */
static int open_beneath(int folder_fd, const char *name, bool writable)
{
    uint64_t flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    struct open_how how = {.flags = flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, folder_fd, name, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) /* an old kernel, or a sandbox that does not know the call */
        fd = openat(folder_fd, name, (int)flags);
    return fd < 0 ? -errno : fd;
}

static int refuse(int error, const char *name, char *why, size_t why_size, const char *words)
{
    snprintf(why, why_size, "%s %s", name, words);
    return error;
}

static int explain(int error, const char *name, bool writable, char *why, size_t why_size)
{
    switch (-error) {
    case ENOENT:
        return refuse(error, name, why, why_size, "is not in the image library.");
    case ELOOP:
        return refuse(error, name, why, why_size, "is a link. Put the image itself into the library.");
    case EISDIR:
        return refuse(error, name, why, why_size, "is a folder: it is inserted read-only.");
    case EROFS:
        return refuse(-EACCES, name, why, why_size, "cannot be written: the library is on a read-only file system.");
    case EACCES:
    case EPERM:
        return refuse(-EACCES, name, why, why_size,
                      writable ? "cannot be written by the gateway. Change its permissions, or insert it read-only."
                               : "cannot be read by the gateway. Change its permissions.");
    case ETXTBSY:
        return refuse(-EBUSY, name, why, why_size, "is in use by another program.");
    default:
        snprintf(why, why_size, "%s cannot be opened: %s.", name, strerrordesc_np(-error));
        return error;
    }
}

int library_entry_open(int folder_fd, const char *name, bool writable, int *ret_fd, struct library_image *ret,
                       char *why, size_t why_size)
{
    struct stat st;
    const char *words = NULL;
    if (!library_name_plain(name)) {
        snprintf(why, why_size, "This is not the name of an image: one file name without / and control characters.");
        return -EINVAL;
    }
    _cleanup_close_ int fd = open_beneath(folder_fd, name, writable);
    if (fd < 0 && fd != -ENXIO) /* ENXIO: a socket or a device */
        return explain(fd, name, writable, why, why_size);
    if (fd >= 0 && fstat(fd, &st) < 0)
        return explain(-errno, name, writable, why, why_size);
    int r = fd < 0 ? -EINVAL : type_fits(&st, &words);
    if (r == -ENODATA)
        return refuse(r, name, why, why_size, "is empty. Copy the image again.");
    if (r < 0)
        return refuse(r, name, why, why_size, "is not a plain file.");
    describe(name, &st, ret);
    ret->usable = true;
    *ret_fd = take_fd(&fd);
    return 0;
}
