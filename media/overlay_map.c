/* How an overlay's maps get into its file: the live one before changes are answered, many changes at a time; the safe
 * ones with a flush. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/file_bytes.h"
#include "media/overlay_internal.h"

struct copied {
    uint64_t number;
    struct overlay_page page;
};

/* Pages of either map on their way to the file. */
struct job {
    struct overlay *owner;
    int fd, error;
    bool flush;
    uint64_t n_pages; /* of a map */
    size_t n;
    struct copied pages[];
};

static void next_map(struct overlay *self);
static void next_flush(struct overlay *self);

static int write_page(const struct job *job, const struct copied *copied)
{
    uint8_t bytes[OVERLAY_BLOCK];
    uint64_t at = job->flush ? overlay_at_safe(job->n_pages, copied->page.sequence & 1, copied->number)
                             : overlay_at_live(copied->number);
    overlay_write_page(bytes, copied->number, &copied->page);
    return file_write_all(job->fd, bytes, sizeof bytes, at);
}

static int sync_file(int fd)
{
    return fdatasync(fd) < 0 ? -errno : 0;
}

/* The blocks are on the disk before a safe map tells of them. */
static void job_work(void *data)
{
    struct job *job = data;
    int r = job->flush ? sync_file(job->fd) : 0;
    for (size_t i = 0; i < job->n && r == 0; i++)
        r = write_page(job, &job->pages[i]);
    if (r == 0 && job->flush && job->n)
        r = sync_file(job->fd);
    job->error = r;
}

static struct job *new_job(struct overlay *self, bool flush, const bool *wanted)
{
    size_t n = 0;
    for (uint64_t i = 0; i < self->file.n_pages; i++)
        n += wanted[i];
    struct job *job = malloc(sizeof *job + n * sizeof job->pages[0]);
    if (!job)
        return NULL;
    *job = (struct job){
        .owner = self, .fd = self->file.fd, .error = -ECANCELED, .flush = flush, .n_pages = self->file.n_pages};
    for (uint64_t i = 0; i < self->file.n_pages; i++) {
        if (!wanted[i])
            continue;
        struct copied *copied = &job->pages[job->n++];
        copied->number = i;
        memcpy(copied->page.bits, self->file.live[i].bits, OVERLAY_MAP_BYTES);
        copied->page.sequence = flush ? self->file.safe_sequence[i] + 1 : 1;
    }
    return job;
}

static void mark(const struct job *job, bool *marks, bool value)
{
    for (size_t i = 0; i < job->n; i++)
        marks[job->pages[i].number] = value;
}

static void end_map(struct overlay *self, int error)
{
    struct overlay_change *change;
    self->map_busy = false;
    while ((change = STAILQ_FIRST(&self->map_running))) {
        STAILQ_REMOVE_HEAD(&self->map_running, wait);
        overlay_change_mapped(change, error);
    }
}

static void map_done(void *data)
{
    struct job *job = data;
    struct overlay *self = job->owner;
    if (job->error)
        mark(job, self->dirty, true);
    int error = job->error;
    free(job);
    end_map(self, error);
    next_map(self);
    overlay_unref(self);
}

/* All that wait now are answered by this one writing. */
static void next_map(struct overlay *self)
{
    if (self->map_busy || STAILQ_EMPTY(&self->map_waiting))
        return;
    STAILQ_CONCAT(&self->map_running, &self->map_waiting);
    self->map_busy = true;
    self->refs++;
    struct job *job = new_job(self, false, self->dirty);
    int r = job ? worker_pool_submit(self->io, job_work, map_done, job) : -ENOMEM;
    if (r == 0) {
        mark(job, self->dirty, false);
        return;
    }
    free(job);
    end_map(self, r);
    overlay_unref(self);
}

void overlay_map_add(struct overlay *self, struct overlay_change *change)
{
    STAILQ_INSERT_TAIL(&self->map_waiting, change, wait);
    next_map(self);
}

static void end_flush(struct overlay *self, int error)
{
    struct overlay_flush *flush;
    self->flush_busy = false;
    while ((flush = STAILQ_FIRST(&self->flush_running))) {
        STAILQ_REMOVE_HEAD(&self->flush_running, link);
        if (flush->done)
            flush->done(flush->data, error);
        free(flush);
        overlay_unref(self);
    }
}

static void flush_done(void *data)
{
    struct job *job = data;
    struct overlay *self = job->owner;
    int error = job->error;
    if (error)
        mark(job, self->file.unsafe, true);
    for (size_t i = 0; i < job->n && !error; i++)
        self->file.safe_sequence[job->pages[i].number] = job->pages[i].page.sequence;
    free(job);
    end_flush(self, error);
    next_flush(self);
    overlay_unref(self);
}

static void next_flush(struct overlay *self)
{
    if (self->flush_busy || STAILQ_EMPTY(&self->flush_waiting))
        return;
    STAILQ_CONCAT(&self->flush_running, &self->flush_waiting);
    self->flush_busy = true;
    self->refs++;
    struct job *job = new_job(self, true, self->file.unsafe);
    int r = job ? worker_pool_submit(self->io, job_work, flush_done, job) : -ENOMEM;
    if (r == 0) {
        mark(job, self->file.unsafe, false);
        return;
    }
    free(job);
    end_flush(self, r);
    overlay_unref(self);
}

void overlay_flush_add(struct overlay *self, source_done_fn *done, void *data)
{
    struct overlay_flush *flush = malloc(sizeof *flush);
    if (!flush) {
        if (done)
            done(data, -ENOMEM);
        return;
    }
    *flush = (struct overlay_flush){.done = done, .data = data};
    self->refs++;
    STAILQ_INSERT_TAIL(&self->flush_waiting, flush, link);
    next_flush(self);
}
