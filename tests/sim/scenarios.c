#include "scenarios.h"

#include "screen_sim.h"

#define ECHO_SECONDS 45
#define MANY_SECONDS 10
#define FIRST_MS 3000 /* while all places are taken, two cohorts must become one first */

static struct sim sim;
static struct scenario_row *rows;
static unsigned n_rows;

static void tell(const char *scenario, const char *metric, const char *unit, double value, double limit)
{
    rows[n_rows++] =
        (struct scenario_row){.scenario = scenario, .metric = metric, .unit = unit, .value = value, .limit = limit};
}

static void tell_floor(const char *scenario, const char *metric, const char *unit, double value, double limit)
{
    tell(scenario, metric, unit, value, limit);
    rows[n_rows - 1].floor = true;
}

static const struct sim_config scrolling = {.width = 1024,
                                            .height = 768,
                                            .frame_us = 33333,
                                            .encode_us = 5000,
                                            .paint_us = 4000,
                                            .draw = sim_draw_scroll,
                                            .begin = sim_begin_text,
                                            .seed = 7};

static void echo(const char *name, struct sim_link link, uint64_t margin_us)
{
    struct sim_config config = scrolling;
    config.key_every_us = 400000;
    config.echo_after_us = 30000;
    sim_begin(&sim, &config);
    struct sim_viewer *v = sim_add(&sim, &link);
    sim_run(&sim, ECHO_SECONDS * SIM_SECOND);
    uint64_t limit = link.loss_pm ? 0 : link.rtt_us + margin_us;
    tell(name, "echo_p50", "ms", (double)sim_percentile(v, 50) / 1000, 0);
    tell(name, "echo_p95", "ms", (double)sim_percentile(v, 95) / 1000, (double)limit / 1000);
    tell(name, "echo_max", "ms", (double)sim_percentile(v, 100) / 1000, 0);
    tell_floor(name, "echoes", "n", v->n_latencies, 25);
    tell(name, "longest_gap", "ms", (double)v->longest_gap_us / 1000, (double)(link.rtt_us + SIM_SECOND) / 1000);
    tell(name, "queue_max", "ms", (double)v->queue_max_us / 1000, 0);
    tell(name, "link_used", "%", 100.0 * (double)v->bytes / (double)(link.rate * ECHO_SECONDS), 0);
    sim_end(&sim);
}

/* The echo of every viewer of the fast kind must not suffer from the slow ones. */
static void mixed(void)
{
    struct sim_config config = scrolling;
    config.key_every_us = 400000;
    config.echo_after_us = 30000;
    struct sim_link fast = {.rate = SIM_KBIT(20000), .rtt_us = 20000}, slow = {.rate = SIM_KBIT(256), .rtt_us = 200000};
    sim_begin(&sim, &config);
    struct sim_viewer *v = sim_add(&sim, &fast);
    sim_run(&sim, MANY_SECONDS * SIM_SECOND);
    double alone = (double)sim_percentile(v, 95) / 1000, updates = (double)v->updates;
    sim_end(&sim);
    sim_begin(&sim, &config);
    v = sim_add(&sim, &fast);
    for (int i = 0; i < 3; i++)
        sim_add(&sim, &fast);
    for (int i = 0; i < 4; i++)
        sim_add(&sim, &slow);
    sim_run(&sim, 10 * SIM_SECOND); /* to find each other */
    uint64_t before = v->updates, encodes = audience_statistics(sim.audience)->encodes;
    v->n_latencies = 0;
    sim_run(&sim, MANY_SECONDS * SIM_SECOND);
    const struct audience_statistics *s = audience_statistics(sim.audience);
    tell("mixed", "fast_echo_p95_alone", "ms", alone, 0);
    tell("mixed", "fast_echo_p95", "ms", (double)sim_percentile(v, 95) / 1000, 1.25 * alone + 5);
    tell_floor("mixed", "fast_updates_of_alone", "ratio", (double)(v->updates - before) / updates, 0.9);
    tell("mixed", "cohorts", "n", s->cohorts, AUDIENCE_COHORTS);
    tell("mixed", "encodes_per_s", "n", (double)(s->encodes - encodes) / MANY_SECONDS, 0);
    tell("mixed", "merges", "n", (double)s->merges, 0);
    tell("mixed", "leaves", "n", (double)s->leaves, 0);
    sim_end(&sim);
}

static double encodes_of(unsigned viewers, bool together, uint64_t *ret_cohorts, uint64_t *ret_first_us)
{
    struct sim_link link = {.rate = SIM_KBIT(20000), .rtt_us = 20000};
    sim_begin(&sim, &scrolling);
    for (unsigned i = 0; i < viewers; i++) {
        sim_add(&sim, &link);
        if (!together)
            sim_run(&sim, 300000 + i * 10000);
    }
    sim_run(&sim, 10 * SIM_SECOND);
    const struct audience_statistics *s = audience_statistics(sim.audience);
    uint64_t before = s->encodes;
    sim_run(&sim, MANY_SECONDS * SIM_SECOND);
    double encodes = (double)(s->encodes - before);
    *ret_cohorts = s->cohorts;
    *ret_first_us = 0;
    for (unsigned i = 0; i < viewers; i++)
        *ret_first_us = MAX(*ret_first_us, sim.viewers[i].first_us - sim.viewers[i].added_us);
    sim_end(&sim);
    return encodes;
}

static void in_step(void)
{
    uint64_t cohorts, first_us;
    double one = encodes_of(1, true, &cohorts, &first_us);
    tell("sixteen_at_once", "encodes_of_one", "ratio", encodes_of(16, true, &cohorts, &first_us) / one, 1.1);
    tell("sixteen_at_once", "cohorts", "n", (double)cohorts, 1);
    tell("sixteen_at_once", "first_update_max", "ms", (double)first_us / 1000, FIRST_MS);
    tell("sixteen_by_and_by", "encodes_of_one", "ratio", encodes_of(16, false, &cohorts, &first_us) / one, 1.1);
    tell("sixteen_by_and_by", "cohorts", "n", (double)cohorts, 1);
    tell("sixteen_by_and_by", "first_update_max", "ms", (double)first_us / 1000, FIRST_MS);
}

static void draw_photo(struct sim *self, unsigned frame)
{
    if (frame > 30)
        return;
    for (int y = 96; y < 480; y++)
        for (int x = 96; x < 608; x++) {
            uint32_t grain = scene_rnd(&self->scene, 12);
            uint32_t r = (uint32_t)(x + (int)frame * 4) / 3 % 256, g = (uint32_t)(y + x / 2) / 3 % 256,
                     b = (uint32_t)(x * y / 700) % 256;
            scene_put(&self->scene, x, y,
                      MIN(r + grain, 255u) << 16 | MIN(g + grain, 255u) << 8 | MIN(b + grain, 255u));
        }
    self->watch_changed_us = self->now_us;
}

/* Bytes of the region, from black and exact. */
static double lossless_size(struct sim *self)
{
    struct cohort *cohort = NULL;
    double bytes = 0;
    if (cohort_create(NULL, &cohort) < 0)
        abort();
    for (bool complete = false; !complete;) {
        struct cohort_update update;
        struct cohort_ask ask = {.budget = 1 << 19, .now_us = self->now_us + SIM_SECOND};
        if (cohort_encode(cohort, self->newest, &ask, &update) < 0)
            abort();
        bytes += (double)update.bytes;
        complete = update.complete || update.n_pieces == 0;
        while (update.n_pieces > 0)
            packet_unref(update.pieces[--update.n_pieces]);
    }
    cohort_destroy(cohort);
    return bytes;
}

static void settle(const char *name, struct sim_link link)
{
    struct sim_config config = scrolling;
    config.begin = NULL;
    config.draw = draw_photo;
    config.jpeg = true;
    sim_begin(&sim, &config);
    sim.watch = (struct rect){.x = 96, .y = 96, .w = 512, .h = 384};
    struct sim_viewer *v = sim_add(&sim, &link);
    sim_run(&sim, 120 * SIM_SECOND);
    double way = (double)link.rtt_us / 2000 + (double)config.paint_us / 1000;
    double limit = 250 + 1.2 * lossless_size(&sim) / (double)link.rate * 1000 + way;
    double took = v->exact_us > sim.watch_changed_us ? (double)(v->exact_us - sim.watch_changed_us) / 1000 : 1e9;
    tell(name, "exact_after", "ms", took, limit);
    tell(name, "photo_bytes", "B", (double)audience_statistics(sim.audience)->class_bytes[COHORT_PHOTO], 0);
    sim_end(&sim);
}

static void rate_change(const char *name, uint64_t first, uint64_t then)
{
    struct sim_link link = {.rate = first, .rtt_us = 40000, .change_us = {1020 * SIM_SECOND}, .new_rate = {then}};
    struct sim_config config = scrolling;
    config.width = 1920;
    config.height = 1080;
    config.key_every_us = 400000;
    config.echo_after_us = 30000;
    sim_begin(&sim, &config);
    struct sim_viewer *v = sim_add(&sim, &link);
    v->queue_from_us = 1023 * SIM_SECOND;
    sim_run(&sim, 23 * SIM_SECOND);
    v->n_latencies = 0;
    sim_run(&sim, 20 * SIM_SECOND);
    tell(name, "queue_max_after_3s", "ms", (double)v->queue_max_us / 1000, 250);
    tell(name, "echo_p95_after_3s", "ms", (double)sim_percentile(v, 95) / 1000, 300);
    sim_end(&sim);
}

unsigned scenarios_run(struct scenario_row *ret)
{
    rows = ret;
    n_rows = 0;
    echo("echo_256k_200ms", (struct sim_link){.rate = SIM_KBIT(256), .rtt_us = 200000}, 150000);
    echo("echo_64k_600ms", (struct sim_link){.rate = SIM_KBIT(64), .rtt_us = 600000}, 500000);
    echo("echo_256k_200ms_1%", (struct sim_link){.rate = SIM_KBIT(256), .rtt_us = 200000, .loss_pm = 10}, 0);
    echo("echo_64k_600ms_1%", (struct sim_link){.rate = SIM_KBIT(64), .rtt_us = 600000, .loss_pm = 10}, 0);
    settle("settle_2M_40ms", (struct sim_link){.rate = SIM_KBIT(2000), .rtt_us = 40000});
    settle("settle_20M_20ms", (struct sim_link){.rate = SIM_KBIT(20000), .rtt_us = 20000});
    rate_change("10M_to_1M", SIM_KBIT(10000), SIM_KBIT(1000));
    rate_change("1M_to_10M", SIM_KBIT(1000), SIM_KBIT(10000));
    in_step();
    mixed();
    return n_rows;
}
