#include "gateway/recordings/recording_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fd_write.h"
#include "core/wire.h"

#define MARKS_MAX 65536

int recording_file_create(int folder_fd, const char *name)
{
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

int recording_file_open(int folder_fd, const char *name)
{
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void recording_fd_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

int recording_file_replace(int folder_fd, const char *name, const void *bytes, size_t size)
{
    char part[RECORDING_NAME + 8];
    snprintf(part, sizeof part, "%s.part", name);
    _cleanup_close_ int fd = recording_file_create(folder_fd, part);
    if (fd < 0)
        return fd;
    int r = fd_write_all(fd, bytes, size);
    if (r == 0 && renameat(folder_fd, part, folder_fd, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(folder_fd, part, 0);
    return r;
}

/* ---- the muxer's file ---- */

static int on_write(void *data, uint64_t at, const void *bytes, size_t size)
{
    const int *fd = data;
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(*fd, (const uint8_t *)bytes + done, size - done, (off_t)(at + done));
        if (n <= 0)
            return n < 0 ? -errno : -ENOSPC;
        done += (size_t)n;
    }
    return 0;
}

static int on_cut(void *data, uint64_t size)
{
    const int *fd = data;
    return ftruncate(*fd, (off_t)size) < 0 ? -errno : 0;
}

static int on_read(void *data, uint64_t at, void *room, size_t size, size_t *ret)
{
    const int *fd = data;
    ssize_t n = pread(*fd, room, size, (off_t)at);
    if (n < 0)
        return -errno;
    *ret = (size_t)n;
    return 0;
}

struct webm_file recording_webm_file(int *fd)
{
    return (struct webm_file){.write = on_write, .cut = on_cut, .read = on_read, .data = fd};
}

int recording_repair(int folder_fd, uint64_t alive_ms, uint64_t *ret_ms, uint32_t *ret_frames)
{
    attr_cleanup(webm_destroyp) struct webm *webm = NULL;
    struct stat st;
    _cleanup_close_ int fd = openat(folder_fd, RECORDING_VIDEO, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ENODATA : -errno;
    if (fstat(fd, &st) < 0)
        return -errno;
    const struct webm_file file = recording_webm_file(&fd);
    int r = webm_repair(&file, (uint64_t)st.st_size, &webm);
    if (r < 0)
        return r;
    const uint64_t ms = MAX(alive_ms, webm_last_ms(webm) + 1);
    *ret_frames = webm_frames(webm);
    *ret_ms = ms;
    return webm_finish(webm, ms);
}

/* ---- a series ---- */

void recording_picture_name(uint32_t ms, char room[static RECORDING_NAME])
{
    snprintf(room, RECORDING_NAME, "%010lu.png", (unsigned long)ms);
}

bool recording_picture_parse(const char *name, uint32_t *ret_ms)
{
    uint64_t ms = 0;
    for (int i = 0; i < 10; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        ms = 10 * ms + (uint64_t)(name[i] - '0');
    }
    if (strcmp(name + 10, ".png") != 0 || ms > UINT32_MAX)
        return false;
    *ret_ms = (uint32_t)ms;
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct api_recording_picture *x = a, *y = b;
    return (x->ms > y->ms) - (x->ms < y->ms);
}

/* A stream of its own on the folder, from its beginning. */
static DIR *open_dir(int folder_fd)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        recording_fd_close(fd);
    return dir;
}

int recording_pictures_load(int folder_fd, struct api_recording_picture **ret, size_t *ret_n)
{
    DIR *dir = open_dir(folder_fd);
    struct api_recording_picture *list = dir ? calloc(RECORDING_PICTURES_MAX, sizeof *list) : NULL;
    size_t n = 0;
    if (!list) {
        if (dir)
            closedir(dir);
        return dir ? -ENOMEM : -errno;
    }
    for (struct dirent *entry; n < RECORDING_PICTURES_MAX && (entry = readdir(dir));) {
        struct stat st;
        if (recording_picture_parse(entry->d_name, &list[n].ms) &&
            fstatat(folder_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            list[n++].bytes = (uint64_t)st.st_size;
    }
    closedir(dir);
    qsort(list, n, sizeof *list, by_time);
    *ret = list;
    *ret_n = n;
    return 0;
}

uint64_t recording_folder_bytes(int folder_fd)
{
    uint64_t sum = 0;
    struct stat st;
    DIR *dir = open_dir(folder_fd);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (fstatat(folder_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            sum += (uint64_t)st.st_size;
    if (dir)
        closedir(dir);
    return sum;
}

int recording_remove(int parent_fd, const char *id)
{
    _cleanup_close_ int fd = openat(parent_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : open_dir(fd);
    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    unlinkat(fd, RECORDING_NOTE_FILE, 0); /* first: without it there is no recording any more */
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(fd, entry->d_name, 0);
    closedir(dir);
    return unlinkat(parent_fd, id, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* ---- marks ---- */

void recording_mark_write(const struct api_recording_mark *mark, uint8_t room[static RECORDING_MARK_SIZE])
{
    struct wire_writer w = wire_writer_init(room, RECORDING_MARK_SIZE);
    wire_write_le32(&w, mark->ms);
    wire_write_u8(&w, mark->kind);
    wire_write_u8(&w, 0);
    wire_write_le16(&w, mark->width);
    wire_write_le16(&w, mark->height);
    wire_write_le16(&w, 0);
}

static bool read_mark(struct wire_reader *r, struct api_recording_mark *ret)
{
    ret->ms = wire_read_le32(r);
    ret->kind = wire_read_u8(r);
    wire_read_u8(r);
    ret->width = wire_read_le16(r);
    ret->height = wire_read_le16(r);
    wire_read_le16(r);
    return !r->bad && ret->kind <= API_MARK_SIGNAL;
}

int recording_marks_load(int folder_fd, struct api_recording_mark **ret, size_t *ret_n)
{
    struct stat st;
    _cleanup_close_ int fd = recording_file_open(folder_fd, RECORDING_MARKS);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    const size_t most = MIN((size_t)st.st_size / RECORDING_MARK_SIZE, (size_t)MARKS_MAX);
    struct api_recording_mark *list = calloc(most + 1, sizeof *list);
    _cleanup_free_ uint8_t *bytes = malloc(most * RECORDING_MARK_SIZE + 1);
    if (!list || !bytes) {
        free(list);
        return -ENOMEM;
    }
    ssize_t got = pread(fd, bytes, most * RECORDING_MARK_SIZE, 0);
    struct wire_reader r = wire_reader_init(bytes, got > 0 ? (size_t)got : 0);
    size_t n = 0;
    while (n < most && r.left >= RECORDING_MARK_SIZE)
        n += read_mark(&r, &list[n]);
    *ret = list;
    *ret_n = n;
    return 0;
}

uint64_t recording_alive_load(int folder_fd)
{
    uint8_t room[8];
    _cleanup_close_ int fd = recording_file_open(folder_fd, RECORDING_ALIVE);
    if (fd < 0 || pread(fd, room, sizeof room, 0) != (ssize_t)sizeof room)
        return 0;
    struct wire_reader r = wire_reader_init(room, sizeof room);
    return wire_read_le64(&r);
}
