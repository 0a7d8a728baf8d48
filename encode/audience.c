#include "encode/audience_inner.h"

#include <errno.h>

/* How often cohorts are compared. */
#define GROUPING_US 500000

#define PLACE_US 10000

/* A viewer alone in its cohort that has not acked for so long gives its place to others. */
#define STALLED_US 5000000

int audience_create(const struct audience_ops *ops, void *context, struct audience **ret)
{
    struct audience *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct audience){.ops = ops, .context = context};
    if (slot_table_create(&self->slots) < 0) {
        free(self);
        return -ENOMEM;
    }
    *ret = self;
    return 0;
}

struct audience *audience_destroy(struct audience *self)
{
    if (self) {
        assert(!self->all && !self->groups);
        slot_table_unref(self->slots);
        free(self);
    }
    return NULL;
}

const struct audience_statistics *audience_statistics(const struct audience *self)
{
    return &self->statistics;
}

static void place_waiting(struct audience *self, uint64_t now_us)
{
    for (struct audience_member *m = self->all; m; m = m->next_of_all)
        if (!m->group)
            member_place(m, now_us);
}

static void obey_refreshes(struct audience *self, uint64_t now_us)
{
    for (struct audience_member *m = self->all; m; m = m->next_of_all) {
        if (!m->refresh || (m->refreshed_us && now_us - m->refreshed_us < AUDIENCE_REFRESH_US))
            continue;
        m->refresh = false;
        m->refreshed_us = now_us;
        self->statistics.refreshes++;
        member_remove(m);
        m->record = slot_record_destroy(m->record);
    }
}

static void drop_stalled(struct audience *self, uint64_t now_us)
{
    for (struct audience_member *m = self->all; m; m = m->next_of_all)
        if (m->group && m->group->n == 1 && !m->pulling && m->group->due_us &&
            now_us - MAX(m->sent_us, m->group->due_us) > STALLED_US)
            member_remove(m);
}

/* Advancing a group may end it or begin another, so the walk begins anew each time. */
static struct audience_group *next_of_turn(struct audience *self)
{
    for (struct audience_group *g = self->groups; g; g = g->next)
        if (g->turn != self->turn)
            return g;
    return NULL;
}

static uint64_t refresh_wake(const struct audience *self)
{
    uint64_t wake = UINT64_MAX;
    for (struct audience_member *m = self->all; m; m = m->next_of_all)
        if (m->refresh)
            wake = MIN(wake, m->refreshed_us + AUDIENCE_REFRESH_US);
    return wake;
}

/* Cohorts are looked at again only while more than one has something to do; soon, when one has just become free. */
static uint64_t grouping_wake(const struct audience *self, uint64_t now_us)
{
    unsigned n = 0;
    bool waiting = false;
    for (const struct audience_group *g = self->groups; g; g = g->next)
        n += g->n > 0;
    for (const struct audience_member *m = self->all; m; m = m->next_of_all)
        waiting |= !m->group && m->pulling && !m->hidden;
    if (waiting && n > 0 && n < AUDIENCE_COHORTS)
        return now_us + PLACE_US;
    return n > 1 || (waiting && n > 0) ? self->grouped_us + GROUPING_US : UINT64_MAX;
}

static void set_wake(struct audience *self, uint64_t now_us)
{
    uint64_t wake = MIN(refresh_wake(self), grouping_wake(self, now_us));
    for (const struct audience_group *g = self->groups; g; g = g->next)
        wake = MIN(wake, g->wake_us);
    self->ops->wake_at(self->context, wake);
}

void audience_tick(struct audience *self)
{
    uint64_t now_us = self->ops->now(self->context);
    attr_cleanup(picture_unrefp) struct picture *picture = self->ops->picture(self->context, NULL);
    obey_refreshes(self, now_us);
    drop_stalled(self, now_us);
    if (picture) {
        place_waiting(self, now_us);
        if (now_us - self->grouped_us >= GROUPING_US) {
            self->grouped_us = now_us;
            audience_group_like(self, now_us);
        }
    }
    self->turn++;
    for (struct audience_group *g; (g = next_of_turn(self));) {
        g->turn = self->turn;
        g->wake_us = UINT64_MAX;
        if (picture)
            group_advance(g, picture, now_us);
    }
    set_wake(self, now_us);
}

void audience_picture_changed(struct audience *self)
{
    for (struct audience_group *g = self->groups; g; g = g->next)
        g->retry_us = 0;
    audience_tick(self);
}

void audience_void(struct audience *self)
{
    for (struct audience_group *g = self->groups; g; g = g->next)
        g->anew = true;
    audience_tick(self);
}

void audience_key(struct audience *self)
{
    self->key_us = self->ops->now(self->context);
}

int audience_join(struct audience *self, const struct audience_member_config *config, void *viewer,
                  struct audience_member **ret)
{
    struct audience_member *member = calloc(1, sizeof *member);
    if (!member)
        return -ENOMEM;
    *member = (struct audience_member){.audience = self,
                                       .next_of_all = self->all,
                                       .viewer = viewer,
                                       .jpeg = config->jpeg,
                                       .vp8 = config->vp8,
                                       .vp9 = config->vp9,
                                       .record = config->record};
    self->all = member;
    self->statistics.members++;
    self->statistics.restored += config->record != NULL;
    *ret = member;
    return 0;
}

void audience_leave(struct audience_member *member, struct slot_record **ret_record)
{
    struct audience *self = member->audience;
    struct audience_member **at = &self->all;
    while (*at != member)
        at = &(*at)->next_of_all;
    *at = member->next_of_all;
    self->statistics.members--;
    member_remove(member);
    if (ret_record)
        *ret_record = take(member->record);
    slot_record_destroy(member->record);
    free(member);
    audience_tick(self);
}

void audience_pull(struct audience_member *member, size_t budget)
{
    if (!member->pulling)
        member->pulled_us = member->audience->ops->now(member->audience->context);
    member->pulling = true;
    member->budget = budget;
    audience_tick(member->audience);
}

void audience_hide(struct audience_member *member, bool hidden)
{
    member->hidden = hidden;
    if (hidden)
        member_remove(member);
    audience_tick(member->audience);
}

void audience_refresh(struct audience_member *member)
{
    member->refresh = true;
    audience_tick(member->audience);
}
