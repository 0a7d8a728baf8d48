/* A short loss is a pause; a long one is an error in time; and who comes back is asked at once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "layer_bed.h"
#include "media/layers.h"
#include "media/patience_rule.h"
#include "media/source_memory.h"
#include "media/source_stream.h"

#define SECOND 1000000u

static struct {
    unsigned waiting, resumed, lost;
    int error;
} told;

static void on_waiting(void *data, int error)
{
    (void)data;
    told.waiting++;
    told.error = error;
}

static void on_resumed(void *data)
{
    (void)data;
    told.resumed++;
}

static void on_lost(void *data, int error)
{
    (void)data;
    (void)error;
    told.lost++;
}

static const struct patience_listener listener = {on_waiting, on_resumed, on_lost};

static void test_tries_grow_apart_until_patience_ends(void **state)
{
    (void)state;
    const struct patience_config config = {.patience_us = 25 * SECOND};
    struct patience_try turn;
    uint64_t now = 1000, when, last_distance = 0;
    unsigned tries = 0;
    patience_begin(&turn, now);
    for (;;) {
        enum patience_step step = patience_step(&turn, &config, now, &when);
        if (step == PATIENCE_GIVE_UP)
            break;
        if (step == PATIENCE_WAIT) {
            assert_true(when > now);
            now = when;
            continue;
        }
        tries++;
        patience_asked(&turn, &config, now);
        now += 10; /* it fails soon */
        patience_failed(&turn, now);
        uint64_t distance = turn.ask_at_us - now;
        assert_true(distance >= last_distance);
        assert_true(distance <= PATIENCE_MOST_US);
        last_distance = distance;
    }
    assert_int_equal(now, 1000 + 25 * SECOND);
    assert_in_range(tries, 25, 35);
}

static void test_silence_is_asked_again_more_slowly_each_time(void **state)
{
    (void)state;
    const struct patience_config config = {.patience_us = 25 * SECOND, .ask_again_us = 2 * SECOND};
    static const uint64_t expected[] = {0, 2 * SECOND, 6 * SECOND, 14 * SECOND};
    struct patience_try turn;
    uint64_t now = 0, when = 0;
    unsigned n = 0;
    patience_begin(&turn, 0);
    for (enum patience_step step; (step = patience_step(&turn, &config, now, &when)) != PATIENCE_GIVE_UP;) {
        if (step == PATIENCE_WAIT) {
            now = when;
            continue;
        }
        assert_true(n < ARRAY_SIZE(expected));
        assert_int_equal(now, expected[n++]);
        patience_asked(&turn, &config, now);
    }
    assert_int_equal(n, ARRAY_SIZE(expected));
    assert_int_equal(now, 25 * SECOND);
}

static void test_no_end_means_for_ever(void **state)
{
    (void)state;
    const struct patience_config config = {0};
    struct patience_try turn;
    uint64_t when;
    patience_begin(&turn, 5);
    patience_asked(&turn, &config, 5);
    assert_int_equal(patience_step(&turn, &config, UINT64_MAX - 1, &when), PATIENCE_WAIT);
    assert_int_equal(when, UINT64_MAX);
}

static void stand_on(struct bed *bed, struct source *below, struct patience_config config)
{
    memset(&told, 0, sizeof told);
    assert_int_equal(layer_patience_create(bed->loop, below, &config, &listener, NULL, &bed->source), 0);
}

static bool has_waited(void *data)
{
    (void)data;
    return told.waiting;
}

static void test_a_short_loss_is_a_pause(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    stand_on(bed, memory, (struct patience_config){.patience_us = 50 * SECOND});
    source_memory_hold(memory);
    struct bed_read *read = bed_begin(bed, 1000, 70000);
    assert_int_equal(source_memory_held(memory), 1);
    source_memory_let_go(memory, -ECONNRESET);
    assert_int_equal(told.waiting, 1);
    assert_int_equal(told.error, -ECONNRESET);
    assert_int_equal(bed_end(read), 0);
    assert_int_equal(told.resumed, 1);
    assert_int_equal(told.lost, 0);
}

static void test_another_error_goes_up_at_once(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    stand_on(bed, memory, (struct patience_config){0});
    source_memory_hold(memory);
    struct bed_read *read = bed_begin(bed, 0, 4096);
    source_memory_let_go(memory, -ESTALE);
    assert_int_equal(bed_end(read), -ESTALE);
    assert_int_equal(told.waiting, 0);
}

static void on_ask(void *data, uint32_t id, uint64_t offset, uint32_t length)
{
    (void)id;
    (void)offset;
    (void)length;
    ++*(unsigned *)data;
}

static const struct source_stream_ops stream_ops = {.ask = on_ask};

static struct source *stream(const struct bed *bed, unsigned *asked)
{
    struct source *source;
    assert_int_equal(source_stream_create(bed->size, &stream_ops, asked, &source), 0);
    return source;
}

static void test_it_is_given_up_in_time_with_the_error_that_was_set(void **state)
{
    struct bed *bed = *state;
    unsigned asked = 0;
    struct source *away = stream(bed, &asked);
    source_stream_lost(away);
    stand_on(bed, away, (struct patience_config){.patience_us = 300000, .given_up = -ENOMEDIUM});
    uint64_t begin_us = clock_now_us();
    assert_int_equal(bed_read(bed, 0, 512), -ENOMEDIUM);
    assert_true(clock_now_us() - begin_us >= 300000);
    assert_int_equal(told.waiting, 1);
    assert_int_equal(told.lost, 1);
    /* and it is whole again when a source comes */
    assert_int_equal(layer_patience_replace(bed->source, bed_memory(bed)), 0);
    assert_int_equal(told.resumed, 1);
    assert_int_equal(bed_read(bed, 0, 512), 0);
}

static void test_a_new_source_gets_all_that_waits(void **state)
{
    struct bed *bed = *state;
    unsigned asked = 0;
    struct bed_read *reads[BED_READS];
    struct source *away = stream(bed, &asked), *small;
    stand_on(bed, away, (struct patience_config){0});
    for (unsigned i = 0; i < BED_READS; i++)
        reads[i] = bed_begin(bed, i * 100000ull, 5000);
    assert_int_equal(asked, BED_READS);
    source_stream_lost(away);
    assert_int_equal(told.waiting, 1);
    assert_int_equal(source_memory_create(NULL, 4096, true, &small), 0);
    assert_int_equal(layer_patience_replace(bed->source, small), -ESTALE); /* and stays ours */
    source_close(small);
    assert_int_equal(layer_patience_replace(bed->source, bed_memory(bed)), 0);
    for (unsigned i = 0; i < BED_READS; i++) {
        assert_int_equal(reads[i]->done, 1);
        assert_int_equal(bed_end(reads[i]), 0);
    }
    assert_int_equal(told.resumed, 1);
}

static void test_what_is_under_way_at_the_old_source_is_asked_of_the_new_one(void **state)
{
    struct bed *bed = *state;
    for (uint64_t again_us = 0; again_us <= 60 * SECOND; again_us += 60 * SECOND) {
        unsigned asked = 0;
        bed->source = source_close(bed->source);
        stand_on(bed, stream(bed, &asked), (struct patience_config){.ask_again_us = again_us});
        struct bed_read *read = bed_begin(bed, 5, 300000);
        assert_int_equal(asked, 2);
        assert_int_equal(layer_patience_replace(bed->source, bed_memory(bed)), 0);
        assert_int_equal(read->done, 1);
        assert_int_equal(bed_end(read), 0);
    }
}

static void test_silence_is_asked_again_and_a_late_answer_touches_nothing(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    stand_on(bed, memory, (struct patience_config){.ask_again_us = 20000});
    source_memory_hold(memory);
    struct bed_read *read = bed_begin(bed, 0, 4096);
    bed_until(bed, has_waited, NULL);
    assert_int_equal(told.error, -ETIMEDOUT);
    while (source_memory_held(memory) < 2)
        loop_dispatch(bed->loop, 20);
    assert_int_equal(read->done, 0);
    source_memory_let_go(memory, 0);
    assert_int_equal(bed_end(read), 0); /* the room is gone; the sanitizer would tell */
    assert_int_equal(told.resumed, 1);
}

static void test_given_up_while_below_is_silent(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    stand_on(bed, memory, (struct patience_config){.patience_us = 200000, .ask_again_us = 50000});
    source_memory_hold(memory);
    assert_int_equal(bed_read(bed, 0, 4096), -EIO);
    source_memory_let_go(memory, 0); /* nobody is there for it any more */
    assert_int_equal(told.lost, 1);
    assert_int_equal(bed_read(bed, 0, 4096), 0);
}

static void test_who_asks_again_at_once_for_what_has_failed_does_not_wait_twice(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    struct patience_config none = {.patience_us = 1, .ask_again_us = 50000, .after_us = 60000}, all = none;
    all.patience_us = 400 * (uint64_t)SECOND;
    stand_on(bed, memory, all);
    source_memory_hold(memory);
    struct bed_read *first = bed_begin(bed, 0, 4096);
    layer_patience_set(bed->source, &none);
    assert_int_equal(bed_end(first), -EIO);
    layer_patience_set(bed->source, &all);
    uint64_t begin_us = clock_now_us();
    assert_int_equal(bed_read(bed, 0, 4096), -EIO); /* would take longer than the test may */
    assert_true(clock_now_us() - begin_us >= 60000);
    struct bed_read *again = bed_begin(bed, 0, 4096);
    source_memory_let_go(memory, 0);
    assert_int_equal(bed_end(again), 0); /* it was asked all the same */
}

static void test_closing_it_answers_what_waits(void **state)
{
    struct bed *bed = *state;
    unsigned asked = 0;
    struct source *away = stream(bed, &asked);
    stand_on(bed, away, (struct patience_config){0});
    struct bed_read *early = bed_begin(bed, 0, 512);
    source_stream_lost(away);
    struct bed_read *late = bed_begin(bed, 0, 512);
    assert_int_equal(early->done + late->done, 0);
    bed->source = source_close(bed->source);
    assert_int_equal(bed_end(early), -ENOTCONN);
    assert_int_equal(bed_end(late), -ENOTCONN);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bed_set_up, bed_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tries_grow_apart_until_patience_ends),
        cmocka_unit_test(test_silence_is_asked_again_more_slowly_each_time),
        cmocka_unit_test(test_no_end_means_for_ever),
        T(test_a_short_loss_is_a_pause),
        T(test_another_error_goes_up_at_once),
        T(test_it_is_given_up_in_time_with_the_error_that_was_set),
        T(test_a_new_source_gets_all_that_waits),
        T(test_what_is_under_way_at_the_old_source_is_asked_of_the_new_one),
        T(test_silence_is_asked_again_and_a_late_answer_touches_nothing),
        T(test_given_up_while_below_is_silent),
        T(test_who_asks_again_at_once_for_what_has_failed_does_not_wait_twice),
        T(test_closing_it_answers_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
