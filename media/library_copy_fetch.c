/* Blocks on their way: from below into memory, to whom waits for them, then into the file. */
#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "media/library_copy_internal.h"

#define SPARE 16

struct copy_fetch *copy_fetch_find(const struct library_copy *self, uint64_t block)
{
    struct copy_fetch *fetch = self->fetches;
    while (fetch && fetch->block != block)
        fetch = fetch->next;
    return fetch;
}

static struct copy_fetch *fetch_new(struct library_copy *self)
{
    struct copy_fetch *fetch = self->spare;
    if (!fetch)
        return malloc(sizeof *fetch);
    self->spare = fetch->next;
    self->n_spare--;
    return fetch;
}

static void fetch_end(struct copy_fetch *fetch)
{
    struct library_copy *self = fetch->copy;
    *fetch->link = fetch->next;
    if (fetch->next)
        fetch->next->link = fetch->link;
    self->n_fetches--;
    if (self->n_spare < SPARE) {
        fetch->next = self->spare;
        self->spare = fetch;
        self->n_spare++;
    } else {
        free(fetch);
    }
    copy_pump(self);
    copy_unref(self);
}

void copy_fetch_free_spare(struct library_copy *self)
{
    while (self->spare) {
        struct copy_fetch *fetch = self->spare;
        self->spare = fetch->next;
        free(fetch);
    }
}

static void write_work(void *data)
{
    struct copy_fetch *fetch = data;
    fetch->error = copy_write_all(fetch->copy->fd, fetch->bytes, fetch->length, fetch->block * COPY_BLOCK);
}

static void write_done(void *data)
{
    struct copy_fetch *fetch = data;
    struct library_copy *self = fetch->copy;
    if (fetch->error) {
        copy_map_give_up(&self->map, fetch->block);
        copy_stop(self, fetch->error);
    } else {
        copy_map_set(&self->map, fetch->block);
    }
    if (self->map.n_have == self->map.n_blocks)
        copy_finish(self);
    fetch_end(fetch);
}

static bool keeping(const struct library_copy *self)
{
    return self->phase == COPY_PREPARING || self->phase == COPY_RUNNING;
}

static void keep(struct copy_fetch *fetch)
{
    struct library_copy *self = fetch->copy;
    fetch->error = -ECANCELED; /* stays, should the pool end before the job begins */
    if (keeping(self) && worker_pool_submit(self->io, write_work, write_done, fetch) == 0)
        return;
    copy_map_give_up(&self->map, fetch->block);
    fetch_end(fetch);
}

static void hand_out(struct copy_fetch *fetch, int error)
{
    while (fetch->parts) {
        struct copy_part *part = fetch->parts;
        fetch->parts = part->next;
        copy_part_done(part, fetch, error);
    }
}

/* Rests for longer each time: who waits for a block asks anew, the background does not press. */
static void background_failed(struct library_copy *self)
{
    unsigned shift = self->failures < 5 ? self->failures++ : 5;
    self->not_before = clock_now_us() + (1000000ull << shift);
}

static void arrived(void *data, int error)
{
    struct copy_fetch *fetch = data;
    struct library_copy *self = fetch->copy;
    *(fetch->background ? &self->n_background : &self->n_foreground) -= 1;
    fetch->arrived = true;
    if (error) {
        copy_map_give_up(&self->map, fetch->block);
        background_failed(self);
        /* out of the list first: who hears of the error may ask for the block again */
        struct copy_part *parts = fetch->parts;
        fetch->parts = NULL;
        fetch->block = UINT64_MAX;
        for (struct copy_part *part = parts, *next; part; part = next) {
            next = part->next;
            copy_part_done(part, fetch, error);
        }
        fetch_end(fetch);
        return;
    }
    self->failures = 0;
    self->not_before = 0;
    hand_out(fetch, 0);
    keep(fetch);
}

int copy_fetch_start(struct library_copy *self, uint64_t block, struct copy_part *part)
{
    struct copy_fetch *fetch = fetch_new(self);
    if (!fetch)
        return -ENOMEM;
    fetch->copy = self;
    fetch->block = block;
    fetch->length = copy_map_length(&self->map, block);
    fetch->background = !part;
    fetch->arrived = false;
    fetch->parts = part;
    fetch->next = self->fetches;
    fetch->link = &self->fetches;
    if (fetch->next)
        fetch->next->link = &fetch->next;
    self->fetches = fetch;
    self->n_fetches++;
    *(fetch->background ? &self->n_background : &self->n_foreground) += 1;
    copy_map_take(&self->map, block);
    copy_ref(self);
    source_read(self->below, block * COPY_BLOCK, fetch->bytes, fetch->length, arrived, fetch);
    return 0;
}
