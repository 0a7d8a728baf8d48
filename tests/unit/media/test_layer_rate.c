/* At most so many bytes a second, bursts of a quarter of it, each in his turn. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "layer_bed.h"
#include "media/layers.h"
#include "media/rate_rule.h"

static uint64_t pass_many(uint64_t rate, uint64_t each, uint64_t seconds)
{
    struct rate_rule rule;
    uint64_t now = 5, bytes = 0, wait;
    rate_init(&rule, rate, now);
    while (now < seconds * 1000000) {
        if ((wait = rate_pass(&rule, each, now)))
            now += wait;
        else
            bytes += each;
    }
    return bytes;
}

static void test_the_rate_is_kept_whatever_the_length(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {1, 512, 4096, 131072, 1 << 20};
    for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++)
        for (uint64_t rate = 10000; rate <= 100000000; rate *= 100) {
            if (rate / lengths[i] > 1000000)
                continue; /* many steps, nothing new */
            uint64_t seconds = 20 + 10 * lengths[i] / rate, bytes = pass_many(rate, lengths[i], seconds);
            uint64_t most = rate * seconds + rate / 4 + 2 * lengths[i];
            assert_in_range(bytes, rate * seconds - rate / 10 - 2 * lengths[i], most);
        }
}

static void test_what_was_not_used_is_a_burst_of_a_quarter_second(void **state)
{
    (void)state;
    struct rate_rule rule;
    uint64_t now = 0, bytes = 0;
    rate_init(&rule, 1000000, now);
    now += 3600000000u;
    while (!rate_pass(&rule, 1000, now))
        bytes += 1000;
    assert_int_equal(bytes, 250000);
    rate_change(&rule, 0, now);
    assert_int_equal(rate_pass(&rule, UINT64_MAX, now), 0);
    rate_change(&rule, 100, now);
    assert_int_equal(rate_pass(&rule, UINT64_MAX, now), 250000); /* a burst's time */
    now += 250000;
    assert_int_equal(rate_pass(&rule, UINT64_MAX, now), 0); /* in debt from now on */
    assert_true(rate_pass(&rule, 1, now) > 3600000000u);
}

static void test_requests_pass_in_their_order(void **state)
{
    struct bed *bed = *state;
    struct bed_read *reads[8];
    assert_int_equal(layer_rate_create(bed->loop, bed_memory(bed), 4000000, &bed->source), 0);
    uint64_t begin_us = clock_now_us();
    for (unsigned i = 0; i < 8; i++)
        reads[i] = bed_begin(bed, i * 100000, i % 2 ? 500 : 500000);
    assert_int_equal(reads[0]->done, 1); /* a burst */
    assert_int_equal(reads[7]->done, 0);
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned j = i; j < 8 && !reads[i]->done; j++)
            assert_int_equal(reads[j]->done, 0);
        assert_int_equal(bed_end(reads[i]), 0);
    }
    assert_true(clock_now_us() - begin_us >= 200000); /* 2 MB at 4 MB/s, less a burst of 1 MB */
}

static void test_a_limit_that_is_lifted_lets_all_go(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(layer_rate_create(bed->loop, bed_memory(bed), 1000, &bed->source), 0);
    struct bed_read *a = bed_begin(bed, 0, 500000), *b = bed_begin(bed, 0, 500000);
    layer_rate_set(bed->source, 0);
    assert_int_equal(bed_end(a), 0);
    assert_int_equal(bed_end(b), 0);
}

static void test_closing_it_answers_all(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(layer_rate_create(bed->loop, bed_memory(bed), 1000, &bed->source), 0);
    struct bed_read *a = bed_begin(bed, 0, 500000), *b = bed_begin(bed, 0, 500000);
    bed->source = source_close(bed->source);
    assert_int_equal(a->done + b->done, 2);
    bed_end(a);
    bed_end(b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bed_set_up, bed_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rate_is_kept_whatever_the_length),
        cmocka_unit_test(test_what_was_not_used_is_a_burst_of_a_quarter_second),
        T(test_requests_pass_in_their_order),
        T(test_a_limit_that_is_lifted_lets_all_go),
        T(test_closing_it_answers_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
