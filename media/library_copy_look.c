/* Finds out which ranges firmware reads first: recognises the image from the blocks that are there, asks for those that
 * it missed, and begins anew once they have come. Rounds and blocks are bounded, as is what recognising reads. */
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "media/library_copy_internal.h"

#define ROUNDS 64

struct look {
    struct library_copy *copy;
    uint64_t *have; /* as it was when the round began: the pool's thread must not look at what changes */
    uint64_t missing[COPY_WANTED];
    unsigned n_missing;
    bool worked;
    struct image_facts facts;
};

static bool there(const struct look *look, uint64_t block)
{
    return look->have[block / 64] >> block % 64 & 1;
}

static bool read_there(void *data, uint64_t offset, void *room, size_t size)
{
    struct look *look = data;
    bool all = true;
    for (uint64_t block = offset / COPY_BLOCK; block <= (offset + size - 1) / COPY_BLOCK; block++) {
        if (there(look, block))
            continue;
        all = false;
        if (look->n_missing < COPY_WANTED)
            look->missing[look->n_missing++] = block;
    }
    return all && copy_read_all(look->copy->fd, room, size, offset) == 0;
}

static void look_work(void *data)
{
    struct look *look = data;
    look->worked = true;
    recognise(look->copy->map.size, read_there, look, &look->facts);
}

static void look_free(struct look *look)
{
    if (look)
        free(look->have);
    free(look);
}

static void look_done(void *data)
{
    struct look *look = data;
    struct library_copy *self = look->copy;
    struct copy_order *order = &self->order;
    self->looking = false;
    order->n_wanted = look->worked ? look->n_missing : 0;
    memcpy(order->wanted, look->missing, sizeof order->wanted);
    memcpy(order->ranges, look->facts.ranges, sizeof order->ranges);
    order->n_ranges = look->facts.n_ranges;
    self->looked = !order->n_wanted || ++self->look_rounds == ROUNDS;
    if (self->looked)
        order->n_wanted = 0;
    look_free(look);
    copy_pump(self);
    copy_unref(self);
}

static bool wanted_are_there(const struct library_copy *self)
{
    for (unsigned i = 0; i < self->order.n_wanted; i++)
        if (!copy_map_has(&self->map, self->order.wanted[i]))
            return false;
    return true;
}

void copy_look(struct library_copy *self)
{
    if (self->looking || self->looked || self->phase != COPY_RUNNING || !wanted_are_there(self))
        return;
    size_t words = (self->map.n_blocks + 63) / 64;
    struct look *look = calloc(1, sizeof *look);
    if (look && (look->have = malloc(words * sizeof *look->have))) {
        memcpy(look->have, self->map.have, words * sizeof *look->have);
        look->copy = self;
        self->looking = copy_submit(self, look_work, look_done, look) == 0;
    }
    if (!self->looking) {
        look_free(look);
        self->looked = true; /* the order is only a wish */
    }
}
