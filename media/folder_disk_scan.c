/* Reads the folder: what is in it, level by level, and what each file looked like. No link is followed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "media/folder_disk_internal.h"

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

/* Each component by itself, so that no link in between is followed either. */
static int open_node(const struct folder_disk *self, const struct disk_node *node, int flags)
{
    if (!node->parent)
        return openat(self->folder_fd, ".", flags | O_CLOEXEC);
    _cleanup_close_ int folder = open_node(self, node->parent, O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return -1;
    return openat(folder, node->name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

bool disk_unchanged(const struct disk_node *node, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_dev == node->dev && st.st_ino == node->ino && st.st_size == node->size &&
           st.st_mtim.tv_sec == node->modified.tv_sec && st.st_mtim.tv_nsec == node->modified.tv_nsec &&
           st.st_ctim.tv_sec == node->changed.tv_sec && st.st_ctim.tv_nsec == node->changed.tv_nsec;
}

int disk_open(const struct folder_disk *self, const struct disk_node *node)
{
    _cleanup_close_ int fd = open_node(self, node, O_RDONLY);
    if (fd < 0)
        return -errno;
    return disk_unchanged(node, fd) ? take_fd(&fd) : -EIO;
}

struct scan {
    struct folder_disk *disk;
    struct disk_node *parent;
    int fd;
    char *why;
    size_t why_size;
};

static int refuse(const struct scan *scan, int error, const char *before, const char *name, const char *after)
{
    snprintf(scan->why, scan->why_size, "%s%.200s%s", before, name, after);
    return error;
}

static int by_name(const void *a, const void *b)
{
    int order = disk_name_compare(*(char *const *)a, *(char *const *)b);
    return order ? order : strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    char **names;
    size_t n;
};

static void names_free(struct names *self)
{
    for (size_t i = 0; i < self->n; i++)
        free(self->names[i]);
    free(self->names);
}

static int list(const struct scan *scan, struct names *ret)
{
    int fd = openat(scan->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    attr_cleanup(close_folder) DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        cleanup_close(&fd);
        return -errno;
    }
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (!entry)
            return -errno;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (ret->n == 4 * FOLDER_DISK_FILES)
            return -EMFILE;
        if (ret->n % 256 == 0) {
            char **more = reallocarray(ret->names, ret->n + 256, sizeof *more);
            if (!more)
                return -ENOMEM;
            ret->names = more;
        }
        if (!(ret->names[ret->n] = strdup(entry->d_name)))
            return -ENOMEM;
        ret->n++;
    }
}

static int add(const struct scan *scan, const char *name, const struct stat *st)
{
    struct folder_disk *disk = scan->disk;
    if (disk->n_nodes == ARRAY_SIZE(disk->nodes))
        return -EMFILE;
    struct disk_node *node = calloc(1, sizeof *node);
    if (!node || !(node->name = strdup(name))) {
        free(node);
        return -ENOMEM;
    }
    node->parent = scan->parent;
    node->depth = scan->parent->depth + 1;
    node->is_folder = S_ISDIR(st->st_mode);
    node->dev = st->st_dev;
    node->ino = st->st_ino;
    node->size = node->is_folder ? 0 : (uint32_t)st->st_size;
    node->modified = st->st_mtim;
    node->changed = st->st_ctim;
    disk->nodes[disk->n_nodes++] = node;
    disk->bytes += node->size;
    return 0;
}

static int look(const struct scan *scan, const char *name)
{
    uint16_t units[DISK_LONG_MAX];
    struct stat st;
    if (fstatat(scan->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
    if ((!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) || disk_long_name(name, units) < 0) {
        scan->disk->left_out++;
        return 0;
    }
    if (S_ISDIR(st.st_mode) && scan->parent->depth + 1 == DISK_DEPTH)
        return refuse(scan, -EMFILE, "The folder ", name, " lies too deep. Use an image instead.");
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > FOLDER_DISK_MAX - scan->disk->bytes)
        return refuse(scan, -EFBIG, "With ", name, " the files are more than 2 GiB. Use an image instead.");
    if (faccessat(scan->fd, name, R_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == EACCES)
        return refuse(scan, -EACCES, "The gateway may not read ", name, ".");
    return add(scan, name, &st);
}

static int scan_folder(struct scan *scan)
{
    attr_cleanup(names_free) struct names names = {NULL, 0};
    int r = list(scan, &names);
    if (names.n)
        qsort(names.names, names.n, sizeof *names.names, by_name);
    for (size_t i = 0; i < names.n && r == 0; i++) {
        /* FAT knows no difference between a and A: the first one is it */
        if (i && !disk_name_compare(names.names[i - 1], names.names[i]))
            scan->disk->left_out++;
        else
            r = look(scan, names.names[i]);
    }
    return r;
}

int disk_scan(struct folder_disk *self, char *why, size_t why_size)
{
    int r = 0;
    if (!(self->nodes[0] = calloc(1, sizeof *self->nodes[0])))
        return -ENOMEM;
    self->nodes[0]->is_folder = true;
    self->n_nodes = 1;
    for (unsigned i = 0; i < self->n_nodes && r == 0; i++) { /* the list grows meanwhile */
        if (!self->nodes[i]->is_folder)
            continue;
        struct scan scan = {self, self->nodes[i], open_node(self, self->nodes[i], O_RDONLY | O_DIRECTORY), why,
                            why_size};
        r = scan.fd < 0 ? -errno : scan_folder(&scan);
        cleanup_close(&scan.fd);
    }
    if (r == -EMFILE && !why[0])
        snprintf(why, why_size, "The folder holds more than %d files. Use an image instead.", FOLDER_DISK_FILES);
    else if (r < 0 && !why[0])
        snprintf(why, why_size, "The folder could not be read: %s.", strerrordesc_np(-r));
    return r;
}
