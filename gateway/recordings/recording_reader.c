/* What of a recording is read: its files, and a whole series as one tar archive that is made while it is read. On the
 * I/O pool. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/ustar.h"
#include "gateway/recordings/recording_files.h"
#include "gateway/recordings/recordings_inner.h"

#define PIECE (64u << 10)

struct api_recording_reader {
    struct recordings *owner;
    enum api_recording_part part;
    uint32_t picture;
    struct api_recording recording; /* as it was when it was opened */
    int folder_fd, fd;
    uint64_t size;
    char tag[80];

    /* of an archive: where each file's head begins, and the end's */
    struct api_recording_picture *pictures;
    uint64_t *begins;
    size_t n_pictures;

    bool busy, closed;
    int error;
    api_recording_open_fn *opened;
    api_recording_read_fn *done;
    void *data;
    uint64_t at;
    size_t wanted;
    uint8_t room[PIECE];
};

static void reader_free(struct api_recording_reader *self)
{
    recording_fd_close(self->fd);
    recording_fd_close(self->folder_fd);
    free(self->pictures);
    free(self->begins);
    free(self);
}

/* ---- opening ---- */

static int open_file(struct api_recording_reader *self, const char *name)
{
    struct stat st;
    self->fd = recording_file_open(self->folder_fd, name);
    if (self->fd < 0)
        return self->fd;
    if (fstat(self->fd, &st) < 0)
        return -errno;
    self->size = (uint64_t)st.st_size;
    /* one that grows has other bytes at each look */
    snprintf(self->tag, sizeof self->tag, "\"%llx-%llx-%lx\"", (unsigned long long)st.st_size,
             (unsigned long long)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec);
    return 0;
}

static int open_archive(struct api_recording_reader *self)
{
    int r = recording_pictures_load(self->folder_fd, &self->pictures, &self->n_pictures);
    if (r < 0)
        return r;
    self->begins = calloc(self->n_pictures + 1, sizeof *self->begins);
    if (!self->begins)
        return -ENOMEM;
    for (size_t i = 0; i < self->n_pictures; i++)
        self->begins[i + 1] = self->begins[i] + ustar_room(self->pictures[i].bytes);
    self->size = self->begins[self->n_pictures] + USTAR_END;
    snprintf(self->tag, sizeof self->tag, "\"tar-%llx-%zx\"", (unsigned long long)self->size, self->n_pictures);
    return self->n_pictures ? 0 : -ENOENT;
}

static void open_work(void *data)
{
    struct api_recording_reader *self = data;
    char name[RECORDING_NAME];
    switch (self->part) {
    case API_RECORDING_VIDEO:
        self->error = open_file(self, RECORDING_VIDEO);
        break;
    case API_RECORDING_POSTER:
        self->error = open_file(self, RECORDING_POSTER);
        break;
    case API_RECORDING_PICTURE:
        recording_picture_name(self->picture, name);
        self->error = open_file(self, name);
        break;
    case API_RECORDING_TAR:
        self->error = open_archive(self);
        break;
    }
    if (self->error == 0 && !self->size)
        self->error = -ENOENT;
}

static void open_done(void *data)
{
    struct api_recording_reader *self = data;
    api_recording_open_fn *opened = self->opened;
    void *who = self->data;
    self->busy = false;
    if (self->error < 0) {
        const int error = self->error;
        reader_free(self);
        opened(who, error, NULL, 0, "");
    } else {
        opened(who, 0, self, self->size, self->tag);
    }
}

void recording_reader_open(void *context, const char *id, enum api_recording_part part, uint32_t picture,
                           api_recording_open_fn *done, void *data)
{
    struct recordings *owner = context;
    const struct api_recording *entry = recordings_ops.find(owner, id);
    struct api_recording_reader *self = entry ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        done(data, entry ? -ENOMEM : -ENOENT, NULL, 0, "");
        return;
    }
    self->owner = owner;
    self->part = part;
    self->picture = picture;
    self->recording = *entry;
    self->fd = -1;
    self->opened = done;
    self->data = data;
    self->busy = true;
    self->error = -ECANCELED; /* unless it was at work */
    self->folder_fd = openat(owner->config.folder_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (self->folder_fd < 0 || worker_pool_submit(owner->config.io, open_work, open_done, self) < 0)
        open_done(self);
}

/* ---- reading ---- */

/* Where in the archive: the picture whose head or bytes stand there; n_pictures: the end. */
static size_t archive_find(const struct api_recording_reader *self, uint64_t at)
{
    size_t low = 0, high = self->n_pictures;
    while (low < high) {
        const size_t middle = (low + high + 1) / 2;
        if (self->begins[middle] <= at)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* In an archive pictures are named by when they were taken, in UTC. */
static void archive_head(const struct api_recording_reader *self, size_t i, uint8_t room[static USTAR_BLOCK])
{
    const uint64_t ms = self->recording.began_ms + self->pictures[i].ms;
    const time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char when[40] = "", name[USTAR_NAME_MAX + 1];
    if (gmtime_r(&seconds, &tm))
        strftime(when, sizeof when, "%Y%m%dT%H%M%S", &tm);
    snprintf(name, sizeof name, "%.40s-%.8s/%s.%03uZ.png", self->recording.target, self->recording.id, when,
             (unsigned)(ms % 1000));
    ustar_head(room, name, self->pictures[i].bytes, (int64_t)seconds);
}

static int read_exactly(int fd, uint8_t *room, uint64_t at, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, room + done, size - done, (off_t)(at + done));
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        done += (size_t)n;
    }
    return 0;
}

/* The bytes of one picture, with the zeros behind them. */
static int read_picture(const struct api_recording_reader *self, size_t i, uint64_t at, uint8_t *room, size_t size)
{
    char name[RECORDING_NAME];
    const uint64_t bytes = self->pictures[i].bytes;
    const size_t real = at < bytes ? (size_t)MIN((uint64_t)size, bytes - at) : 0;
    memset(room + real, 0, size - real);
    if (!real)
        return 0;
    recording_picture_name(self->pictures[i].ms, name);
    _cleanup_close_ int fd = recording_file_open(self->folder_fd, name);
    return fd < 0 ? fd : read_exactly(fd, room, at, real);
}

static int read_archive(struct api_recording_reader *self)
{
    for (size_t done = 0; done < self->wanted;) {
        const uint64_t at = self->at + done;
        const size_t i = archive_find(self, at);
        size_t left = self->wanted - done;
        if (i == self->n_pictures) {
            memset(self->room + done, 0, left);
            return 0;
        }
        const uint64_t inside = at - self->begins[i];
        int r = 0;
        if (inside < USTAR_BLOCK) {
            uint8_t head[USTAR_BLOCK];
            archive_head(self, i, head);
            left = MIN(left, (size_t)(USTAR_BLOCK - inside));
            memcpy(self->room + done, head + inside, left);
        } else {
            left = (size_t)MIN((uint64_t)left, self->begins[i + 1] - at);
            r = read_picture(self, i, inside - USTAR_BLOCK, self->room + done, left);
        }
        if (r < 0)
            return r;
        done += left;
    }
    return 0;
}

static void read_work(void *data)
{
    struct api_recording_reader *self = data;
    self->error = self->part == API_RECORDING_TAR ? read_archive(self)
                                                  : read_exactly(self->fd, self->room, self->at, self->wanted);
}

static void read_done(void *data)
{
    struct api_recording_reader *self = data;
    self->busy = false;
    if (self->closed)
        reader_free(self);
    else
        self->done(self->data, self->error, self->room, self->error ? 0 : self->wanted);
}

void recording_reader_read(struct api_recording_reader *self, uint64_t at, size_t size, api_recording_read_fn *done,
                           void *data)
{
    self->done = done;
    self->data = data;
    self->at = at;
    self->wanted = MIN(size, (size_t)PIECE);
    self->error = -ECANCELED;
    self->busy = true;
    if (at + self->wanted > self->size || worker_pool_submit(self->owner->config.io, read_work, read_done, self) < 0) {
        self->busy = false;
        done(data, -EIO, NULL, 0);
    }
}

void recording_reader_close(struct api_recording_reader *self)
{
    if (!self)
        return;
    self->closed = true;
    if (!self->busy)
        reader_free(self);
}

/* ---- marks and pictures ---- */

struct marks_job {
    int folder_fd, error;
    struct api_recording_mark *marks;
    struct api_recording_picture *pictures;
    size_t n_marks, n_pictures;
    bool series;
    api_recording_marks_fn *done;
    void *data;
};

static void marks_work(void *data)
{
    struct marks_job *job = data;
    job->error = recording_marks_load(job->folder_fd, &job->marks, &job->n_marks);
    if (job->error == 0 && job->series)
        job->error = recording_pictures_load(job->folder_fd, &job->pictures, &job->n_pictures);
}

static void marks_done(void *data)
{
    struct marks_job *job = data;
    job->done(job->data, job->error, job->marks, job->n_marks, job->pictures, job->n_pictures);
    recording_fd_close(job->folder_fd);
    free(job->marks);
    free(job->pictures);
    free(job);
}

void recording_reader_marks(void *context, const char *id, api_recording_marks_fn *done, void *data)
{
    struct recordings *owner = context;
    const struct api_recording *entry = recordings_ops.find(owner, id);
    struct marks_job *job = entry ? calloc(1, sizeof *job) : NULL;
    if (!job) {
        done(data, entry ? -ENOMEM : -ENOENT, NULL, 0, NULL, 0);
        return;
    }
    *job = (struct marks_job){.error = -ECANCELED, .series = entry->every_s, .done = done, .data = data};
    job->folder_fd = openat(owner->config.folder_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (job->folder_fd < 0 || worker_pool_submit(owner->config.io, marks_work, marks_done, job) < 0)
        marks_done(job);
}
