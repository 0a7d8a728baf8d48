/* Flow control over simulated links: a viewer whose pictures always change, so that every byte of credit is used. One
 * thread of events, no real time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "transport/flow.h"

#define SECOND 1000000ull

struct link {
    const char *name;
    uint64_t rate;      /* bytes/s */
    uint64_t rtt_us;    /* both ways, empty */
    uint64_t jitter_us; /* added at random to an update and to its ack; order is kept, as TCP keeps it */
    unsigned loss_pm;   /* of 1460-byte segments, per thousand; each costs a round trip, for all behind it */
    uint64_t paint_us;  /* what the page takes to paint one */
    uint64_t change_at_us, changed_rate; /* the link's rate from then on; 0: never */
    uint64_t stop_at_us, stop_for_us;    /* the page stops reading and acking for a while */
    size_t update_max;                   /* what the pictures need at most; 0: all that is asked for */
    uint64_t think_us;                   /* pause between updates; 0: the picture has always changed */
};

struct ack {
    uint64_t at_us;
    uint32_t sequence, received, painted;
};

struct result {
    uint64_t bytes, queue_max_us, queue_sum_us, updates, unacked_max;
    uint64_t queue_settled_max_us; /* once it had time to settle, at first and after a change */
};

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return n ? (seed >> 33) % n : 0;
}

struct sim {
    const struct link *link;
    struct flow flow;
    uint64_t now, end, link_free_us, last_receive_us, last_ack_us, next_send_us;
    uint32_t sequence;
    struct ack acks[FLOW_MAX_UPDATES];
    unsigned n_acks;
    struct result result;
};

static uint64_t rate_at(const struct sim *s, uint64_t at)
{
    return s->link->change_at_us && at >= s->link->change_at_us ? s->link->changed_rate : s->link->rate;
}

static bool settled(const struct sim *s)
{
    uint64_t since = s->link->change_at_us && s->now >= s->link->change_at_us ? s->link->change_at_us : 0;
    return s->now > since + 3 * SECOND + 15 * s->link->rtt_us;
}

static uint64_t after_stop(const struct sim *s, uint64_t at)
{
    const struct link *l = s->link;
    return l->stop_for_us && at >= l->stop_at_us && at < l->stop_at_us + l->stop_for_us ? l->stop_at_us + l->stop_for_us
                                                                                        : at;
}

static void send_update(struct sim *s, size_t credit)
{
    const struct link *l = s->link;
    size_t bytes = l->update_max ? MIN(credit, l->update_max) : credit;
    uint64_t start = MAX(s->now, s->link_free_us), wait = start - s->now;
    flow_sent(&s->flow, ++s->sequence, bytes, s->now);
    uint64_t way = bytes * SECOND / rate_at(s, start);
    for (size_t segment = 0; segment < bytes; segment += 1460)
        if (random_below(1000) < l->loss_pm)
            way += l->rtt_us + 10000;
    s->link_free_us = start + way;
    uint64_t received = s->link_free_us + l->rtt_us / 2 + random_below(l->jitter_us + 1);
    received = after_stop(s, MAX(received, s->last_receive_us));
    s->last_receive_us = received;
    uint64_t painted = received + l->paint_us;
    uint64_t ack = MAX(painted + l->rtt_us / 2 + random_below(l->jitter_us + 1), s->last_ack_us + 1);
    s->last_ack_us = ack;
    s->acks[s->n_acks++] =
        (struct ack){ack, s->sequence, (uint32_t)(received + 0xfff00000u), (uint32_t)(painted + 0xfff00000u)};

    s->result.bytes += bytes;
    s->result.updates++;
    s->result.queue_max_us = MAX(s->result.queue_max_us, wait);
    s->result.queue_sum_us += wait;
    s->result.unacked_max = MAX(s->result.unacked_max, (uint64_t)s->flow.unacked);
    if (settled(s))
        s->result.queue_settled_max_us = MAX(s->result.queue_settled_max_us, wait);
    s->next_send_us = s->now + l->think_us;
}

static void step(struct sim *s)
{
    size_t credit;
    while (s->now >= s->next_send_us && (credit = flow_credit(&s->flow)))
        send_update(s, credit);
    uint64_t next = s->n_acks ? s->acks[0].at_us : UINT64_MAX;
    if (flow_credit(&s->flow) && s->next_send_us < next) {
        s->now = s->next_send_us;
        return;
    }
    assert_true(s->n_acks > 0); /* else it would have stalled for ever */
    s->now = next;
    struct ack ack = s->acks[0];
    memmove(s->acks, s->acks + 1, --s->n_acks * sizeof s->acks[0]);
    assert_int_equal(flow_ack(&s->flow, ack.sequence, ack.received, ack.painted, s->now), 0);
}

static struct result run(const struct link *link, uint64_t seconds)
{
    static struct sim s;
    s = (struct sim){.link = link, .end = seconds * SECOND};
    seed = 42;
    flow_init(&s.flow);
    while (s.now < s.end)
        step(&s);
    struct result r = s.result;
    uint64_t could = link->rate * seconds;
    if (link->change_at_us)
        could = link->rate * link->change_at_us / SECOND +
                link->changed_rate * (seconds * SECOND - link->change_at_us) / SECOND;
    print_message("%-28s %3u%% used, queue mean %4u ms, max %5u ms, settled max %4u ms, un-acked max %7u, rate %u\n",
                  link->name, (unsigned)(r.bytes * 100 / could), (unsigned)(r.queue_sum_us / r.updates / 1000),
                  (unsigned)(r.queue_max_us / 1000), (unsigned)(r.queue_settled_max_us / 1000), (unsigned)r.unacked_max,
                  (unsigned)flow_rate(&s.flow));
    return r;
}

#define KBIT(n) ((n)*1000ull / 8)
#define MBIT(n) KBIT((n)*1000ull)

static void check(const struct link *link, uint64_t seconds, unsigned used_percent, unsigned queue_ms)
{
    struct result r = run(link, seconds);
    uint64_t could = link->rate * seconds;
    assert_true(r.bytes * 100 >= could * used_percent);
    assert_true(r.queue_settled_max_us <= queue_ms * 1000ull);
}

static void steady_links_are_used_without_a_queue(void **state)
{
    (void)state;
    check(&(struct link){.name = "64 kbit/s 600 ms", .rate = KBIT(64), .rtt_us = 600000}, 60, 70, 1000);
    check(&(struct link){.name = "256 kbit/s 300 ms", .rate = KBIT(256), .rtt_us = 300000}, 60, 70, 450);
    check(&(struct link){.name = "1 Mbit/s 100 ms", .rate = MBIT(1), .rtt_us = 100000}, 60, 75, 180);
    check(&(struct link){.name = "10 Mbit/s 40 ms", .rate = MBIT(10), .rtt_us = 40000}, 60, 80, 100);
    check(&(struct link){.name = "50 Mbit/s 20 ms", .rate = MBIT(50), .rtt_us = 20000}, 30, 80, 100);
    check(&(struct link){.name = "50 Mbit/s 300 ms", .rate = MBIT(50), .rtt_us = 300000}, 60, 60, 250);
    check(&(struct link){.name = "1 Gbit/s 200 us", .rate = MBIT(1000), .rtt_us = 200}, 5, 80, 100);
}

static void painting_time_is_not_taken_for_the_link(void **state)
{
    (void)state;
    check(&(struct link){.name = "10 Mbit/s 40 ms, paint 8 ms", .rate = MBIT(10), .rtt_us = 40000, .paint_us = 8000},
          30, 60, 100);
}

static void jitter_and_loss_are_borne(void **state)
{
    (void)state;
    check(&(struct link){.name = "10 Mbit/s 40 ms +-20", .rate = MBIT(10), .rtt_us = 40000, .jitter_us = 20000}, 60, 60,
          200);
    check(&(struct link){.name = "2 Mbit/s 80 ms 1% loss", .rate = MBIT(2), .rtt_us = 80000, .loss_pm = 10}, 60, 25,
          1500);
}

static void slower_link_is_noticed(void **state)
{
    (void)state;
    struct link l = {.name = "10 -> 1 Mbit/s 40 ms",
                     .rate = MBIT(10),
                     .rtt_us = 40000,
                     .change_at_us = 20 * SECOND,
                     .changed_rate = MBIT(1)};
    struct result r = run(&l, 60);
    assert_true(r.queue_settled_max_us <= 250000);
    assert_true(r.queue_max_us <= 1500000);
}

static void faster_link_is_noticed(void **state)
{
    (void)state;
    struct link l = {.name = "1 -> 20 Mbit/s 40 ms",
                     .rate = MBIT(1),
                     .rtt_us = 40000,
                     .change_at_us = 20 * SECOND,
                     .changed_rate = MBIT(20)};
    struct result r = run(&l, 60);
    uint64_t could = l.rate * 20 + l.changed_rate * 40;
    assert_true(r.bytes * 100 >= could * 60);
}

static void viewer_that_stops_gets_one_window(void **state)
{
    (void)state;
    struct link l = {.name = "10 Mbit/s, stops for 20 s",
                     .rate = MBIT(10),
                     .rtt_us = 40000,
                     .stop_at_us = 10 * SECOND,
                     .stop_for_us = 20 * SECOND};
    struct result r = run(&l, 60);
    assert_true(r.unacked_max <= 2 * MBIT(10) / 10);
    assert_true(r.bytes >= MBIT(10) * 20);
}

/* A text screen: small updates now and then. It must never wait for credit on a link that can carry it. */
static void small_updates_flow_freely(void **state)
{
    (void)state;
    struct link l = {
        .name = "1 Mbit/s, 400 B each 20 ms", .rate = MBIT(1), .rtt_us = 100000, .update_max = 400, .think_us = 20000};
    struct result r = run(&l, 30);
    assert_true(r.updates >= 30 * 50 * 95 / 100);
    assert_true(r.queue_settled_max_us <= 5000);
}

static void acks_are_checked(void **state)
{
    (void)state;
    struct flow f;
    flow_init(&f);
    assert_true(flow_ack(&f, 0, 0, 0, 1) < 0);
    assert_true(flow_ack(&f, 1, 0, 0, 1) < 0);
    for (uint32_t i = 1; i <= 4; i++)
        flow_sent(&f, i, 100, 1000);
    assert_true(flow_ack(&f, 5, 0, 0, 2000) < 0);
    assert_int_equal(flow_ack(&f, 3, 0, 0, 2000), 0); /* covers 1 and 2 */
    assert_int_equal(f.unacked, 100);
    assert_true(flow_ack(&f, 2, 0, 0, 2000) < 0);
    assert_int_equal(flow_ack(&f, 4, 5, 4, 2000), 0); /* painted before received: nonsense, but harmless */
    assert_int_equal(f.unacked, 0);
    assert_true(flow_ack(&f, 4, 0, 0, 2000) < 0);
}

static void lying_viewer_stays_within_bounds(void **state)
{
    (void)state;
    struct flow f;
    uint64_t now = 1;
    flow_init(&f);
    seed = 7;
    for (uint32_t i = 1; i < 20000; i++) {
        size_t credit = flow_credit(&f);
        assert_true(credit <= FLOW_MAX_WINDOW);
        if (credit)
            flow_sent(&f, f.last_sequence + 1, credit, now);
        now += random_below(3);
        if (f.n)
            assert_int_equal(flow_ack(&f, f.last_sequence - (uint32_t)random_below(f.n),
                                      (uint32_t)random_below(1ull << 32), (uint32_t)random_below(1ull << 32), now),
                             0);
        assert_true(f.unacked <= FLOW_MAX_WINDOW);
        assert_true(f.window >= FLOW_MIN_WINDOW && f.window <= FLOW_MAX_WINDOW);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_links_are_used_without_a_queue),
        cmocka_unit_test(painting_time_is_not_taken_for_the_link),
        cmocka_unit_test(jitter_and_loss_are_borne),
        cmocka_unit_test(slower_link_is_noticed),
        cmocka_unit_test(faster_link_is_noticed),
        cmocka_unit_test(viewer_that_stops_gets_one_window),
        cmocka_unit_test(small_updates_flow_freely),
        cmocka_unit_test(acks_are_checked),
        cmocka_unit_test(lying_viewer_stays_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
