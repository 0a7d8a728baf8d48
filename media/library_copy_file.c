/* The two hidden files of a copy: what was copied (as long as the medium, from the start) and the map of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "media/library_copy_internal.h"

void copy_names_make(const uint8_t id[16], struct copy_names *ret)
{
    char hex[33];
    for (int i = 0; i < 16; i++)
        snprintf(hex + (size_t)i * 2, 3, "%02x", id[i]);
    snprintf(ret->part, sizeof ret->part, "%s.part", hex);
    snprintf(ret->map, sizeof ret->map, "%s.map", hex);
}

int copy_write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
    while (size) {
        ssize_t n = pwrite(fd, bytes, size, (off_t)offset);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
            offset += (uint64_t)n;
        }
    }
    return 0;
}

int copy_read_all(int fd, uint8_t *room, size_t size, uint64_t offset)
{
    while (size) {
        ssize_t n = pread(fd, room, size, (off_t)offset);
        if (n == 0)
            return -EIO; /* somebody made it shorter */
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            room += n;
            size -= (size_t)n;
            offset += (uint64_t)n;
        }
    }
    return 0;
}

static int open_file(int folder_fd, const char *name)
{
    struct stat st;
    _cleanup_close_ int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? take_fd(&fd) : -EINVAL;
}

static int lock(int fd)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &all) < 0 && (errno == EAGAIN || errno == EACCES))
        return -EBUSY;
    return 0; /* a file system without locks must not keep a medium from being copied */
}

/* Empty: they begin anew. The map first, so that it never tells of blocks that the other file has lost. */
static int begin(struct library_copy *self)
{
    uint8_t header[COPY_UNIT];
    copy_map_header(&self->map, header);
    if (ftruncate(self->map_fd, 0) < 0 || fdatasync(self->map_fd) < 0 || ftruncate(self->fd, 0) < 0 ||
        ftruncate(self->fd, (off_t)self->map.size) < 0)
        return -errno;
    return copy_write_all(self->map_fd, header, sizeof header, 0);
}

static void load(struct library_copy *self)
{
    for (uint64_t i = 0; i < self->map.n_units; i++) {
        uint8_t unit[COPY_UNIT];
        if (copy_read_all(self->map_fd, unit, sizeof unit, (i + 1) * COPY_UNIT) < 0)
            return; /* nothing was written there yet */
        (void)copy_map_unit_load(&self->map, i, unit);
    }
}

static void close_both(struct library_copy *self)
{
    cleanup_close(&self->map_fd);
    cleanup_close(&self->fd);
    self->map_fd = self->fd = -1;
}

/* Ours alone, and not removed by who had it before while we waited for it: -EBUSY. */
static int open_both(struct library_copy *self)
{
    struct stat st;
    if ((self->map_fd = open_file(self->folder_fd, self->names.map)) < 0)
        return self->map_fd;
    int r = lock(self->map_fd);
    if (r < 0)
        return r;
    if (fstat(self->map_fd, &st) < 0 || !st.st_nlink)
        return -EBUSY;
    self->fd = open_file(self->folder_fd, self->names.part);
    return MIN(self->fd, 0);
}

int copy_files_open(struct library_copy *self)
{
    uint8_t header[COPY_UNIT];
    struct stat st;
    int r = open_both(self);
    if (r < 0) {
        close_both(self);
        return r;
    }
    if (fstat(self->fd, &st) < 0)
        return -errno;
    if ((uint64_t)st.st_size != self->map.size || copy_read_all(self->map_fd, header, sizeof header, 0) < 0 ||
        !copy_map_header_fits(&self->map, header))
        return begin(self);
    load(self);
    return 0;
}

void library_copy_forget(struct library *library, const uint8_t id[16])
{
    struct copy_names names;
    _cleanup_close_ int folder_fd = library_hidden_folder(library, "copies");
    copy_names_make(id, &names);
    if (folder_fd < 0)
        return;
    (void)unlinkat(folder_fd, names.map, 0);
    (void)unlinkat(folder_fd, names.part, 0);
}
