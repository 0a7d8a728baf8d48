/* What happens to an upload that is whole: its sum is compared, it is unpacked, recognised and gets its name. A piece
 * at a time, so that blocks of drives are not kept waiting. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/text.h"
#include "media/hex.h"
#include "media/unpack.h"
#include "media/upload_internal.h"

#define PIECE (4u << 20)
#define ROOM (256u << 10)
#define HOLE (64u << 10) /* zeros of this length are not written: images are full of them */

enum step { SUM, UNPACK, ADOPT, OVER };

struct upload_finish {
    enum step step;
    int error; /* with step OVER */
    uint8_t in[ROOM], out[ROOM];
    struct unpack *unpack;
    uint64_t in_at, out_at;
    size_t in_size, in_used;
    int image_fd; /* ID.image */
    EVP_MD_CTX *image_digest;
};

struct upload_finish *upload_finish_free(struct upload_finish *self)
{
    if (!self)
        return NULL;
    unpack_destroy(self->unpack);
    EVP_MD_CTX_free(self->image_digest);
    if (self->image_fd >= 0)
        close(self->image_fd);
    free(self);
    return NULL;
}

static int fail(struct upload *upload, int error, const char *words)
{
    snprintf(upload->saving.why, sizeof upload->saving.why, "%.150s %s", upload->saving.given, words);
    return error;
}

static ssize_t read_part(const struct upload *upload, uint64_t at, void *room, size_t size)
{
    ssize_t n = pread(upload->fd, room, (size_t)MIN((uint64_t)size, upload->record.size - at), (off_t)at);
    return n < 0 ? -errno : n;
}

/* A state that says `adopting` without an image means that the library has it: so the word goes before the image. */
static int disown_image(struct upload *upload)
{
    if (!upload->saving.adopting)
        return 0;
    upload->saving.adopting = false;
    return upload_save(upload->owner->folder_fd, upload->id, &upload->saving);
}

static int unpack_begin(struct upload *upload, enum image_format format)
{
    struct upload_finish *self = upload->finish;
    char name[64];
    int r = disown_image(upload);
    if (r < 0)
        return r;
    upload_file_name(upload->id, "image", name);
    unlinkat(upload->owner->folder_fd, name, 0);
    self->image_fd = openat(upload->owner->folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (self->image_fd < 0)
        return -errno;
    self->image_digest = EVP_MD_CTX_new();
    if (!self->image_digest || !EVP_DigestInit_ex(self->image_digest, EVP_sha256(), NULL))
        return -ENOMEM;
    self->step = UNPACK;
    return unpack_create(format, UPLOAD_UNPACK_RATIO, &self->unpack);
}

/* What arrived is what was announced; is it packed? */
static int sum_end(struct upload *upload)
{
    struct upload_record *r = &upload->saving;
    uint8_t sum[32], first[8];
    char text[65];
    if (!EVP_DigestFinal_ex(upload->digest, sum, NULL))
        return -EIO;
    upload->digested = 0;
    EVP_MD_CTX_free(upload->digest);
    upload->digest = NULL;
    hex_text(sum, sizeof sum, text);
    if (r->wanted[0] && strcmp(text, r->wanted) != 0)
        return fail(upload, -EBADMSG, "did not arrive as it was announced: its SHA-256 is another. Upload it again.");
    memcpy(r->sha256, text, sizeof text);
    upload->finish->step = ADOPT;
    if (r->keep_packed || r->folder[0])
        return 0;
    ssize_t n = read_part(upload, 0, first, sizeof first);
    enum image_format format = n < 0 ? IMAGE_UNKNOWN : unpack_format(first, (size_t)n);
    return n < 0 ? (int)n : format == IMAGE_UNKNOWN ? 0 : unpack_begin(upload, format);
}

/* What was not digested while it arrived, because we were started anew, is read once. */
static int sum(struct upload *upload)
{
    struct upload_finish *self = upload->finish;
    int r = upload_open_part(upload);
    if (r < 0)
        return r;
    if (!upload->digest) {
        upload->digested = 0;
        upload->digest = EVP_MD_CTX_new();
        if (!upload->digest || !EVP_DigestInit_ex(upload->digest, EVP_sha256(), NULL))
            return -ENOMEM;
    }
    for (uint64_t end = upload->digested + PIECE; upload->digested < upload->record.size;) {
        if (upload->digested >= end)
            return 0;
        ssize_t n = read_part(upload, upload->digested, self->in, sizeof self->in);
        if (n <= 0)
            return n < 0 ? (int)n : fail(upload, -EIO, "is shorter than what arrived. Upload it again.");
        if (!EVP_DigestUpdate(upload->digest, self->in, (size_t)n))
            return -EIO;
        upload->digested += (uint64_t)n;
    }
    return sum_end(upload);
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
    return size && !bytes[0] && !memcmp(bytes, bytes + 1, size - 1);
}

static int write_image(struct upload_finish *self, size_t size)
{
    if (size && !EVP_DigestUpdate(self->image_digest, self->out, size))
        return -EIO;
    for (size_t at = 0; at < size;) {
        const size_t n = MIN((size_t)HOLE, size - at);
        ssize_t written = all_zero(self->out + at, n)
                              ? (ssize_t)n
                              : pwrite(self->image_fd, self->out + at, n, (off_t)(self->out_at + at));
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        at += (size_t)written;
    }
    self->out_at += size;
    return 0;
}

static int unpack_words(struct upload *upload, int error)
{
    switch (-error) {
    case EBADMSG:
        return fail(upload, error, "cannot be unpacked: it is broken, cut short, or something stands behind its end.");
    case EFBIG:
        return fail(upload, error, "needs more memory to unpack than the gateway gives. Unpack it before the upload.");
    case E2BIG:
        return fail(upload, error,
                    "grows beyond all measure when unpacked. Unpack it before the upload if that is "
                    "right.");
    default:
        return error;
    }
}

static int unpack_end(struct upload *upload)
{
    struct upload_finish *self = upload->finish;
    uint8_t sum_bytes[32];
    if (!self->out_at)
        return fail(upload, -EBADMSG, "is empty when unpacked.");
    if (ftruncate(self->image_fd, (off_t)self->out_at) < 0)
        return -errno;
    if (!EVP_DigestFinal_ex(self->image_digest, sum_bytes, NULL))
        return -EIO;
    hex_text(sum_bytes, sizeof sum_bytes, upload->saving.sha256);
    upload->saving.unpacked = true;
    self->step = ADOPT;
    return 0;
}

static int fill_in(struct upload *upload)
{
    struct upload_finish *self = upload->finish;
    if (self->in_used < self->in_size || self->in_at == upload->record.size)
        return 0;
    ssize_t n = read_part(upload, self->in_at, self->in, sizeof self->in);
    if (n <= 0)
        return n < 0 ? (int)n : -EIO;
    self->in_at += (uint64_t)n;
    self->in_size = (size_t)n;
    self->in_used = 0;
    return 0;
}

static int unpack(struct upload *upload)
{
    struct upload_finish *self = upload->finish;
    uint64_t available, total;
    int r = library_space(upload->owner->library, &available, &total);
    if (r == 0 && available < PIECE)
        return -ENOSPC;
    for (size_t taken = 0, given = 0; r == 0 && taken < PIECE && given < PIECE;) {
        r = fill_in(upload);
        if (r < 0)
            return r;
        struct unpack_step step = {.in = self->in + self->in_used,
                                   .in_size = self->in_size - self->in_used,
                                   .last = self->in_at == upload->record.size,
                                   .out = self->out,
                                   .out_size = sizeof self->out};
        const size_t before = self->in_used;
        r = unpack_run(self->unpack, &step);
        self->in_used = (size_t)(step.in - self->in);
        taken += self->in_used - before;
        given += sizeof self->out - step.out_size;
        int w = write_image(self, sizeof self->out - step.out_size);
        if (w < 0)
            return w;
    }
    atomic_store(&upload->unpacked, self->out_at);
    return r < 0 ? unpack_words(upload, r) : r > 0 ? unpack_end(upload) : 0;
}

static bool read_result(void *data, uint64_t offset, void *room, size_t size)
{
    const int fd = *(const int *)data;
    for (size_t at = 0; at < size;) {
        ssize_t n = pread(fd, (char *)room + at, size - at, (off_t)(offset + at));
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static int adopt(struct upload *upload)
{
    struct upload_finish *self = upload->finish;
    struct upload_record *r = &upload->saving;
    struct uploads *owner = upload->owner;
    struct library_facts facts = {0};
    char file[64], part[64], got[256];
    int fd = r->unpacked ? self->image_fd : upload->fd;
    const uint64_t size = r->unpacked ? self->out_at : r->size;
    upload_file_name(upload->id, "part", part);
    upload_file_name(upload->id, r->unpacked ? "image" : "part", file);
    if (ftruncate(fd, (off_t)size) < 0) /* gives back blocks that were taken behind its end */
        return -errno;
    recognise(size, read_result, &fd, &facts.image);
    memcpy(facts.sha256, r->sha256, sizeof facts.sha256);
    upload_record_name(r, r->unpacked, r->name);
    r->adopting = true;
    int e = upload_save(owner->folder_fd, upload->id, r);
    e = e < 0 ? e
              : library_adopt(owner->library, owner->folder_fd, file, r->folder[0] ? r->folder : NULL, r->name,
                              r->replace, got);
    r->adopting = false;
    if (e < 0)
        return e;
    text_copy(r->name, sizeof r->name, got);
    if (!r->folder[0])
        library_facts_keep(owner->library, got, &facts); /* else they are looked for when somebody asks */
    if (r->unpacked)
        unlinkat(owner->folder_fd, part, 0);
    r->phase = UPLOAD_DONE;
    r->touched = (uint64_t)time(NULL);
    r->why[0] = 0;
    upload_save(owner->folder_fd, upload->id, r); /* else the next start finds out */
    self->step = OVER;
    return 0;
}

/* It is over, badly. What can be tried again keeps its bytes. */
static void give_up(struct upload *upload, int error)
{
    struct upload_record *r = &upload->saving;
    struct uploads *owner = upload->owner;
    char name[64];
    const bool again = error == -ENOSPC || error == -EDQUOT || error == -EBUSY || error == -ENOMEM;
    r->phase = again ? UPLOAD_ARRIVING : UPLOAD_FAILED;
    r->unpacked = r->adopting = false;
    r->name[0] = r->sha256[0] = 0;
    if (error == -EBUSY)
        fail(upload, error, "is here, but the image it replaces is in use. Eject that and resume the upload.");
    else if (again)
        fail(upload, error,
             error == -ENOMEM ? "is here, but there is no memory to finish it. Resume the upload later."
                              : "is here, but there is no room to finish it. Remove images and resume "
                                "the upload.");
    else if (!r->why[0])
        snprintf(r->why, sizeof r->why, "%.150s cannot be stored: %s.", r->given, strerrordesc_np(-error));
    if (!again)
        r->touched = (uint64_t)time(NULL);
    if (upload_save(owner->folder_fd, upload->id, r) == 0) { /* else the next start needs both */
        upload_file_name(upload->id, "image", name);
        unlinkat(owner->folder_fd, name, 0);
        upload_file_name(upload->id, "part", name);
        if (!again)
            unlinkat(owner->folder_fd, name, 0);
    }
    upload->finish->step = OVER;
    upload->finish->error = error;
}

static void finish_work(struct upload_job *job)
{
    static int (*const steps[])(struct upload *) = {[SUM] = sum, [UNPACK] = unpack, [ADOPT] = adopt};
    struct upload *upload = container_of(job, struct upload, job);
    int r = steps[upload->finish->step](upload);
    if (r < 0)
        give_up(upload, r);
}

static void finish_done(struct upload_job *job)
{
    struct upload *upload = container_of(job, struct upload, job);
    if (!upload->owner) {
        upload_free(upload);
        return;
    }
    const bool over = upload->finish->step == OVER;
    if (!over && job->worked && uploads_submit(upload->owner, job) == 0)
        return;
    upload->busy = false;
    if (!over) /* the pool has ended; the next start goes on */
        return;
    upload->record = upload->saving;
    upload->finish = upload_finish_free(upload->finish);
    if (upload->record.phase == UPLOAD_DONE)
        log_info("uploads", "%s is in the library, %llu bytes arrived", upload->record.name,
                 (unsigned long long)upload->record.size);
    else
        log_warn("uploads", "%s", upload->record.why);
    if (upload->fd >= 0)
        close(take_fd(&upload->fd));
}

void upload_finish_begin(struct upload *self)
{
    if (self->record.phase == UPLOAD_DONE || self->record.phase == UPLOAD_FAILED || self->busy)
        return;
    atomic_store(&self->unpacked, 0);
    self->finish = calloc(1, sizeof *self->finish);
    if (!self->finish) {
        text_copy(self->record.why, sizeof self->record.why, "There is no memory to finish it. Resume the upload.");
        return;
    }
    self->finish->image_fd = -1;
    self->record.phase = UPLOAD_FINISHING;
    self->record.why[0] = 0;
    self->saving = self->record;
    self->job.work = finish_work;
    self->job.done = finish_done;
    self->busy = uploads_submit(self->owner, &self->job) == 0;
    if (!self->busy) {
        self->finish = upload_finish_free(self->finish);
        self->record.phase = UPLOAD_ARRIVING; /* whoever resumes it tries again */
    }
}
