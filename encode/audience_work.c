/* When a cohort encodes, and what becomes of it. A worker takes the newest picture when it begins, not when the job was
 * handed in, so that jobs that wait hold no old pictures. */
#include <errno.h>
#include <stdlib.h>

#include "encode/audience_inner.h"

/* After an encode that came to nothing. */
#define RETRY_US 20000
#define INTERVAL_MAX_US 1000000

struct audience_job {
    struct audience_group *group, *goal; /* goal: of a chase */
    struct cohort_ask ask;

    int error;
    bool stale; /* the picture has another size now, or there is none */
    struct cohort_update update;
    uint64_t tracked_us, begun_us, encoded_us;
};

static bool mode_is_of(const struct audience_mode *mode, const struct picture *picture)
{
    const struct frame *frame = picture->frame;
    return mode->width == frame->width && mode->height == frame->height && mode->fourcc == frame->fourcc &&
           mode->colour == frame->colour;
}

void audience_work(struct audience_job *job)
{
    const struct audience *audience = job->group->audience;
    attr_cleanup(picture_unrefp) struct picture *picture = audience->ops->picture(audience->context, &job->tracked_us);
    if (!picture || !mode_is_of(&job->group->mode, picture)) {
        job->stale = true;
        return;
    }
    job->begun_us = job->ask.now_us = audience->ops->now(audience->context);
    if (job->goal)
        job->error = cohort_chase(job->group->cohort, job->goal->cohort, &job->ask, &job->update);
    else
        job->error = cohort_encode(job->group->cohort, picture, &job->ask, &job->update);
    job->encoded_us = audience->ops->now(audience->context);
}

static void ask_for(const struct audience_group *self, struct cohort_ask *ask)
{
    *ask = (struct cohort_ask){.budget = SIZE_MAX,
                               .rate = group_rate(self),
                               .key_us = self->audience->key_us,
                               .jpeg = true,
                               .video_vp8 = self->video,
                               .video_vp9 = self->video};
    for (const struct audience_member *m = self->members; m; m = m->next) {
        ask->budget = MIN(ask->budget, m->budget);
        ask->jpeg &= m->jpeg;
        ask->video_vp8 &= m->vp8;
        ask->video_vp9 &= m->vp9;
    }
}

static bool submit(struct audience_group *self, struct audience_group *goal)
{
    struct audience *audience = self->audience;
    struct audience_job *job = calloc(1, sizeof *job);
    if (!job)
        return false;
    *job = (struct audience_job){.group = self, .goal = goal};
    ask_for(self, &job->ask);
    self->working = true;
    if (goal)
        goal->read++;
    if (audience->ops->submit(audience->context, job) == 0)
        return true;
    self->working = false;
    if (goal)
        goal->read--;
    free(job);
    return false;
}

static void count(struct audience *self, const struct audience_job *job)
{
    struct audience_statistics *s = &self->statistics;
    const struct cohort_update *u = &job->update;
    uint64_t took = job->encoded_us - job->begun_us;
    s->stale += job->stale;
    s->errors += job->error < 0;
    if (job->stale || job->error < 0)
        return;
    s->encodes += !job->goal;
    s->chases += job->goal != NULL;
    s->empty += u->n_pieces == 0;
    s->encode_us += took;
    s->longest_us = MAX(s->longest_us, took);
    s->bytes += u->bytes;
    if (u->n_pieces > 0)
        s->class_bytes[u->kind] += u->bytes;
    s->cells += u->cells;
    s->cells_copied += u->cells_copied;
    s->cells_shown += u->cells_shown;
    s->cells_solid += u->cells_solid;
    s->cells_lossy += u->cells_lossy;
}

static void drop_pieces(struct cohort_update *update)
{
    while (update->n_pieces > 0)
        packet_unref(update->pieces[--update->n_pieces]);
}

static void give(struct audience_group *self, struct audience_job *job)
{
    struct audience_update update = {.update = &job->update,
                                     .tracked_us = job->tracked_us,
                                     .begun_us = job->begun_us,
                                     .encoded_us = job->encoded_us};
    for (struct audience_member *m = self->members; m; m = m->next) {
        for (unsigned i = 0; i < job->update.n_pieces; i++)
            packet_ref(job->update.pieces[i]);
        m->pulling = false; /* before the call, in which it may be given more credit */
        m->given++;
        m->since++;
        m->number = job->update.number;
        m->sent_us = job->encoded_us;
        self->audience->statistics.sent_bytes += job->update.bytes;
        self->audience->ops->update(m->viewer, &update);
    }
}

static void note_interval(struct audience_group *self, uint64_t now_us)
{
    uint64_t interval = MIN(now_us - self->sent_us, (uint64_t)INTERVAL_MAX_US);
    /* a pause in which there was nothing to say is no pace */
    if (self->sent_us && self->due_us && self->due_us - MIN(self->sent_us, self->due_us) < INTERVAL_MAX_US / 4)
        self->interval_us = self->interval_us ? (7 * self->interval_us + interval) / 8 : interval;
    self->sent_us = now_us;
    self->due_us = 0;
}

/* Updates that were made and never sent have filled slots that nobody has. */
static void forget_job(struct audience_group *self)
{
    self->audience->statistics.dropped++;
    self->anew = true;
    slot_set_clear(cohort_slots(self->cohort));
}

static void take_outcome(struct audience_group *self, struct audience_job *job)
{
    if (job->stale)
        return;
    if (job->error < 0) {
        forget_job(self);
        self->retry_us = job->encoded_us + RETRY_US; /* out of memory: not at once */
    } else if (self->anew) {
        forget_job(self);
    } else if (job->update.n_pieces > 0) {
        self->fresh = false;
        note_interval(self, job->encoded_us);
        give(self, job);
    } else if (!job->goal) {
        self->retry_us = job->encoded_us + RETRY_US;
    }
}

/* Now is the moment: neither has moved since the chase. */
static void merge_if_alike(struct audience_group *self)
{
    struct audience_group *goal = self->goal;
    if (goal && self->n > 0 && !goal->working && goal->read == 0 && !goal->anew && !self->anew && goal->n > 0 &&
        cohort_is_like(self->cohort, goal->cohort))
        group_merge(self);
}

void audience_done(struct audience_job *job)
{
    struct audience_group *self = job->group, *goal = job->goal;
    struct audience *audience = self->audience;
    self->working = false;
    count(audience, job);
    if (self->n > 0)
        take_outcome(self, job);
    drop_pieces(&job->update);
    if (goal)
        goal->read--;
    if (goal && self->goal == goal && self->n > 0)
        merge_if_alike(self);
    else if (self->n == 0)
        group_drop_if_empty(self);
    if (goal)
        group_drop_if_empty(goal);
    free(job);
    audience_tick(audience);
}

static void tell_mode(struct audience_group *self, const struct picture *picture)
{
    const struct frame *frame = picture->frame;
    self->mode = (struct audience_mode){
        .width = frame->width, .height = frame->height, .fourcc = frame->fourcc, .colour = frame->colour};
    bool dropped = false;
    for (struct audience_member *m = self->members; m; m = m->next)
        if (self->audience->ops->mode(m->viewer, frame->width, frame->height, frame->colour)) {
            m->given--;
            m->since = 0;
            dropped = true;
        }
    if (dropped)
        slot_set_clear(cohort_slots(self->cohort));
}

/* A new canvas where there is none that fits. False: not now, the cohort is at work. */
static bool fit_mode(struct audience_group *self, const struct picture *picture)
{
    if (!self->anew && mode_is_of(&self->mode, picture))
        return true;
    self->anew = true; /* what the worker makes just now is for the old canvas */
    if (self->working || self->read > 0)
        return false;
    for (struct audience_group *g = self->audience->groups; g; g = g->next)
        if (g->goal == self)
            g->goal = NULL;
    cohort_reset(self->cohort);
    self->anew = false;
    self->fresh = true;
    self->goal = NULL;
    tell_mode(self, picture);
    return true;
}

static bool all_can_take(const struct audience_group *self)
{
    for (const struct audience_member *m = self->members; m; m = m->next)
        if (!m->pulling)
            return false;
    return true;
}

static void chase(struct audience_group *self, uint64_t now_us)
{
    struct audience_group *goal = self->goal;
    group_give_up(self, now_us);
    if (!self->goal || goal->working || goal->anew || goal->n == 0)
        return;
    if (goal->read == 0 && cohort_is_like(self->cohort, goal->cohort))
        group_merge(self);
    else if (all_can_take(self))
        submit(self, goal);
}

void group_advance(struct audience_group *self, const struct picture *picture, uint64_t now_us)
{
    if (self->n == 0 || !fit_mode(self, picture) || self->working || self->read > 0)
        return;
    if (self->goal) {
        chase(self, now_us);
        return;
    }
    uint64_t due = MAX(self->fresh ? 0 : cohort_due(self->cohort, picture, now_us), self->retry_us);
    if (due > now_us) {
        self->due_us = 0;
        self->wake_us = due;
        return;
    }
    if (!self->due_us)
        self->due_us = now_us;
    if (!all_can_take(self)) {
        self->lacked_us = now_us;
        self->wake_us = group_wait(self, now_us);
        if (self->n == 0 || !all_can_take(self))
            return;
    }
    if (group_holds_for_chaser(self, now_us))
        return;
    group_note_last(self, now_us);
    submit(self, NULL);
}
