/* Whom a cohort waits for. An update goes out when all members can take it; one that makes the others wait too long, or
 * again and again, goes its own way. */
#include "encode/audience_inner.h"

/* A link has lately been what updates waited for. */
#define BOUND_US 3000000

/* A viewer is waited for this long at least, and then as long as its round trip or a few updates. */
#define PATIENCE_MIN_US 60000
#define PATIENCE_MAX_US 1000000
#define PATIENCE_UPDATES 4

/* Who alone made the others wait for more than this share of the window is too slow for them. */
#define WINDOW_US 1000000
#define HELD_MAX_US 300000

uint64_t group_rate(const struct audience_group *self)
{
    uint64_t rate = 0;
    for (const struct audience_member *m = self->members; m; m = m->next) {
        struct audience_link link = {.rate = 0};
        self->audience->ops->link(m->viewer, &link);
        if (link.rate && (!rate || link.rate < rate))
            rate = link.rate;
    }
    return rate;
}

bool group_is_bound(const struct audience_group *self, uint64_t now_us)
{
    return self->lacked_us && now_us - self->lacked_us < BOUND_US;
}

static uint64_t patience(const struct audience_group *self, const struct audience_member *member)
{
    struct audience_link link = {.rate = 0};
    self->audience->ops->link(member->viewer, &link);
    uint64_t updates = PATIENCE_UPDATES * self->interval_us;
    return MIN(MAX(MAX(updates, (uint64_t)link.rtt_us), (uint64_t)PATIENCE_MIN_US), (uint64_t)PATIENCE_MAX_US);
}

/* Since when all but the missing members could have had the update. */
static uint64_t ready_since(const struct audience_group *self)
{
    uint64_t since = self->due_us;
    for (const struct audience_member *m = self->members; m; m = m->next)
        if (m->pulling)
            since = MAX(since, m->pulled_us);
    return since;
}

uint64_t group_wait(struct audience_group *self, uint64_t now_us)
{
    unsigned missing = 0;
    for (const struct audience_member *m = self->members; m; m = m->next)
        missing += !m->pulling;
    if (missing == self->n)
        return UINT64_MAX;
    uint64_t since = ready_since(self), wake = UINT64_MAX;
    for (struct audience_member *m = self->members, *next; m; m = next) {
        next = m->next;
        uint64_t until = since + patience(self, m);
        if (m->pulling)
            continue;
        if (now_us >= until)
            member_split(m, now_us);
        else
            wake = MIN(wake, until);
    }
    return wake;
}

static bool is_slower(const struct audience_group *self, const struct audience_member *member)
{
    uint64_t others = 0;
    struct audience_link mine = {.rate = 0};
    self->audience->ops->link(member->viewer, &mine);
    for (const struct audience_member *m = self->members; m; m = m->next) {
        struct audience_link link = {.rate = 0};
        self->audience->ops->link(m->viewer, &link);
        if (m != member && link.rate && (!others || link.rate < others))
            others = link.rate;
    }
    return mine.rate && others && 2 * mine.rate < others;
}

static void end_window(struct audience_group *self, uint64_t now_us)
{
    for (struct audience_member *m = self->members, *next; m; m = next) {
        next = m->next;
        bool slow = m->held_us > HELD_MAX_US && self->n > 1 && is_slower(self, m);
        m->held_us = 0;
        if (slow)
            member_split(m, now_us);
    }
    self->window_us = now_us;
}

void group_note_last(struct audience_group *self, uint64_t now_us)
{
    struct audience_member *last = NULL;
    uint64_t before = self->due_us;
    for (struct audience_member *m = self->members; m; m = m->next)
        if (!last || m->pulled_us > last->pulled_us)
            last = m;
    for (const struct audience_member *m = self->members; m; m = m->next)
        if (m != last)
            before = MAX(before, m->pulled_us);
    if (last && last->pulled_us > before)
        last->held_us += last->pulled_us - before;
    if (now_us - self->window_us > WINDOW_US)
        end_window(self, now_us);
}
