#include "screen_sim.h"

#include <stdio.h>

#include "encode/body_check.h"

#define SEGMENT 1448
#define SEGMENT_HEAD 66 /* Ethernet is not counted: IP, TCP with time stamps, a TLS record now and then */
#define UPDATE_HEADER 4 /* docs/console-protocol.md */
#define MESSAGE_HEAD 32 /* websocket, TLS record, our own header */
#define CLOCK_SKEW 0xfff00000u

static uint64_t random_below(struct sim *self, uint64_t n)
{
    self->random = self->random * 6364136223846793005ull + 1442695040888963407ull;
    return n ? (self->random >> 33) % n : 0;
}

/* ---- the audience's outer side ---- */

static uint64_t on_now(void *context)
{
    return ((struct sim *)context)->now_us;
}

static struct picture *on_picture(void *context, uint64_t *ret_tracked_us)
{
    struct sim *self = context;
    if (ret_tracked_us)
        *ret_tracked_us = self->now_us;
    return self->newest ? picture_ref(self->newest) : NULL;
}

static int on_submit(void *context, struct audience_job *job)
{
    struct sim *self = context;
    assert(self->n_jobs < ARRAY_SIZE(self->jobs));
    audience_work(job);
    self->jobs[self->n_jobs++] = (struct sim_job){.job = job, .done_us = self->now_us + self->config.encode_us};
    return 0;
}

static void on_wake_at(void *context, uint64_t when_us)
{
    ((struct sim *)context)->wake_us = when_us;
}

static void on_link(const void *data, struct audience_link *ret)
{
    const struct sim_viewer *v = data;
    *ret = (struct audience_link){
        .rate = flow_rate(&v->flow), .rtt_us = flow_rtt_us(&v->flow), .acked = flow_acked(&v->flow)};
}

static uint64_t rate_of(const struct sim_viewer *v, uint64_t at_us)
{
    uint64_t rate = v->link.rate;
    for (int i = 0; i < 2; i++)
        if (v->link.change_us[i] && at_us >= v->link.change_us[i])
            rate = v->link.new_rate[i];
    return rate;
}

/* When the last byte of so much arrives; the link is busy until then, less the way. */
static uint64_t transmit(struct sim_viewer *v, size_t size)
{
    struct sim *self = v->sim;
    uint64_t start = MAX(self->now_us, v->link_free_us), wait = start - self->now_us;
    size_t segments = (size + MESSAGE_HEAD + SEGMENT - 1) / SEGMENT;
    uint64_t way = (size + MESSAGE_HEAD + segments * SEGMENT_HEAD) * SIM_SECOND / rate_of(v, start);
    uint64_t late = 0;
    for (size_t i = 0; i < segments; i++)
        if (random_below(self, 1000) < v->link.loss_pm)
            late += v->link.rtt_us + 10000;
    if (self->now_us >= v->queue_from_us)
        v->queue_max_us = MAX(v->queue_max_us, wait);
    v->link_free_us = start + way;
    v->last_arrival_us = MAX(v->link_free_us + v->link.rtt_us / 2 + late, v->last_arrival_us);
    return v->last_arrival_us;
}

static bool on_mode(void *data, int width, int height, uint8_t colour)
{
    struct sim_viewer *v = data;
    (void)colour;
    assert(v->n_sent < ARRAY_SIZE(v->sent));
    v->sent[v->n_sent++] =
        (struct sim_sent){.arrives_us = transmit(v, 8), .mode = true, .width = width, .height = height};
    return false;
}

/* As transport/console_send.c does. */
static void pull(struct sim_viewer *v)
{
    size_t credit = flow_credit(&v->flow);
    if (!credit || (v->pulled && credit <= v->pulled_budget + v->pulled_budget / 4))
        return;
    v->pulled = true;
    v->pulled_budget = credit;
    audience_pull(v->member, credit);
}

static void on_update(void *data, const struct audience_update *update)
{
    struct sim_viewer *v = data;
    const struct cohort_update *u = update->update;
    assert(v->n_sent < ARRAY_SIZE(v->sent));
    uint8_t *body = v->replica ? malloc(u->bytes) : NULL;
    size_t at = 0;
    for (unsigned i = 0; i < u->n_pieces; i++) {
        if (body)
            memcpy(body + at, u->pieces[i]->data, u->pieces[i]->size);
        at += u->pieces[i]->size;
        packet_unref(u->pieces[i]);
    }
    v->pulled = false;
    flow_sent(&v->flow, ++v->sequence, at + UPDATE_HEADER, v->sim->now_us);
    v->updates++;
    v->bytes += at + UPDATE_HEADER;
    v->sent[v->n_sent++] = (struct sim_sent){
        .arrives_us = transmit(v, at), .sequence = v->sequence, .size = at, .check = u->check, .body = body};
}

/* ---- the viewer's side ---- */

bool sim_is_exact(const struct sim_viewer *v, struct rect rect)
{
    const struct update_canvas *canvas = v->replica ? replica_canvas(v->replica) : NULL;
    const struct scene *scene = &v->sim->scene;
    if (!canvas || !canvas->pixels || canvas->width != scene->width || canvas->height != scene->height)
        return false;
    for (int y = rect.y; y < rect.y + rect.h; y++)
        for (int x = rect.x; x < rect.x + rect.w; x++)
            if (replica_pixel(canvas, x, y) != (scene->pixels[(size_t)y * (size_t)scene->width + (size_t)x] & 0xFFFFFF))
                return false;
    return true;
}

static struct rect echo_rect(const struct sim *self)
{
    return (struct rect){
        .x = 16, .y = (self->config.height - SIM_ECHO_H) / CELL_SIZE * CELL_SIZE, .w = SIM_ECHO_W, .h = SIM_ECHO_H};
}

static void note_painted(struct sim_viewer *v, uint64_t painted_us)
{
    struct sim *self = v->sim;
    if (!v->first_us)
        v->first_us = painted_us;
    if (v->painted_us)
        v->longest_gap_us = MAX(v->longest_gap_us, painted_us - v->painted_us);
    v->painted_us = painted_us;
    if (self->watch.w && v->exact_us <= self->watch_changed_us && sim_is_exact(v, self->watch))
        v->exact_us = painted_us;
    if (!self->echoed || v != &self->viewers[0] || !sim_is_exact(v, echo_rect(self)))
        return;
    assert(v->n_latencies < SIM_KEYS);
    v->latency_us[v->n_latencies++] = painted_us - self->pressed_us;
    self->echoed = false;
    self->pressed_us = 0;
    self->next_key_us = self->now_us + self->config.key_every_us + random_below(self, 100000);
}

static void arrive(struct sim_viewer *v)
{
    struct sim_sent s = v->sent[0];
    memmove(v->sent, v->sent + 1, --v->n_sent * sizeof v->sent[0]);
    if (s.mode) {
        if (v->replica && replica_mode(v->replica, s.width, s.height, 0) < 0)
            abort();
        return;
    }
    if (v->replica && (body_check(s.body, s.size) != s.check || !replica_apply(v->replica, s.body, s.size))) {
        fprintf(stderr, "an update is malformed\n");
        abort();
    }
    free(s.body);
    uint64_t painted_us = s.arrives_us + v->sim->config.paint_us;
    note_painted(v, painted_us);
    v->last_ack_us = MAX(painted_us + v->link.rtt_us / 2, v->last_ack_us);
    v->acks[v->n_acks++] = (struct sim_ack){.at_us = v->last_ack_us,
                                            .sequence = s.sequence,
                                            .received_us = (uint32_t)s.arrives_us + CLOCK_SKEW,
                                            .painted_us = (uint32_t)painted_us + CLOCK_SKEW};
}

static void take_ack(struct sim_viewer *v)
{
    struct sim_ack a = v->acks[0];
    memmove(v->acks, v->acks + 1, --v->n_acks * sizeof v->acks[0]);
    if (flow_ack(&v->flow, a.sequence, a.received_us, a.painted_us, v->sim->now_us) < 0)
        abort();
    pull(v);
}

/* ---- the screen ---- */

static void capture(struct sim *self)
{
    struct frame *frame = scene_frame(&self->scene);
    struct picture *picture = NULL;
    frame->captured_us = self->now_us;
    if (picture_track(self->tracker, frame, &picture) < 0)
        abort();
    if (!picture)
        return;
    picture_unref(self->newest);
    self->newest = picture;
    audience_picture_changed(self->audience);
}

static void draw_frame(struct sim *self)
{
    self->next_frame_us += self->config.frame_us;
    if (self->config.draw)
        self->config.draw(self, self->frame);
    self->frame++;
    capture(self);
}

static void draw_echo(struct sim *self)
{
    struct rect r = echo_rect(self);
    scene_fill(&self->scene, r.x, r.y, r.w, r.h, 0x101010);
    for (int x = 0; x < r.w; x += 8)
        scene_glyph(&self->scene, r.x + x, r.y, 1 + (unsigned)scene_rnd(&self->scene, 95), 0xFFFFFF, 0x101010, 1);
}

static void type(struct sim *self)
{
    const struct sim_viewer *v = &self->viewers[0];
    if (!self->pressed_us) {
        self->pressed_us = self->now_us;
        self->arrives_us = self->now_us + v->link.rtt_us / 2;
        self->keys++;
    } else if (self->arrives_us) {
        self->arrives_us = 0;
        audience_key(self->audience);
        self->echo_us = self->now_us + self->config.echo_after_us;
    } else {
        self->echo_us = 0;
        self->echoed = true;
        draw_echo(self);
        capture(self);
    }
}

static uint64_t next_typing(const struct sim *self)
{
    if (!self->config.key_every_us)
        return UINT64_MAX;
    if (!self->pressed_us)
        return self->next_key_us;
    return self->arrives_us ? self->arrives_us : self->echo_us ? self->echo_us : UINT64_MAX;
}

/* ---- time ---- */

static void end_job(struct sim *self, unsigned i)
{
    struct audience_job *job = self->jobs[i].job;
    self->jobs[i] = self->jobs[--self->n_jobs];
    audience_done(job);
    for (unsigned k = 0; k < self->n_viewers; k++)
        pull(&self->viewers[k]);
}

static bool serve_one(struct sim *self)
{
    for (unsigned i = 0; i < self->n_jobs; i++)
        if (self->jobs[i].done_us <= self->now_us) {
            end_job(self, i);
            return true;
        }
    for (unsigned i = 0; i < self->n_viewers; i++) {
        struct sim_viewer *v = &self->viewers[i];
        if (v->n_sent && v->sent[0].arrives_us <= self->now_us) {
            arrive(v);
            return true;
        }
        if (v->n_acks && v->acks[0].at_us <= self->now_us) {
            take_ack(v);
            return true;
        }
    }
    if (next_typing(self) <= self->now_us)
        type(self);
    else if (self->next_frame_us <= self->now_us)
        draw_frame(self);
    else if (self->wake_us <= self->now_us) {
        self->wake_us = UINT64_MAX;
        audience_tick(self->audience);
    } else
        return false;
    return true;
}

static uint64_t next_time(const struct sim *self)
{
    uint64_t next = MIN(MIN(self->next_frame_us, self->wake_us), next_typing(self));
    for (unsigned i = 0; i < self->n_jobs; i++)
        next = MIN(next, self->jobs[i].done_us);
    for (unsigned i = 0; i < self->n_viewers; i++) {
        const struct sim_viewer *v = &self->viewers[i];
        next = MIN(next, v->n_sent ? v->sent[0].arrives_us : UINT64_MAX);
        next = MIN(next, v->n_acks ? v->acks[0].at_us : UINT64_MAX);
    }
    return next;
}

void sim_run(struct sim *self, uint64_t longer_us)
{
    uint64_t end = self->now_us + longer_us;
    for (;;) {
        while (serve_one(self))
            continue;
        uint64_t next = next_time(self);
        if (next > end)
            break;
        self->now_us = next;
    }
    self->now_us = end;
}

void sim_begin(struct sim *self, const struct sim_config *config)
{
    static const struct audience_ops ops = {.now = on_now,
                                            .picture = on_picture,
                                            .submit = on_submit,
                                            .wake_at = on_wake_at,
                                            .link = on_link,
                                            .mode = on_mode,
                                            .update = on_update};
    *self = (struct sim){.config = *config, .now_us = 1000 * SIM_SECOND, .random = config->seed + 1};
    self->wake_us = UINT64_MAX;
    self->next_frame_us = self->now_us;
    self->next_key_us = self->now_us + 3 * SIM_SECOND;
    scene_init(&self->scene, config->width, config->height, config->seed);
    if (config->begin)
        config->begin(self);
    if (picture_tracker_create(&self->tracker) < 0 || audience_create(&ops, self, &self->audience) < 0)
        abort();
}

struct sim_viewer *sim_add(struct sim *self, const struct sim_link *link)
{
    assert(self->n_viewers < SIM_VIEWERS);
    struct sim_viewer *v = &self->viewers[self->n_viewers++];
    *v = (struct sim_viewer){.sim = self, .link = *link, .added_us = self->now_us};
    struct audience_member_config config = {.jpeg = self->config.jpeg};
    flow_init(&v->flow);
    if (audience_join(self->audience, &config, v, &v->member) < 0 || replica_create(&v->replica) < 0)
        abort();
    pull(v);
    return v;
}

void sim_end(struct sim *self)
{
    for (unsigned i = 0; i < self->n_viewers; i++)
        audience_leave(self->viewers[i].member, NULL);
    while (self->n_jobs > 0) {
        struct audience_job *job = self->jobs[--self->n_jobs].job;
        audience_done(job);
    }
    for (unsigned i = 0; i < self->n_viewers; i++) {
        struct sim_viewer *v = &self->viewers[i];
        for (unsigned k = 0; k < v->n_sent; k++)
            free(v->sent[k].body);
        replica_destroy(v->replica);
    }
    audience_destroy(self->audience);
    picture_unref(self->newest);
    picture_tracker_destroy(self->tracker);
    scene_finish(&self->scene);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

uint64_t sim_percentile(struct sim_viewer *v, unsigned percent)
{
    if (v->n_latencies == 0)
        return UINT64_MAX;
    qsort(v->latency_us, v->n_latencies, sizeof v->latency_us[0], compare);
    return v->latency_us[MIN(v->n_latencies * percent / 100, v->n_latencies - 1)];
}

/* ---- pictures ---- */

void sim_begin_text(struct sim *self)
{
    scene_start(&self->scene);
}

void sim_draw_scroll(struct sim *self, unsigned frame)
{
    int w = (self->config.width - 64) / 16 * 16, h = (self->config.height - 64) / 16 * 16;
    (void)frame;
    scene_scroll(&self->scene, 32, 16, w, h, 16);
    scene_fill(&self->scene, 32, h, w, 16, 0x204060);
    scene_text_line(&self->scene, 32, h, 20 + (int)scene_rnd(&self->scene, (uint32_t)(w / 8 - 20)), 0xC0C0C0, 0x204060);
}
