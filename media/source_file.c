#include "media/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "core/cleanup.h"
#include "core/ref.h"

/* Far beyond any image: other programs' locks (QEMU's are on single bytes near 100) do not meet ours. */
#define LOCK_BYTE ((off_t)1 << 62)

enum kind { READ, WRITE, FLUSH, TRIM, ZERO, ZERO_KEEP };

/* What is in the page cache is copied at once, up to this length: cheaper than to wake a thread. */
#define AT_ONCE (32u << 10)

struct file {
    struct source source;
    struct ref ref; /* the owner's and one for each request that runs */
    int fd;
    struct worker_pool *io;
    const struct source_file_listener *listener; /* NULL after close */
    void *listener_data;
    struct timespec modified;
    atomic_bool changed; /* set on pool threads, never taken back */
    bool told_changed, told_error;
    bool must_wait; /* this file system cannot say whether a read would wait */
    char name[];
};

struct job {
    struct file *file;
    enum kind kind;
    uint64_t offset, length;
    void *room;
    const void *bytes;
    int error;
    source_done_fn *done;
    void *data;
};

static struct file *file_of(struct source *source)
{
    return container_of(source, struct file, source);
}

static void unref(struct file *self)
{
    if (!ref_put(&self->ref))
        return;
    close(self->fd);
    free(self);
}

/* Pool thread. True when the file is still the one that was opened. */
static bool unchanged(struct file *self)
{
    struct stat st;
    if (fstat(self->fd, &st) < 0)
        return false;
    if ((uint64_t)st.st_size != self->source.size)
        return false;
    return !self->source.read_only ||
           (st.st_mtim.tv_sec == self->modified.tv_sec && st.st_mtim.tv_nsec == self->modified.tv_nsec);
}

static int read_all(int fd, uint8_t *room, uint64_t length, uint64_t offset)
{
    while (length) {
        ssize_t n = pread(fd, room, length, (off_t)offset);
        if (n == 0)
            return -EIO; /* shorter than when it was opened */
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            room += n;
            length -= (uint64_t)n;
            offset += (uint64_t)n;
        }
    }
    return 0;
}

static int write_all(int fd, const uint8_t *bytes, uint64_t length, uint64_t offset)
{
    while (length) {
        ssize_t n = pwrite(fd, bytes, length, (off_t)offset);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            bytes += n;
            length -= (uint64_t)n;
            offset += (uint64_t)n;
        }
    }
    return 0;
}

static int punch(int fd, uint64_t offset, uint64_t length)
{
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length) == 0)
        return 0;
    return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno; /* only a hint */
}

static int write_zeros(int fd, uint64_t length, uint64_t offset)
{
    static const uint8_t zeros[256u << 10];
    int r = 0;
    for (uint64_t n; length && r == 0; length -= n, offset += n) {
        n = MIN(length, (uint64_t)sizeof zeros);
        r = write_all(fd, zeros, n, offset);
    }
    return r;
}

static int zero(int fd, uint64_t offset, uint64_t length, bool keep_room)
{
    int mode = (keep_room ? FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE) | FALLOC_FL_KEEP_SIZE;
    if (fallocate(fd, mode, (off_t)offset, (off_t)length) == 0)
        return 0;
    return errno == EOPNOTSUPP || errno == ENOSYS ? write_zeros(fd, length, offset) : -errno;
}

static int run(struct job *job)
{
    struct file *self = job->file;
    switch (job->kind) {
    case READ:
        return read_all(self->fd, job->room, job->length, job->offset);
    case WRITE:
        return write_all(self->fd, job->bytes, job->length, job->offset);
    case FLUSH:
        return fdatasync(self->fd) < 0 ? -errno : 0;
    case TRIM:
        return punch(self->fd, job->offset, job->length);
    case ZERO:
    case ZERO_KEEP:
        return zero(self->fd, job->offset, job->length, job->kind == ZERO_KEEP);
    }
    return -EINVAL;
}

static void job_work(void *data)
{
    struct job *job = data;
    struct file *self = job->file;
    if (atomic_load(&self->changed)) {
        job->error = -EIO;
        return;
    }
    job->error = run(job);
    /* after the bytes were taken: a change that touched them has moved the time by now */
    if (!unchanged(self)) {
        atomic_store(&self->changed, true);
        job->error = -EIO;
    }
}

static const char *verb(enum kind kind)
{
    return kind == READ ? "read" : "written";
}

static void tell(struct file *self, const struct job *job)
{
    char why[400];
    if (!self->listener || !self->listener->fault)
        return;
    if (atomic_load(&self->changed)) {
        if (self->told_changed)
            return;
        self->told_changed = true;
        snprintf(why, sizeof why, "The image %s was changed while it was inserted. Eject it and insert it again.",
                 self->name);
    } else {
        if (self->told_error)
            return;
        self->told_error = true;
        snprintf(why, sizeof why, "The image %s could not be %s at byte %llu: %s.", self->name, verb(job->kind),
                 (unsigned long long)job->offset, strerrordesc_np(-job->error));
    }
    self->listener->fault(self->listener_data, why);
}

static void job_done(void *data)
{
    struct job *job = data;
    struct file *self = job->file;
    if (job->error < 0 && job->error != -ECANCELED)
        tell(self, job);
    job->done(job->data, job->error);
    free(job);
    unref(self);
}

static void submit(struct source *source, struct job request)
{
    struct file *self = file_of(source);
    struct job *job = malloc(sizeof *job);
    if (!job) {
        request.done(request.data, -ENOMEM);
        return;
    }
    *job = request;
    job->file = self;
    job->error = -ECANCELED; /* stays, should the pool end before the job begins */
    if (worker_pool_submit(self->io, job_work, job_done, job) < 0) {
        free(job);
        request.done(request.data, -ENOMEM);
        return;
    }
    ref_get(&self->ref);
}

/* False: the bytes are not here, or not to be trusted, for which a pool thread will find the words. */
static bool read_cached(struct file *self, uint64_t offset, void *room, size_t length)
{
    if (length > AT_ONCE || self->must_wait || atomic_load(&self->changed))
        return false;
    struct iovec piece = {room, length};
    ssize_t n = preadv2(self->fd, &piece, 1, (off_t)offset, RWF_NOWAIT);
    if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        self->must_wait = true;
    return n == (ssize_t)length && unchanged(self);
}

static void file_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                      void *data)
{
    if (read_cached(file_of(source), offset, room, length)) {
        done(data, 0);
        return;
    }
    submit(source,
           (struct job){.kind = READ, .offset = offset, .length = length, .room = room, .done = done, .data = data});
}

static void file_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                       void *data)
{
    submit(source,
           (struct job){.kind = WRITE, .offset = offset, .length = length, .bytes = bytes, .done = done, .data = data});
}

static void file_flush(struct source *source, source_done_fn *done, void *data)
{
    submit(source, (struct job){.kind = FLUSH, .done = done, .data = data});
}

static void file_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    submit(source, (struct job){.kind = TRIM, .offset = offset, .length = length, .done = done, .data = data});
}

static void file_zero(struct source *source, uint64_t offset, uint64_t length, bool keep_room, source_done_fn *done,
                      void *data)
{
    submit(source,
           (struct job){
               .kind = keep_room ? ZERO_KEEP : ZERO, .offset = offset, .length = length, .done = done, .data = data});
}

static void file_close(struct source *source)
{
    struct file *self = file_of(source);
    self->listener = NULL;
    unref(self);
}

static const struct source_ops file_ops = {
    .name = "file",
    .read = file_read,
    .write = file_write,
    .flush = file_flush,
    .trim = file_trim,
    .zero = file_zero,
    .close = file_close,
};

/* Only -EBUSY counts: a file system without locks must not keep an image from being served. */
static int lock(int fd, bool read_only)
{
    struct flock range = {
        .l_type = read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1};
    if (fcntl(fd, F_OFD_SETLK, &range) < 0 && (errno == EAGAIN || errno == EACCES))
        return -EBUSY;
    return 0;
}

static int check(int fd, bool read_only, struct stat *ret)
{
    if (fstat(fd, ret) < 0)
        return -errno;
    if (S_ISDIR(ret->st_mode))
        return -EISDIR;
    if (!S_ISREG(ret->st_mode))
        return -EINVAL;
    if (ret->st_size == 0)
        return -ENODATA;
    return lock(fd, read_only);
}

int source_file_create(int fd, const char *name, bool read_only, struct worker_pool *io,
                       const struct source_file_listener *listener, void *data, struct source **ret)
{
    struct stat st;
    int r = check(fd, read_only, &st);
    if (r < 0)
        return r;
    size_t name_size = strlen(name) + 1;
    struct file *self = calloc(1, sizeof *self + name_size);
    if (!self)
        return -ENOMEM;
    memcpy(self->name, name, name_size);
    ref_init(&self->ref);
    atomic_init(&self->changed, false);
    self->source = (struct source){.ops = &file_ops, .size = (uint64_t)st.st_size, .read_only = read_only};
    self->fd = fd;
    self->io = io;
    self->listener = listener;
    self->listener_data = data;
    self->modified = st.st_mtim;
    *ret = &self->source;
    return 0;
}
