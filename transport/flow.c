#include "transport/flow.h"

#include <assert.h>
#include <errno.h>

#include "core/attrs.h"

#define SECOND_US 1000000u
#define QUIET_QUEUE_US 20000             /* below this the link can take more */
#define RTT_MIN_LIFE_US (10 * SECOND_US) /* then the shortest round trip is measured anew */
#define EPOCH_MIN_US 250000              /* how long the best rate of an epoch counts, at least, twice */
#define EPOCH_ROUND_TRIPS 3
#define PORTION_MIN 1024

void flow_init(struct flow *self)
{
    *self = (struct flow){.window = FLOW_FIRST_WINDOW, .growing = true};
}

static size_t clamp_window(uint64_t bytes)
{
    return (size_t)MIN(MAX(bytes, (uint64_t)FLOW_MIN_WINDOW), (uint64_t)FLOW_MAX_WINDOW);
}

static size_t update_max(const struct flow *self)
{
    return (size_t)MIN(MAX(self->rate * FLOW_UPDATE_US / SECOND_US, (uint64_t)PORTION_MIN), (uint64_t)FLOW_MAX_WINDOW);
}

static size_t window_now(const struct flow *self)
{
    return self->draining ? clamp_window(self->window / 4) : self->window;
}

static uint64_t time_of(const struct flow *self, uint64_t bytes)
{
    return self->rate ? bytes * SECOND_US / self->rate : 0;
}

/* The shortest round trip less what its update itself took on the link. */
static uint64_t empty_round_trip(const struct flow *self)
{
    return self->rtt_min_us - MIN(time_of(self, self->rtt_min_bytes), self->rtt_min_us / 2);
}

static uint64_t target(const struct flow *self)
{
    return self->rate * (empty_round_trip(self) + FLOW_QUEUE_US) / SECOND_US + update_max(self);
}

void flow_sent(struct flow *self, uint32_t sequence, size_t bytes, uint64_t now_us)
{
    assert(self->n < FLOW_MAX_UPDATES);
    if (self->n == 0) {
        self->delivered_us = now_us; /* the way was empty: a sample must not count the idle time */
        self->round_end = self->delivered;
    }
    bool drained = self->draining && self->unacked <= window_now(self);
    struct flow_sent *s = &self->sent[(self->first + self->n++) % FLOW_MAX_UPDATES];
    self->unacked += bytes;
    self->last_sequence = sequence;
    *s = (struct flow_sent){
        .sequence = sequence,
        .bytes = (uint32_t)bytes,
        .sent_us = now_us,
        .delivered = self->delivered,
        .delivered_us = self->delivered_us,
        .limited = !self->draining && flow_credit(self) == 0,
        .drained = drained,
    };
}

/* What the update itself took on the link, by the rate as far as it is known. */
static uint64_t own_time(const struct flow *self, const struct flow_sent *s, uint64_t sample_us)
{
    return MIN(time_of(self, s->bytes), sample_us - 1);
}

/* The shortest round trip is believed for ten seconds; then the window is cut until an update has met no queue of our
 * own, and that one's round trip counts, be it longer: the way may have become longer. */
static void measure_round_trip(struct flow *self, const struct flow_sent *s, uint64_t sample_us, uint64_t now_us)
{
    self->rtt_us = self->rtt_us ? (7 * self->rtt_us + sample_us) / 8 : sample_us;
    if (!self->rtt_min_us || sample_us <= self->rtt_min_us || s->drained) {
        self->rtt_min_us = s->drained ? sample_us - own_time(self, s, sample_us) : sample_us;
        self->rtt_min_bytes = s->drained ? 0 : s->bytes;
        self->rtt_min_at_us = now_us;
        self->draining = false;
    } else if (now_us - self->rtt_min_at_us > RTT_MIN_LIFE_US) {
        self->draining = true;
    }
    uint64_t empty_us = sample_us - own_time(self, s, sample_us);
    if (!self->round_rtt_us || empty_us < self->round_rtt_us)
        self->round_rtt_us = empty_us;
}

static void measure_rate(struct flow *self, const struct flow_sent *s, uint64_t now_us)
{
    uint64_t elapsed = now_us - s->delivered_us;
    if (!elapsed)
        elapsed = 1;
    uint64_t sample = (self->delivered - s->delivered) * SECOND_US / elapsed;
    /* A viewer to whom little was sent says nothing about how much it could have taken. */
    if (!s->limited && sample <= self->rate)
        return;
    uint64_t epoch = MAX((uint64_t)EPOCH_MIN_US, EPOCH_ROUND_TRIPS * self->rtt_min_us);
    if (now_us - self->epoch_us > epoch) {
        self->best[1] = self->best[0];
        self->best[0] = 0;
        self->epoch_us = now_us;
    }
    self->best[0] = MAX(self->best[0], sample);
    self->rate = MAX(self->best[0], self->best[1]);
}

/* Once a round trip: the queue that even the luckiest of its updates met decides what the window becomes. (The others
 * stood behind our own burst.) */
static void end_round(struct flow *self)
{
    uint64_t aim = target(self);
    /* a link that is full gives no more, however much is on its way */
    if (self->round_limited && self->rate < self->round_rate + self->round_rate / 4)
        self->growing = false;
    self->round_rate = self->rate;
    uint64_t queue_us = self->round_rtt_us - MIN(self->round_rtt_us, empty_round_trip(self));
    if (!self->round_limited) {
        self->window = clamp_window(MAX(aim, (uint64_t)self->window));
    } else if (queue_us < QUIET_QUEUE_US) {
        /* at first twice what is on the way, later so much more as a queue may hold */
        uint64_t more_us = self->growing ? empty_round_trip(self) : FLOW_QUEUE_US;
        self->window = clamp_window(aim + self->rate * more_us / SECOND_US);
    } else {
        self->growing = false;
        self->window = clamp_window(aim);
    }
    self->round_end = self->delivered + self->unacked;
    self->round_rtt_us = 0;
    self->round_limited = false;
}

static bool in_flight(const struct flow *self, uint32_t sequence)
{
    uint32_t before_last = self->last_sequence - sequence;
    return self->n && before_last < self->n;
}

int flow_ack(struct flow *self, uint32_t sequence, uint32_t received_us, uint32_t painted_us, uint64_t now_us)
{
    if (!in_flight(self, sequence))
        return -EPROTO;
    struct flow_sent s;
    do {
        s = self->sent[self->first];
        self->first = (self->first + 1) % FLOW_MAX_UPDATES;
        self->n--;
        self->unacked -= s.bytes;
        self->delivered += s.bytes;
        self->round_limited |= s.limited;
    } while (s.sequence != sequence);

    /* As if the ack had left when the last byte came in: painting is the page's business, not the link's. */
    uint64_t way_us = now_us - s.sent_us, paint_us = MIN((uint64_t)(painted_us - received_us), way_us);
    uint64_t arrived_us = now_us - paint_us, sample_us = MAX(way_us - paint_us, (uint64_t)1);
    measure_round_trip(self, &s, sample_us, now_us);
    measure_rate(self, &s, MAX(arrived_us, s.delivered_us));
    self->delivered_us = MAX(arrived_us, self->delivered_us);
    if (s.delivered >= self->round_end)
        end_round(self);
    return 0;
}

size_t flow_credit(const struct flow *self)
{
    size_t window = window_now(self), portion = MAX(window / 4, (size_t)PORTION_MIN);
    if (self->n == FLOW_MAX_UPDATES || self->unacked + PORTION_MIN > window)
        return 0;
    if (self->unacked && self->unacked + portion > window)
        return 0; /* rather wait for a whole portion than send crumbs */
    size_t most = self->rate ? update_max(self) : 2 * portion;
    return MIN(window - self->unacked, MIN(2 * portion, most));
}
