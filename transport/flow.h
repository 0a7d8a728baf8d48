/* Flow control of one viewer: how many bytes may be on their way to it. Pure: time is an argument (microseconds of any
 * monotonic clock), nothing is called back. The aim is a queue of at most about FLOW_QUEUE_US in front of the viewer's
 * slowest link, whatever its speed: then a new picture is never older than that plus the way itself.
 *
 * The rate is measured as bytes acked over the time they took (the delivery-rate sample of the IETF draft
 * "Delivery Rate Estimation", draft-cheng-iccrg-delivery-rate-estimation section 3), the round trip as the time from
 * an update's first byte to its ack less what the page spent painting. Un-acked bytes stay below
 * max(FLOW_MIN_WINDOW, rate x (shortest round trip + FLOW_QUEUE_US) + one update). A peer that lies in its acks changes
 * its own window only, and never beyond FLOW_MAX_WINDOW. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_QUEUE_US 30000
#define FLOW_UPDATE_US 50000 /* an update is worth so much of the link at most, so that a newer one waits no longer */
#define FLOW_MIN_WINDOW 3072
#define FLOW_FIRST_WINDOW 6144 /* a second of the slowest link there is */
#define FLOW_MAX_WINDOW (8u << 20)
#define FLOW_MAX_UPDATES 64 /* un-acked ones */

struct flow_sent {
    uint32_t sequence, bytes;
    uint64_t sent_us;
    uint64_t delivered, delivered_us; /* the state of the flow when it was sent */
    bool limited;                     /* the window was what held the sender back */
    bool drained;                     /* sent while little else was on its way, for the sake of rtt_min_us */
};

struct flow {
    struct flow_sent sent[FLOW_MAX_UPDATES]; /* ring: first, n */
    unsigned first, n;
    size_t unacked, window;
    uint32_t last_sequence;
    uint64_t delivered, delivered_us;

    uint64_t rtt_us, rtt_min_us, rtt_min_at_us;
    uint32_t rtt_min_bytes; /* of the update that had it */
    bool draining;          /* the window is cut for a moment, so that the shortest round trip is seen again */

    uint64_t rate;              /* bytes/s, the larger of the two epochs' best samples */
    uint64_t best[2], epoch_us; /* of this epoch and the one before */

    uint64_t round_end;    /* `delivered` at which the present round trip is over */
    uint64_t round_rtt_us; /* the shortest in it, less what the update itself took on the link */
    uint64_t round_rate;   /* at the end of the one before */
    bool round_limited, growing;
};

void flow_init(struct flow *self);

/* An update's first byte goes out. Only when flow_credit was not 0. Sequence numbers count up by one. */
void flow_sent(struct flow *self, uint32_t sequence, size_t bytes, uint64_t now_us);

/* received, painted: the page's clock modulo 2^32. An ack covers all updates before it. -EPROTO: no such update is on
 * its way. */
int flow_ack(struct flow *self, uint32_t sequence, uint32_t received_us, uint32_t painted_us, uint64_t now_us);

/* How large the next update may be; 0: wait for an ack. Answers in portions, so that several small updates are on
 * their way rather than one large. */
size_t flow_credit(const struct flow *self);

/* Smoothed; 0 before the first ack. */
static inline uint32_t flow_rtt_us(const struct flow *self)
{
    return self->rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)self->rtt_us;
}

/* Sequence number of the newest update acked; 0: none. */
static inline uint32_t flow_acked(const struct flow *self)
{
    return self->last_sequence - self->n;
}

static inline uint64_t flow_rate(const struct flow *self)
{
    return self->rate;
}
