/* Read-ahead over a simulated way with delay and bandwidth, in simulated time. The reader has one request under way, as
 * the kernel's loop and most firmware have: without read-ahead it would get 128 KiB per round trip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "media/cache.h"
#include "media/layers.h"
#include "media/read_ahead_rule.h"

#define MIB (1u << 20)
#define MBIT 125000u /* bytes/s */

static uint64_t now_us;

static uint64_t sim_now(void)
{
    return now_us;
}

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)((offset * 2654435761u) >> 15);
}

struct answer {
    struct answer *next;
    uint64_t at_us, offset;
    uint8_t *room;
    size_t length;
    source_done_fn *done;
    void *data;
};

/* Answers leave the far end one after the other, as fast as the way carries them. */
struct way {
    struct source source;
    uint64_t rate, round_trip_us, free_us;
    struct answer *first, **last;
    uint64_t carried;
};

static void way_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                     void *data)
{
    struct way *self = container_of(source, struct way, source);
    struct answer *answer = malloc(sizeof *answer);
    uint64_t begin_us = MAX(self->free_us, now_us + self->round_trip_us / 2);
    self->free_us = begin_us + length * 1000000 / self->rate;
    self->carried += length;
    *answer = (struct answer){NULL, self->free_us + self->round_trip_us / 2, offset, room, length, done, data};
    *self->last = answer;
    self->last = &answer->next;
}

static void way_close(struct source *source)
{
    (void)source;
}

static const struct source_ops way_ops = {.name = "way", .read = way_read, .close = way_close};

static bool way_go_on(struct way *self)
{
    struct answer *answer = self->first;
    if (!answer)
        return false;
    self->first = answer->next;
    if (!self->first)
        self->last = &self->first;
    now_us = MAX(now_us, answer->at_us);
    for (size_t i = 0; i < answer->length; i++)
        answer->room[i] = byte_at(answer->offset + i);
    source_done_fn *done = answer->done;
    void *data = answer->data;
    free(answer);
    done(data, 0);
    return true;
}

struct sim {
    struct way way;
    struct cache *cache;
    struct source *source;
};

static void sim_begin(struct sim *self, uint64_t size, uint64_t rate, uint64_t round_trip_us, uint64_t most)
{
    struct source *layer;
    struct cache_key key;
    const struct cache_config config = {.memory = 16 * MIB, .folder_fd = -1};
    now_us = 1000000;
    *self = (struct sim){.way = {.source = {.ops = &way_ops, .size = size, .read_only = true},
                                 .rate = rate,
                                 .round_trip_us = round_trip_us}};
    self->way.last = &self->way.first;
    assert_int_equal(cache_create(NULL, &config, &self->cache), 0);
    cache_key_make("sim", NULL, "", &key);
    assert_int_equal(layer_cache_create(self->cache, &key, &self->way.source, &layer), 0);
    assert_int_equal(layer_read_ahead_create_timed(layer, most, sim_now, &self->source), 0);
}

static void sim_end(struct sim *self)
{
    self->source = source_close(self->source);
    while (way_go_on(&self->way))
        ;
    cache_destroy(self->cache);
}

struct reader {
    struct sim *sim;
    uint64_t at, end;
    size_t step;
    bool done;
    uint8_t *room;
};

static void reader_ask(struct reader *self);

static void on_read(void *data, int error)
{
    struct reader *self = data;
    assert_int_equal(error, 0);
    size_t length = MIN(self->step, self->end - self->at);
    for (size_t i = 0; i < length; i += 509)
        assert_int_equal(self->room[i], byte_at(self->at + i));
    self->at += length;
    self->done = true;
}

static void reader_ask(struct reader *self)
{
    self->done = false;
    source_read(self->sim->source, self->at, self->room, MIN(self->step, self->end - self->at), on_read, self);
}

/* One under way each, until all have had everything. Returns how long it took. */
static uint64_t read_all(struct sim *sim, struct reader *readers, unsigned n)
{
    uint64_t begin_us = now_us;
    for (unsigned i = 0; i < n; i++) {
        readers[i].sim = sim;
        readers[i].room = malloc(readers[i].step);
        reader_ask(&readers[i]);
    }
    for (bool busy = true; busy;) {
        busy = false;
        bool asked = false;
        for (unsigned i = 0; i < n; i++) {
            if (readers[i].at < readers[i].end) {
                busy = true;
                if (readers[i].done) {
                    reader_ask(&readers[i]);
                    asked = true;
                }
            }
        }
        if (busy && !asked)
            assert_true(way_go_on(&sim->way));
    }
    for (unsigned i = 0; i < n; i++)
        free(readers[i].room);
    return now_us - begin_us;
}

static double share_of_link(uint64_t size, size_t step, uint64_t rate, uint64_t round_trip_us, uint64_t most)
{
    struct sim sim;
    sim_begin(&sim, size, rate, round_trip_us, most);
    struct reader reader = {.end = size, .step = step};
    uint64_t took_us = read_all(&sim, &reader, 1);
    struct read_ahead_statistics s;
    layer_read_ahead_statistics(sim.source, &s);
    double share = (double)size * 1e6 / (double)took_us / (double)rate;
    print_message("%7zu bytes a read, %4llu Mbit/s, %3llu ms: %.3f of the link, depth %llu KiB, carried %.3f\n", step,
                  (unsigned long long)(rate / MBIT), (unsigned long long)(round_trip_us / 1000), share,
                  (unsigned long long)(s.depth >> 10), (double)sim.way.carried / (double)size);
    assert_true(sim.way.carried <= size + 8 * (uint64_t)READ_AHEAD_PIECE);
    assert_true(s.depth <= most);
    sim_end(&sim);
    return share;
}

static void test_one_reader_fills_a_long_way(void **state)
{
    (void)state;
    assert_true(share_of_link(100 * MIB, 128 << 10, 50 * MBIT, 100000, 8 * MIB) >= 0.9);
    assert_true(share_of_link(100 * MIB, 2 * MIB, 50 * MBIT, 100000, 8 * MIB) >= 0.9);
    assert_true(share_of_link(100 * MIB, 65536, 50 * MBIT, 100000, 8 * MIB) >= 0.9);
    assert_true(share_of_link(100 * MIB, 4096, 50 * MBIT, 100000, 8 * MIB) >= 0.9);
    assert_true(share_of_link(200 * MIB, 128 << 10, 300 * MBIT, 100000, 16 * MIB) >= 0.9);
    assert_true(share_of_link(100 * MIB, 128 << 10, 1000 * MBIT, 2000, 8 * MIB) >= 0.9);
    assert_true(share_of_link(20 * MIB, 128 << 10, 2 * MBIT, 300000, 8 * MIB) >= 0.9);
}

/* A link that is full all the time must not make the depth grow with the queue that the depth makes. */
static void test_the_depth_stays_by_what_the_way_holds(void **state)
{
    (void)state;
    struct sim sim;
    sim_begin(&sim, 400 * MIB, 50 * MBIT, 100000, 64 * MIB);
    struct reader reader = {.end = 400 * MIB, .step = 128 << 10};
    read_all(&sim, &reader, 1);
    struct read_ahead_statistics s;
    layer_read_ahead_statistics(sim.source, &s);
    assert_in_range(s.depth, READ_AHEAD_LEAST, 3 * MIB); /* the way holds 0.6 MiB, and 256 KiB are sent at a time */
    sim_end(&sim);
}

static void test_several_readers_share_the_way(void **state)
{
    (void)state;
    struct sim sim;
    sim_begin(&sim, 200 * MIB, 50 * MBIT, 100000, 8 * MIB);
    struct reader readers[4];
    for (unsigned i = 0; i < 4; i++)
        readers[i] =
            (struct reader){.at = i * 50ull * MIB, .end = i * 50ull * MIB + 25 * MIB, .step = i % 2 ? 65536 : 131072};
    uint64_t took_us = read_all(&sim, readers, 4);
    double share = 100.0 * MIB * 1e6 / (double)took_us / (50.0 * MBIT);
    print_message("4 readers: %.3f of the link\n", share);
    assert_true(share >= 0.9);
    sim_end(&sim);
}

static void test_nothing_is_read_ahead_of_who_jumps_about(void **state)
{
    (void)state;
    struct sim sim;
    uint64_t blocks = 4096, n = 500;
    sim_begin(&sim, blocks * CACHE_BLOCK, 50 * MBIT, 1000, 8 * MIB);
    uint64_t seed = 4711;
    for (unsigned i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t at = (seed >> 33) % blocks * CACHE_BLOCK + 4096;
        struct reader reader = {.at = at, .end = at + 4096, .step = 4096};
        read_all(&sim, &reader, 1);
    }
    assert_true(sim.way.carried <= n * (uint64_t)CACHE_BLOCK);
    sim_end(&sim);
}

static void test_the_end_of_the_medium_is_the_end(void **state)
{
    (void)state;
    assert_true(share_of_link(3 * MIB + 777, 1000, 50 * MBIT, 10000, 8 * MIB) > 0);
}

static void test_the_bound_holds(void **state)
{
    (void)state;
    assert_true(share_of_link(20 * MIB, 128 << 10, 1000 * MBIT, 300000, MIB) > 0);
    assert_true(share_of_link(4 * MIB, 128 << 10, 1000 * MBIT, 300000, 100000) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_reader_fills_a_long_way),
        cmocka_unit_test(test_the_depth_stays_by_what_the_way_holds),
        cmocka_unit_test(test_several_readers_share_the_way),
        cmocka_unit_test(test_nothing_is_read_ahead_of_who_jumps_about),
        cmocka_unit_test(test_the_end_of_the_medium_is_the_end),
        cmocka_unit_test(test_the_bound_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
