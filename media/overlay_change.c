/* Writes and trims of an overlay: blocks first, then the map that tells of them, then the answer. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "media/overlay_internal.h"
#include "media/seal_file.h"

struct job {
    struct overlay_change *change;
    const struct seal *seal;
    int fd, error;
    uint64_t blocks_at; /* of block 0 in the file */
};

static void start_ready(struct overlay *self);

static void end_change(struct overlay_change *change, int error)
{
    struct overlay *self = change->owner;
    source_done_fn *done = change->done;
    void *data = change->data;
    TAILQ_REMOVE(&self->changes, change, link);
    free(change->head);
    free(change->tail);
    free(change);
    done(data, error);
    start_ready(self);
    overlay_unref(self);
}

static int write_blocks(const struct job *job)
{
    const struct overlay_change *c = job->change;
    uint64_t from = c->offset, to = c->offset + c->length;
    int r = 0;
    if (c->head) {
        from = (c->first + 1) * OVERLAY_BLOCK;
        r = seal_file_write(job->seal, job->fd, c->head, OVERLAY_BLOCK, job->blocks_at + c->first * OVERLAY_BLOCK);
    }
    if (r == 0 && c->tail) {
        to = c->last * OVERLAY_BLOCK;
        r = seal_file_write(job->seal, job->fd, c->tail, OVERLAY_BLOCK, job->blocks_at + c->last * OVERLAY_BLOCK);
    }
    if (r == 0 && from < to)
        r = seal_file_write(job->seal, job->fd, c->bytes + (from - c->offset), to - from, job->blocks_at + from);
    return r;
}

static void write_work(void *data)
{
    struct job *job = data;
    job->error = write_blocks(job);
}

/* Only a hint: a file system without holes keeps the bytes, which nobody sees. */
static void punch_work(void *data)
{
    struct job *job = data;
    const struct overlay_change *c = job->change;
    (void)fallocate(job->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    (off_t)(job->blocks_at + c->first * OVERLAY_BLOCK),
                    (off_t)((c->last - c->first + 1) * OVERLAY_BLOCK));
    job->error = 0;
}

static int submit(struct overlay_change *change, worker_fn *work, worker_fn *done)
{
    struct overlay *self = change->owner;
    struct job *job = malloc(sizeof *job);
    if (!job)
        return -ENOMEM;
    *job = (struct job){change, self->file.seal, self->file.fd, -ECANCELED, overlay_at_block(self->file.n_pages, 0)};
    int r = worker_pool_submit(self->io, work, done, job);
    if (r < 0)
        free(job);
    return r;
}

/* True: the map in the file has to follow. */
static bool set_bits(struct overlay_change *change)
{
    struct overlay *self = change->owner;
    bool any = false;
    for (uint64_t block = change->first; block <= change->last; block++) {
        if (overlay_file_has(&self->file, block) != change->trim)
            continue;
        overlay_file_set(&self->file, block, !change->trim);
        self->dirty[block / OVERLAY_MAP_BLOCKS] = true;
        self->n_changed += change->trim ? -1ull : 1;
        any = true;
    }
    return any || self->dirty[change->first / OVERLAY_MAP_BLOCKS] || self->dirty[change->last / OVERLAY_MAP_BLOCKS];
}

static void write_done(void *data)
{
    struct job *job = data;
    struct overlay_change *change = job->change;
    int error = job->error;
    free(job);
    if (!error && set_bits(change))
        overlay_map_add(change->owner, change);
    else
        end_change(change, error);
}

static void punch_done(void *data)
{
    struct job *job = data;
    struct overlay_change *change = job->change;
    free(job);
    end_change(change, 0);
}

void overlay_change_mapped(struct overlay_change *change, int error)
{
    if (error || !change->trim || submit(change, punch_work, punch_done) < 0)
        end_change(change, error);
}

/* What the change brings of a block, over what was there. */
static void merge(const struct overlay_change *c, uint8_t *room, uint64_t block)
{
    uint64_t start = block * OVERLAY_BLOCK;
    uint64_t from = MAX(start, c->offset), to = MIN(start + OVERLAY_BLOCK, c->offset + c->length);
    if (room)
        memcpy(room + (from - start), c->bytes + (from - c->offset), to - from);
}

static void on_there(void *data, int error)
{
    struct overlay_change *change = data;
    if (error && !change->error)
        change->error = error;
    if (--change->n_reading)
        return;
    merge(change, change->head, change->first);
    merge(change, change->tail, change->last);
    if (change->owner->closed && !change->error)
        change->error = -EIO; /* the pool may be gone as well */
    int r = change->error ? change->error : submit(change, write_work, write_done);
    if (r < 0)
        end_change(change, r);
}

static void fill(struct overlay_change *change, uint8_t **ret, uint64_t block)
{
    struct overlay *self = change->owner;
    uint64_t at = block * OVERLAY_BLOCK;
    *ret = calloc(1, OVERLAY_BLOCK);
    if (!*ret) {
        change->error = -ENOMEM;
        return;
    }
    change->n_reading++;
    /* from the file or from below: none that touches this block is under way */
    source_read(&self->source, at, *ret, MIN((uint64_t)OVERLAY_BLOCK, self->source.size - at), on_there, change);
}

/* A block of which only a part is written: blocks are sealed whole. */
static bool lacks(const struct overlay_change *c, uint64_t block)
{
    uint64_t start = block * OVERLAY_BLOCK;
    uint64_t end = MIN(start + OVERLAY_BLOCK, c->owner->source.size);
    return c->offset > start || c->offset + c->length < end;
}

static void start(struct overlay_change *change)
{
    change->begun = true;
    if (change->owner->closed) {
        end_change(change, -EIO);
    } else if (!change->trim) {
        change->n_reading = 1; /* ours */
        if (lacks(change, change->first))
            fill(change, &change->head, change->first);
        if (change->last != change->first && lacks(change, change->last))
            fill(change, &change->tail, change->last);
        on_there(change, 0);
    } else if (set_bits(change)) {
        overlay_map_add(change->owner, change);
    } else {
        end_change(change, 0);
    }
}

/* One that begins after another which touches the same blocks waits, even for one that waits itself. */
static bool may_start(const struct overlay *self, const struct overlay_change *change)
{
    const struct overlay_change *c;
    TAILQ_FOREACH(c, &self->changes, link)
    {
        if (c == change)
            return !change->begun;
        if (c->first <= change->last && change->first <= c->last)
            return false;
    }
    return false;
}

static void start_ready(struct overlay *self)
{
    struct overlay_change *change;
    self->refs++;
    do {
        TAILQ_FOREACH(change, &self->changes, link)
        if (may_start(self, change))
            break;
        if (change)
            start(change);
    } while (change);
    overlay_unref(self);
}

void overlay_change_begin(struct overlay *self, struct overlay_change q)
{
    q.owner = self;
    q.first = q.offset / OVERLAY_BLOCK;
    q.last = (q.offset + q.length - 1) / OVERLAY_BLOCK;
    if (q.trim) {
        uint64_t end = q.offset + q.length;
        q.first = (q.offset + OVERLAY_BLOCK - 1) / OVERLAY_BLOCK;
        q.last = end == self->source.size ? q.last + 1 : end / OVERLAY_BLOCK; /* behind the last, for now */
        if (q.first >= q.last) {
            q.done(q.data, 0); /* no whole block */
            return;
        }
        q.last--;
    }
    struct overlay_change *change = malloc(sizeof *change);
    if (!change) {
        q.done(q.data, -ENOMEM);
        return;
    }
    *change = q;
    self->refs++;
    TAILQ_INSERT_TAIL(&self->changes, change, link);
    if (may_start(self, change))
        start(change);
}
