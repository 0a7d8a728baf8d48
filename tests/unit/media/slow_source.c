#include "slow_source.h"

#include <errno.h>
#include <stdlib.h>

#include "core/attrs.h"

struct answer {
    struct slow_source *source;
    struct loop_timer *timer;
    uint64_t offset;
    uint8_t *room;
    size_t length;
    int error;
    source_done_fn *done;
    void *data;
};

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    return x * 0xc4ceb9fe1a85ec53u;
}

uint8_t slow_source_byte(uint64_t seed, uint64_t offset)
{
    return (uint8_t)(mix(seed + offset / 8) >> offset % 8 * 8);
}

static void answer(void *data)
{
    struct answer *a = data;
    for (size_t i = 0; i < a->length; i++)
        a->room[i] = a->error           ? 0xbd
                     : a->source->bytes ? a->source->bytes[a->offset + i]
                                        : slow_source_byte(a->source->seed, a->offset + i);
    loop_timer_remove(a->timer);
    a->source->under_way--;
    a->done(a->data, a->error);
    free(a);
}

static void slow_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                      void *data)
{
    struct slow_source *self = container_of(source, struct slow_source, source);
    uint64_t chance = mix(self->seed ^ mix(self->reads + 1));
    struct answer *a = malloc(sizeof *a);
    if (!a || self->closed)
        abort();
    *a = (struct answer){self, NULL, offset, room, length, (chance & 0xffff) < self->fail ? -EIO : 0, done, data};
    if (self->reads < ARRAY_SIZE(self->order))
        self->order[self->reads] = offset;
    self->reads++;
    self->under_way++;
    self->most_under_way = MAX(self->most_under_way, self->under_way);
    if (!self->delay_us) {
        answer(a);
        return;
    }
    if (loop_timer_add(self->loop, answer, a, &a->timer) < 0)
        abort();
    loop_timer_arm_in(a->timer, (chance >> 16) % self->delay_us);
}

static void slow_close(struct source *source)
{
    container_of(source, struct slow_source, source)->closed++;
}

static const struct source_ops ops = {.name = "slow", .read = slow_read, .close = slow_close};

void slow_source_init(struct slow_source *self, struct loop *loop, uint64_t size, uint64_t seed)
{
    *self = (struct slow_source){.source = {&ops, size, true}, .loop = loop, .seed = seed, .delay_us = 3000};
}
