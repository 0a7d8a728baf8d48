/* Who goes with whom. A viewer begins in a cohort whose canvas is still blank; cohorts whose links are alike, as far as
 * they are used at all, become one; when all places are taken the two nearest ones must. */
#include <errno.h>

#include "encode/audience_inner.h"

/* Links above this are alike, as long as no update has had to wait for them. */
#define AMPLE_RATE 1000000

/* A cohort that does not come to its goal within this goes its own way again; one whose place is needed makes the goal
 * wait for it first, and then begins with a new canvas. */
#define CHASE_US 3000000
#define CHASE_HOLD_US 200000

/* How long cohorts that have parted, or missed each other, stay apart: longer each time. */
#define APART_MIN_US 10000000
#define APART_MAX_US 300000000

#define VIDEO_COHORTS 2

static void share_video(struct audience *self)
{
    unsigned have = 0;
    for (struct audience_group *g = self->groups; g; g = g->next)
        have += g->video;
    for (struct audience_group *g = self->groups; g && have < VIDEO_COHORTS; g = g->next)
        if (!g->video) {
            g->video = true;
            have++;
        }
}

static void link_group(struct audience_group *self, struct audience *audience)
{
    self->audience = audience;
    self->next = audience->groups;
    self->wake_us = UINT64_MAX;
    audience->groups = self;
    audience->statistics.cohorts++;
    share_video(audience);
}

int group_create(struct audience *audience, struct audience_group **ret)
{
    struct audience_group *self = calloc(1, sizeof *self);
    if (!self || cohort_create(audience->slots, &self->cohort) < 0) {
        free(self);
        return -ENOMEM;
    }
    self->anew = self->fresh = true;
    link_group(self, audience);
    *ret = self;
    return 0;
}

static void forget_goal(struct audience_group *self)
{
    for (struct audience_group *g = self->audience->groups; g; g = g->next)
        if (g->goal == self) {
            g->goal = NULL;
            g->urgent = false;
        }
}

void group_drop_if_empty(struct audience_group *self)
{
    if (self->n > 0)
        return;
    forget_goal(self);
    if (self->working || self->read > 0)
        return; /* when the job is done */
    struct audience *audience = self->audience;
    struct audience_group **at = &audience->groups;
    while (*at && *at != self)
        at = &(*at)->next;
    if (*at)
        *at = self->next;
    audience->statistics.cohorts--;
    cohort_destroy(self->cohort);
    free(self);
    share_video(audience);
}

static void link_member(struct audience_member *self, struct audience_group *group)
{
    self->group = group;
    self->next = group->members;
    group->members = self;
    group->n++;
    self->held_us = 0;
}

static void unlink_member(struct audience_member *self)
{
    struct audience_group *group = self->group;
    struct audience_member **at = &group->members;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    group->n--;
    self->group = NULL;
}

/* Of the updates given since the viewer came to its cohort, all but those that are still on their way have arrived; of
 * one that has not even acked what was given before, nothing is certain. */
struct slot_record *member_record(const struct audience_member *self)
{
    struct audience_link link = {.rate = 0};
    struct slot_record *record = NULL;
    self->audience->ops->link(self->viewer, &link);
    uint32_t open = self->given - link.acked;
    if (!self->group || self->group->working || open > self->since)
        return NULL;
    return slot_set_record(cohort_slots(self->group->cohort), self->number - open, &record) < 0 ? NULL : record;
}

void member_remove(struct audience_member *self)
{
    struct audience_group *group = self->group;
    if (!group)
        return;
    slot_record_destroy(self->record);
    self->record = member_record(self);
    unlink_member(self);
    group_drop_if_empty(group);
}

/* What the member's slots hold counts only where all others hold it, too. */
static void merge_slots(struct audience_member *self, struct audience_group *group)
{
    struct slot_set *slots = cohort_slots(group->cohort), mine;
    if (group->n == 0 && self->record)
        slot_set_restore(slots, self->record);
    else if (!self->record || slot_set_init(&mine, slots->table) < 0)
        slot_set_clear(slots);
    else {
        slot_set_restore(&mine, self->record);
        slot_set_intersect(slots, &mine);
        slot_set_finish(&mine);
    }
    self->record = slot_record_destroy(self->record);
}

void member_add(struct audience_member *self, struct audience_group *group)
{
    assert(group->fresh && !group->working);
    merge_slots(self, group);
    link_member(self, group);
    self->since = 0;
    if (!group->anew && group->mode.width)
        self->audience->ops->mode(self->viewer, group->mode.width, group->mode.height, group->mode.colour);
}

void group_merge(struct audience_group *self)
{
    struct audience_group *goal = self->goal;
    self->audience->statistics.merges += self->n;
    cohort_join(goal->cohort, self->cohort);
    while (self->members) {
        struct audience_member *m = self->members;
        unlink_member(m);
        link_member(m, goal);
        m->since = 0;
    }
    goal->apart_us = MIN(goal->apart_us, self->apart_us);
    group_drop_if_empty(self);
}

static unsigned groups_in_use(const struct audience *self)
{
    unsigned n = 0;
    for (const struct audience_group *g = self->groups; g; g = g->next)
        n += g->n > 0;
    return n;
}

static bool same_canvas(const struct audience_group *a, const struct audience_group *b)
{
    return a->mode.width > 0 && a->mode.width == b->mode.width && a->mode.height == b->mode.height &&
           a->mode.colour == b->mode.colour && a->mode.fourcc == b->mode.fourcc;
}

static bool may_pair(const struct audience_group *a, const struct audience_group *b)
{
    return a != b && a->n > 0 && b->n > 0 && !a->goal && !b->goal && !a->anew && !b->anew && !a->fresh && !b->fresh &&
           same_canvas(a, b);
}

static bool is_goal(const struct audience_group *self)
{
    for (const struct audience_group *g = self->audience->groups; g; g = g->next)
        if (g->goal == self)
            return true;
    return false;
}

/* The one that is faster, or has fewer members, is brought to the other one's canvas. */
static void set_out(struct audience_group *a, struct audience_group *b, bool urgent, uint64_t now_us)
{
    uint64_t rate_a = MIN(group_rate(a), (uint64_t)AMPLE_RATE), rate_b = MIN(group_rate(b), (uint64_t)AMPLE_RATE);
    bool a_goes = rate_a > rate_b || (rate_a == rate_b && a->n <= b->n);
    if (is_goal(a) || is_goal(b))
        a_goes = is_goal(b);
    struct audience_group *goes = a_goes ? a : b, *stays = a_goes ? b : a;
    if (is_goal(goes))
        return;
    goes->goal = stays;
    goes->urgent = urgent;
    goes->goal_us = now_us;
}

static bool within(uint64_t a, uint64_t b, unsigned factor)
{
    return a > 0 && b > 0 && a <= factor * b && b <= factor * a;
}

static bool are_like(const struct audience_group *a, const struct audience_group *b, uint64_t now_us)
{
    uint64_t rate_a = group_rate(a), rate_b = group_rate(b);
    bool bound = group_is_bound(a, now_us);
    if (bound != group_is_bound(b, now_us))
        return false;
    if (bound)
        return within(rate_a, rate_b, 2);
    return within(MIN(rate_a, (uint64_t)AMPLE_RATE), MIN(rate_b, (uint64_t)AMPLE_RATE), 4);
}

void audience_group_like(struct audience *self, uint64_t now_us)
{
    for (struct audience_group *a = self->groups; a; a = a->next)
        for (struct audience_group *b = a->next; b; b = b->next)
            if (may_pair(a, b) && now_us >= a->apart_until_us && now_us >= b->apart_until_us && are_like(a, b, now_us))
                set_out(a, b, false, now_us);
}

static void stay_apart(struct audience_group *self, uint64_t now_us)
{
    self->apart_us = MIN(MAX((uint64_t)APART_MIN_US, 2 * self->apart_us), (uint64_t)APART_MAX_US);
    self->apart_until_us = now_us + self->apart_us;
}

void group_give_up(struct audience_group *self, uint64_t now_us)
{
    if (now_us - self->goal_us < CHASE_US)
        return;
    if (self->urgent)
        self->anew = true; /* who waits for a place finds one here */
    self->goal = NULL;
    self->urgent = false;
    stay_apart(self, now_us);
}

bool group_holds_for_chaser(const struct audience_group *self, uint64_t now_us)
{
    for (const struct audience_group *g = self->audience->groups; g; g = g->next)
        if (g->goal == self && g->urgent && now_us - g->goal_us > CHASE_HOLD_US)
            return true;
    return false;
}

/* How far the rates are from each other, for choosing the nearest: larger is farther. */
static uint64_t distance(const struct audience_group *a, const struct audience_group *b)
{
    uint64_t x = group_rate(a) + 1, y = group_rate(b) + 1;
    return x > y ? 1024 * x / y : 1024 * y / x;
}

static void make_place(struct audience *self, uint64_t now_us)
{
    struct audience_group *best_a = NULL, *best_b = NULL;
    for (struct audience_group *a = self->groups; a; a = a->next)
        for (struct audience_group *b = a->next; b; b = b->next) {
            if (a->goal || b->goal) { /* one is being made */
                a->urgent |= a->goal != NULL;
                b->urgent |= b->goal != NULL;
                return;
            }
            if (may_pair(a, b) && (!best_a || distance(a, b) < distance(best_a, best_b))) {
                best_a = a;
                best_b = b;
            }
        }
    if (best_a)
        set_out(best_a, best_b, true, now_us);
}

static struct audience_group *find_blank(const struct audience *self)
{
    for (struct audience_group *g = self->groups; g; g = g->next)
        if (g->n > 0 && g->fresh && !g->working)
            return g;
    return NULL;
}

void member_place(struct audience_member *self, uint64_t now_us)
{
    struct audience *audience = self->audience;
    if (self->hidden || !self->pulling)
        return;
    struct audience_group *group = find_blank(audience);
    if (!group && groups_in_use(audience) >= AUDIENCE_COHORTS) {
        make_place(audience, now_us);
        return;
    }
    if (!group && group_create(audience, &group) < 0)
        return; /* with the next picture, perhaps */
    member_add(self, group);
    audience->statistics.joins++;
}

void member_split(struct audience_member *self, uint64_t now_us)
{
    struct audience_group *from = self->group, *to = NULL;
    struct audience *audience = self->audience;
    assert(!from->working);
    audience->statistics.leaves++;
    if (groups_in_use(audience) < AUDIENCE_COHORTS && (to = calloc(1, sizeof *to)) &&
        cohort_split(from->cohort, &to->cohort) == 0) {
        to->mode = from->mode;
        to->apart_us = from->apart_us;
        to->interval_us = from->interval_us;
        to->lacked_us = now_us;
        link_group(to, audience);
        stay_apart(to, now_us);
        unlink_member(self);
        link_member(self, to);
        return;
    }
    free(to);
    member_remove(self); /* it begins anew when it can take something again */
}
