/* The layer: reads are cut into what is in the file, what is on its way and what has to be asked for below. They are
 * given out in the order they came; those for which there is no room wait in a queue. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "media/library_copy_internal.h"

/* Blocks that follow each other in the file. */
struct local {
    struct copy_read *read;
    uint64_t offset;
    size_t length;
    int error;
};

static void release(struct copy_read *read)
{
    struct library_copy *self = read->copy;
    if (--read->pending > 0)
        return;
    read->done(read->data, read->error);
    free(read);
    copy_unref(self);
}

static void fail(struct copy_read *read, int error)
{
    if (!read->error)
        read->error = error;
}

void copy_part_done(struct copy_part *part, const struct copy_fetch *fetch, int error)
{
    struct copy_read *read = part->read;
    if (error)
        fail(read, error);
    else
        memcpy(read->room + (part->offset - read->offset), fetch->bytes + part->offset % COPY_BLOCK, part->length);
    free(part);
    release(read);
}

static void local_work(void *data)
{
    struct local *local = data;
    struct copy_read *read = local->read;
    local->error =
        copy_read_all(read->copy->fd, read->room + (local->offset - read->offset), local->length, local->offset);
}

static void local_done(void *data)
{
    struct local *local = data;
    struct copy_read *read = local->read;
    if (local->error)
        fail(read, local->error);
    free(local);
    release(read);
}

/* Bytes of the read from `at` on that belong to this block. */
static uint32_t of_block(const struct copy_read *read, uint64_t at)
{
    uint64_t end = MIN(read->offset + read->length, (at / COPY_BLOCK + 1) * COPY_BLOCK);
    return (uint32_t)(end - at);
}

static void from_file(struct copy_read *read)
{
    struct library_copy *self = read->copy;
    uint64_t end = read->at, whole = read->offset + read->length;
    while (end < whole && copy_map_has(&self->map, end / COPY_BLOCK))
        end += of_block(read, end);
    struct local *local = malloc(sizeof *local);
    if (local)
        *local = (struct local){read, read->at, end - read->at, -ECANCELED};
    read->at = end;
    if (local && worker_pool_submit(self->io, local_work, local_done, local) == 0) {
        read->pending++;
        return;
    }
    free(local);
    fail(read, -ENOMEM);
}

/* Who waits is told by copy_part_done. */
static int wait_for(struct copy_read *read, struct copy_fetch *fetch, uint64_t block, uint32_t length)
{
    struct library_copy *self = read->copy;
    struct copy_part *part = self->below ? malloc(sizeof *part) : NULL;
    if (!part)
        return self->below ? -ENOMEM : -EIO;
    *part = (struct copy_part){NULL, read, read->at - length, length};
    read->pending++;
    if (fetch) {
        part->next = fetch->parts;
        fetch->parts = part;
        return 0;
    }
    int r = copy_fetch_start(self, block, part);
    if (r < 0) {
        read->pending--;
        free(part);
    }
    return r;
}

/* One block that is not in the file. False: no room; later. */
static bool from_below(struct copy_read *read)
{
    struct library_copy *self = read->copy;
    uint64_t at = read->at, block = at / COPY_BLOCK;
    struct copy_fetch *fetch = copy_fetch_find(self, block);
    if (!fetch && self->n_fetches >= COPY_FETCHES)
        return false;
    uint32_t length = of_block(read, at);
    read->at += length; /* first: the answer may come at once */
    if (fetch && fetch->arrived) {
        memcpy(read->room + (at - read->offset), fetch->bytes + at % COPY_BLOCK, length);
        return true;
    }
    int r = wait_for(read, fetch, block, length);
    if (r < 0)
        fail(read, r);
    return true;
}

/* False: the rest has to wait. */
static bool give_out(struct copy_read *read)
{
    struct library_copy *self = read->copy;
    while (read->at < read->offset + read->length && !read->error) {
        if (copy_map_has(&self->map, read->at / COPY_BLOCK))
            from_file(read);
        else if (!from_below(read))
            return false;
    }
    return true;
}

void copy_pump(struct library_copy *self)
{
    if (self->pumping)
        return; /* whoever pumps goes on */
    self->pumping = true;
    copy_ref(self);
    while (self->queue && give_out(self->queue)) {
        struct copy_read *read = self->queue;
        self->queue = read->next;
        if (!self->queue)
            self->queue_end = &self->queue;
        release(read);
    }
    self->pumping = false;
    copy_background(self);
    copy_unref(self);
}

static bool any_there(const struct library_copy *self, uint64_t offset, uint64_t length)
{
    for (uint64_t block = offset / COPY_BLOCK; block <= (offset + length - 1) / COPY_BLOCK; block++)
        if (copy_map_has(&self->map, block))
            return true;
    return false;
}

static void layer_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                       void *data)
{
    struct library_copy *self = container_of(source, struct library_copy, source);
    if (self->file) {
        source_read(self->file, offset, room, length, done, data);
        return;
    }
    if (self->phase == COPY_STOPPED && self->below && !any_there(self, offset, length)) {
        source_read(self->below, offset, room, length, done, data);
        return;
    }
    struct copy_read *read = malloc(sizeof *read);
    if (!read) {
        done(data, -ENOMEM);
        return;
    }
    *read = (struct copy_read){.copy = self,
                               .offset = offset,
                               .length = length,
                               .at = offset,
                               .room = room,
                               .pending = 1,
                               .done = done,
                               .data = data};
    copy_ref(self);
    *self->queue_end = read;
    self->queue_end = &read->next;
    self->last_foreground = clock_now_us();
    self->order.position = (offset + length) / COPY_BLOCK;
    copy_pump(self);
}

static void layer_close(struct source *source)
{
    struct library_copy *self = container_of(source, struct library_copy, source);
    self->listener = NULL;
    self->closed = true;
    self->tick = loop_timer_remove(self->tick);
    copy_unref(self);
}

static const struct source_ops layer_ops = {.name = "copy", .read = layer_read, .close = layer_close};

int layer_copy_create(struct library_copy *copy, struct source *below, struct source **ret)
{
    if (below->size != copy->map.size || copy->layered)
        return -EINVAL;
    copy->layered = true;
    copy->below = below;
    copy->source = (struct source){.ops = &layer_ops, .size = below->size, .read_only = true};
    *ret = &copy->source;
    if (copy->phase == COPY_COMPLETE)
        copy->below = source_close(copy->below); /* it was all there already */
    else
        copy_pump(copy);
    return 0;
}
