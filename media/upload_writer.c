/* Bytes of one request on their way into an upload: while a job writes one buffer the next one fills. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "media/upload_internal.h"

#define FILL (512u << 10)      /* from here on the peer waits */
#define SAVE_BYTES (16u << 20) /* what a kill costs at most, without a closed writer */
#define SAVE_US 1000000u

struct buffer {
    uint8_t *bytes;
    size_t size, room;
};

struct upload_writer {
    struct upload *upload;          /* NULL: uploads were destroyed */
    struct buffer filling, writing; /* the loop's; the job's */
    uint64_t start, put_to;         /* where the piece begins; where what was put ends */
    int error;
    upload_more_fn *more; /* who waits for room */
    void *more_data;
    bool closing, whole, ending; /* ending: the last job is under way */
    upload_closed_fn *closed;
    void *closed_data;

    /* the job's */
    uint64_t at, saved, saved_us;
    int job_error;
    enum upload_check check;
    uint8_t wanted[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *piece, *before; /* of the piece; the upload's as it was in front of it */
    uint64_t before_digested;
};

static void free_writer(struct upload_writer *self)
{
    EVP_MD_CTX_free(self->piece);
    EVP_MD_CTX_free(self->before);
    free(self->filling.bytes);
    free(self->writing.bytes);
    free(self);
}

static int write_all(int fd, const uint8_t *bytes, size_t size, uint64_t at)
{
    while (size) {
        ssize_t n = pwrite(fd, bytes, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        bytes += n;
        size -= (size_t)n;
        at += (uint64_t)n;
    }
    return 0;
}

/* Forgets what was digested: finishing reads it again. */
static void restart_digest(struct upload *upload)
{
    upload->digested = 0;
    if (!upload->digest)
        upload->digest = EVP_MD_CTX_new();
    if (upload->digest && !EVP_DigestInit_ex(upload->digest, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(upload->digest);
        upload->digest = NULL;
    }
}

/* What was written so far is on the disk, and the state says so. */
static int save(struct upload *upload, struct upload_writer *self)
{
    if (fdatasync(upload->fd) < 0)
        return -errno;
    upload->saving.offset = self->at;
    upload->saving.touched = (uint64_t)time(NULL);
    int r = upload_save(upload->owner->folder_fd, upload->id, &upload->saving);
    if (r < 0)
        return r;
    self->saved = self->at;
    self->saved_us = clock_now_us();
    return 0;
}

static int write_buffer(struct upload *upload, struct upload_writer *self)
{
    const struct buffer *b = &self->writing;
    int r = upload_open_part(upload);
    r = r < 0 ? r : write_all(upload->fd, b->bytes, b->size, self->at);
    if (r < 0)
        return r;
    if (self->piece && !EVP_DigestUpdate(self->piece, b->bytes, b->size))
        return -EIO;
    if (upload->digest && upload->digested == self->at && EVP_DigestUpdate(upload->digest, b->bytes, b->size))
        upload->digested += b->size;
    self->at += b->size;
    if (self->check == UPLOAD_CHECK_NONE &&
        (self->at - self->saved >= SAVE_BYTES || clock_now_us() - self->saved_us >= SAVE_US))
        r = save(upload, self);
    return r;
}

static bool piece_is_right(struct upload_writer *self)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    return self->whole && !self->error && EVP_DigestFinal_ex(self->piece, sum, &size) &&
           !memcmp(sum, self->wanted, size);
}

static void forget_piece(struct upload *upload, struct upload_writer *self)
{
    self->at = self->start;
    upload->digested = self->before_digested;
    if (upload->digest && !EVP_MD_CTX_copy_ex(upload->digest, self->before))
        restart_digest(upload);
}

static void close_piece(struct upload *upload, struct upload_writer *self)
{
    int r = upload_open_part(upload);
    if (r == 0 && self->check != UPLOAD_CHECK_NONE && !piece_is_right(self)) {
        forget_piece(upload, self);
        r = self->error ? self->error : -EBADMSG;
    }
    if (r == 0 || r == -EBADMSG) {
        int saved = self->at == self->saved ? 0 : save(upload, self);
        r = saved < 0 ? saved : r;
    }
    self->job_error = self->error ? self->error : r;
    if (upload->digested > self->saved)
        restart_digest(upload);
}

static void writer_work(struct upload_job *job)
{
    struct upload *upload = container_of(job, struct upload, job);
    struct upload_writer *self = upload->writer;
    if (self->ending)
        close_piece(upload, self);
    else
        self->job_error = write_buffer(upload, self);
}

static void kick(struct upload_writer *self);

static void tell_more(struct upload_writer *self)
{
    if (self->more && (self->error || self->filling.size < FILL)) {
        upload_more_fn *more = take(self->more);
        more(self->more_data, self->error);
    }
}

/* The end of a writer: afterwards it is not there any more. */
static void end(struct upload_writer *self)
{
    struct upload *upload = self->upload;
    struct upload_state state = {0};
    const int error = self->job_error;
    upload_closed_fn *closed = self->closed;
    void *data = self->closed_data;
    upload->writer = NULL;
    upload->record.offset = self->saved;
    upload->record.touched = upload->saving.touched;
    free_writer(self);
    if (upload->record.offset == upload->record.size && error != -ECANCELED)
        upload_finish_begin(upload);
    upload_tell(upload, &state);
    if (closed)
        closed(data, error, &state);
}

static void writer_done(struct upload_job *job)
{
    struct upload *upload = container_of(job, struct upload, job);
    if (!upload->owner) { /* the writer is its holder's */
        upload_free(upload);
        return;
    }
    struct upload_writer *self = upload->writer;
    upload->busy = false;
    if (!job->worked)
        self->job_error = -ECANCELED;
    if (self->ending) {
        end(self);
        return;
    }
    upload_arrived(upload, self->job_error ? 0 : self->writing.size);
    upload->record.offset = self->saved;
    self->writing.size = 0;
    if (self->job_error && !self->error)
        self->error = self->job_error;
    kick(self);
    if (!upload->writer)
        return; /* kick could not go on and ended it */
    tell_more(self);
}

/* The next job, if there is something to do and none is under way. */
static void kick(struct upload_writer *self)
{
    struct upload *upload = self->upload;
    if (upload->busy)
        return;
    if (self->filling.size && !self->error) {
        struct buffer b = self->writing;
        self->writing = self->filling;
        self->filling = b;
        self->filling.size = 0;
    } else if (self->closing) {
        self->ending = true;
    } else {
        return;
    }
    upload->saving = upload->record;
    upload->job.work = writer_work;
    upload->job.done = writer_done;
    int r = uploads_submit(upload->owner, &upload->job);
    upload->busy = r == 0;
    if (r == 0)
        return;
    self->error = r;
    if (self->closing) {
        self->job_error = r;
        end(self);
    }
}

int uploads_write(struct uploads *self, const char *id, uint64_t offset, enum upload_check check,
                  const uint8_t *checksum, struct upload_writer **ret)
{
    struct upload *upload = upload_find(self, id);
    if (!upload)
        return -ENOENT;
    if (upload->record.phase == UPLOAD_FAILED)
        return -EPERM;
    if (upload->writer || upload->busy)
        return -EBUSY;
    if (offset != upload->record.offset || upload->record.phase != UPLOAD_ARRIVING)
        return -ESTALE;
    struct upload_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return -ENOMEM;
    writer->upload = upload;
    writer->start = writer->put_to = writer->at = writer->saved = offset;
    writer->saved_us = clock_now_us();
    writer->check = check;
    if (upload->digested > offset || !upload->digest)
        restart_digest(upload);
    if (check != UPLOAD_CHECK_NONE) {
        const EVP_MD *md = check == UPLOAD_CHECK_SHA1 ? EVP_sha1() : EVP_sha256();
        memcpy(writer->wanted, checksum, (size_t)EVP_MD_get_size(md));
        writer->piece = EVP_MD_CTX_new();
        writer->before = EVP_MD_CTX_new();
        writer->before_digested = upload->digested;
        if (!writer->piece || !writer->before || !EVP_DigestInit_ex(writer->piece, md, NULL) || !upload->digest ||
            !EVP_MD_CTX_copy_ex(writer->before, upload->digest)) {
            free_writer(writer);
            return -ENOMEM;
        }
    }
    upload->record.why[0] = 0;
    upload->writer = writer;
    *ret = writer;
    return 0;
}

static int append(struct buffer *self, const void *bytes, size_t size)
{
    if (size > self->room - self->size) {
        const size_t room = MAX((size_t)FILL + (64u << 10), self->size + size);
        uint8_t *more = realloc(self->bytes, room);
        if (!more)
            return -ENOMEM;
        self->bytes = more;
        self->room = room;
    }
    memcpy(self->bytes + self->size, bytes, size);
    self->size += size;
    return 0;
}

void upload_writer_put(struct upload_writer *self, const void *bytes, size_t size, upload_more_fn *more, void *data)
{
    assert(!self->more && !self->closing);
    if (!self->upload && !self->error)
        self->error = -ECANCELED;
    if (!self->error && size > self->upload->record.size - self->put_to)
        self->error = -EFBIG;
    if (!self->error)
        self->error = append(&self->filling, bytes, size);
    if (!self->error) {
        self->put_to += size;
        kick(self);
    }
    self->more = more;
    self->more_data = data;
    tell_more(self);
}

void upload_writer_close(struct upload_writer *self, bool whole, upload_closed_fn *done, void *data)
{
    self->more = NULL;
    if (!self->upload) {
        const struct upload_state nothing = {0};
        if (done)
            done(data, -ECANCELED, &nothing);
        free_writer(self);
        return;
    }
    self->closing = true;
    self->whole = whole;
    self->closed = done;
    self->closed_data = data;
    kick(self);
}

void upload_writer_gone(struct upload_writer *self)
{
    const struct upload_state nothing = {0};
    self->upload = NULL;
    self->error = -ECANCELED;
    if (!self->closing) {
        tell_more(self);
        return;
    }
    if (self->closed)
        self->closed(self->closed_data, -ECANCELED, &nothing);
    free_writer(self);
}
