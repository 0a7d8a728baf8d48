/* The owner's file with the first Administrator. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/owner/first_start.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)

/* Neither names nor hashes have anything but visible ASCII. */
static bool copy(char *room, size_t size, const char *from, size_t n)
{
    if (n == 0 || n >= size)
        return false;
    for (size_t i = 0; i < n; i++)
        if (from[i] <= ' ' || from[i] > '~')
            return false;
    memcpy(room, from, n);
    room[n] = '\0';
    return true;
}

static bool read_line(const char *line, size_t n, struct first_user *ret)
{
    const char *colon = memchr(line, ':', n);
    if (!colon)
        return false;
    size_t name = (size_t)(colon - line), hash = n - name - 1;
    return copy(ret->name, sizeof ret->name, line, name) && copy(ret->hash, sizeof ret->hash, colon + 1, hash);
}

static size_t trim(const char **line, size_t n)
{
    while (n > 0 && strchr(" \t", **line))
        (*line)++, n--;
    while (n > 0 && strchr(" \t\r", (*line)[n - 1]))
        n--;
    return n;
}

int first_user_parse(const char *text, size_t size, struct first_user *ret, char *why, size_t why_size)
{
    bool found = false;
    if (size >= FIRST_USER_FILE_MAX || memchr(text, '\0', size)) {
        WHY("is no text of one line");
        return -EINVAL;
    }
    while (size > 0) {
        const char *end = memchr(text, '\n', size), *line = text;
        size_t whole = end ? (size_t)(end - text) + 1 : size;
        size_t n = trim(&line, end ? whole - 1 : whole);
        text += whole;
        size -= whole;
        if (n == 0 || *line == '#')
            continue;
        if (found || !read_line(line, n, ret)) {
            explicit_bzero(ret, sizeof *ret);
            WHY(found ? "names more than one user" : "has a line that is not NAME:HASH");
            return -EINVAL;
        }
        found = true;
    }
    if (!found)
        WHY("has no line NAME:HASH");
    return found ? 0 : -EINVAL;
}

static int check(const struct stat *st, char *why, size_t why_size)
{
    if (!S_ISREG(st->st_mode)) {
        WHY("is no regular file");
        return -EINVAL;
    }
    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        WHY("does not belong to root: chown root it");
        return -EACCES;
    }
    if (st->st_mode & 077) {
        WHY("may be read by others: chmod 600 it (a FAT partition has no modes: mount it with umask=077, or put the "
            "file elsewhere)");
        return -EACCES;
    }
    return 0;
}

int first_user_read(const char *path, struct first_user *ret, char *why, size_t why_size)
{
    char room[FIRST_USER_FILE_MAX], what[300];
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 1;
    if (fd < 0 || fstat(fd, &st) < 0) {
        int r = -errno;
        WHY("first-user-file %s cannot be opened: %s", path, r == -ELOOP ? "it is a link" : strerror(-r));
        return r;
    }
    int r = check(&st, what, sizeof what);
    ssize_t n = r < 0 ? 0 : read(fd, room, sizeof room);
    if (n < 0)
        r = -errno;
    if (n < 0)
        snprintf(what, sizeof what, "cannot be read: %s", strerror(-r));
    if (r == 0)
        r = first_user_parse(room, (size_t)n, ret, what, sizeof what);
    explicit_bzero(room, sizeof room);
    if (r < 0)
        WHY("first-user-file %s %s", path, what);
    return r;
}
