/* A screen, its audience and its viewers' links in simulated time: the real tracker, cohorts, update bodies, flow
 * control and applier; made up are the pictures, the links (rate, round trip, loss, an endless queue) and the clock. */
#pragma once

#include "encode/audience.h"
#include "replica/replica.h"
#include "transport/flow.h"
#include "unit/encode/scene.h"

#define SIM_VIEWERS 16
#define SIM_KEYS 4096
#define SIM_SECOND 1000000ull
#define SIM_KBIT(n) ((n)*1000ull / 8)

struct sim_link {
    uint64_t rate; /* bytes/s towards the viewer */
    uint64_t rtt_us;
    unsigned loss_pm;                   /* lost segments per thousand: each holds up what follows for a round trip */
    uint64_t change_us[2], new_rate[2]; /* the rate from then on; 0: none */
};

struct sim_sent { /* an update on its way */
    uint64_t arrives_us;
    uint32_t sequence;
    size_t size;
    uint16_t check;
    bool mode; /* a MODE message instead */
    int width, height;
    uint8_t *body;
};

struct sim_ack {
    uint64_t at_us;
    uint32_t sequence, received_us, painted_us;
};

struct sim;

struct sim_viewer {
    struct sim *sim;
    struct sim_link link;
    struct audience_member *member;
    struct replica *replica; /* NULL: nothing is applied */
    struct flow flow;
    uint32_t sequence;
    bool pulled;
    size_t pulled_budget;
    uint64_t link_free_us, last_arrival_us, last_ack_us;
    struct sim_sent sent[FLOW_MAX_UPDATES + 8];
    unsigned n_sent;
    struct sim_ack acks[FLOW_MAX_UPDATES + 8];
    unsigned n_acks;

    /* what is measured */
    uint64_t updates, bytes, queue_max_us, painted_us, longest_gap_us;
    uint64_t added_us, first_us; /* when it came, and when it saw its first update */
    uint64_t queue_from_us;      /* queue_max_us counts from here on */
    uint64_t exact_us;           /* when a watched region last became the source's */
    uint64_t latency_us[SIM_KEYS];
    unsigned n_latencies;
};

struct sim_config {
    int width, height;
    uint64_t frame_us;                             /* between frames */
    uint64_t encode_us, paint_us;                  /* what they take */
    void (*draw)(struct sim *sim, unsigned frame); /* NULL: the picture stays as `begin` made it */
    void (*begin)(struct sim *sim);
    uint64_t key_every_us, echo_after_us; /* 0: nobody types */
    bool jpeg;
    uint64_t seed;
};

struct sim_job {
    struct audience_job *job;
    uint64_t done_us;
};

struct sim {
    struct sim_config config;
    struct scene scene;
    struct picture_tracker *tracker;
    struct picture *newest;
    struct audience *audience;
    uint64_t now_us, wake_us, next_frame_us, random;
    unsigned frame;
    struct sim_job jobs[AUDIENCE_COHORTS * 2];
    unsigned n_jobs;
    struct sim_viewer viewers[SIM_VIEWERS];
    unsigned n_viewers;

    /* the key that is being waited for: one at a time, pressed by viewer 0 */
    uint64_t next_key_us, pressed_us, arrives_us, echo_us; /* 0: not that far */
    unsigned keys;
    bool echoed; /* it is on the screen */

    struct rect watch; /* w 0: none. Its last change and, per viewer, when it was exact */
    uint64_t watch_changed_us;
};

#define SIM_ECHO_W 32
#define SIM_ECHO_H 16

void sim_begin(struct sim *self, const struct sim_config *config);
struct sim_viewer *sim_add(struct sim *self, const struct sim_link *link);
void sim_run(struct sim *self, uint64_t seconds_us); /* so much longer */
void sim_end(struct sim *self);

/* Of the viewer's echo latencies. */
uint64_t sim_percentile(struct sim_viewer *viewer, unsigned percent);
bool sim_is_exact(const struct sim_viewer *viewer, struct rect rect);

/* What the pictures may be. */
void sim_draw_scroll(struct sim *sim, unsigned frame); /* a text window of nearly the whole screen, a line each frame */
void sim_begin_text(struct sim *sim);
