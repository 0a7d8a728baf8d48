#include "manage/seat.h"

#include <errno.h>
#include <string.h>

#include "core/attrs.h"

static bool same_party(const struct seat_party *a, const struct seat_party *b)
{
    return a->session && a->session == b->session && a->viewer == b->viewer;
}

static struct seat_asker *find_asker(struct seat *self, uint64_t session)
{
    for (unsigned i = 0; i < self->n_askers; i++)
        if (self->askers[i].party.session == session)
            return &self->askers[i];
    return NULL;
}

static void drop_asker(struct seat *self, struct seat_asker *asker)
{
    size_t behind = (size_t)(self->askers + self->n_askers - (asker + 1));
    memmove(asker, asker + 1, behind * sizeof *asker);
    self->n_askers--;
}

static void vacate(struct seat *self)
{
    self->holder = (struct seat_party){0};
    self->quiet = false;
}

/* The holder becomes `who`, whose own request is answered by that. */
static void move_to(struct seat *self, const struct seat_party *who, uint64_t now_us, enum seat_change change,
                    struct seat_news *ret)
{
    *ret = (struct seat_news){.change = change, .former = self->holder, .who = *who};
    struct seat_asker *asker = find_asker(self, who->session);
    if (asker)
        drop_asker(self, asker);
    self->holder = ret->who;
    self->used_us = now_us;
    self->quiet = false;
}

/* The holder is gone: the first who asked has the seat, or it is free. */
static void pass_on(struct seat *self, uint64_t now_us, enum seat_change passed, enum seat_change freed,
                    struct seat_news *ret)
{
    if (self->n_askers) {
        struct seat_party first = self->askers[0].party;
        move_to(self, &first, now_us, passed, ret);
        return;
    }
    *ret = (struct seat_news){.change = freed, .former = self->holder};
    vacate(self);
}

static int ask(struct seat *self, const struct seat_party *who, uint64_t now_us, struct seat_news *ret)
{
    struct seat_asker *asker = find_asker(self, who->session);
    if (asker) { /* another page of the same session: it stands where that one stood */
        bool same = same_party(&asker->party, who);
        asker->party = *who;
        ret->change = same ? SEAT_SAME : SEAT_ASKED;
    } else {
        if (self->n_askers == SEAT_ASKERS)
            return -EBUSY;
        if (++self->last_number == 0)
            self->last_number = 1;
        self->askers[self->n_askers++] =
            (struct seat_asker){.party = *who, .number = self->last_number, .since_us = now_us};
        ret->change = SEAT_ASKED;
    }
    ret->former = self->holder;
    ret->who = *who;
    return 0;
}

int seat_request(struct seat *self, const struct seat_party *who, uint64_t now_us, struct seat_news *ret)
{
    *ret = (struct seat_news){0};
    if (self->shared || seat_holds(self, who))
        return 0;
    if (self->holder.session && self->holder.session != who->session)
        return ask(self, who, now_us, ret);
    move_to(self, who, now_us, SEAT_TAKEN, ret);
    return 0;
}

int seat_take(struct seat *self, const struct seat_party *who, bool may_take_over, uint64_t now_us,
              struct seat_news *ret)
{
    bool others = self->holder.session && self->holder.session != who->session;
    *ret = (struct seat_news){0};
    if (self->shared || seat_holds(self, who))
        return 0;
    if (others && !may_take_over)
        return -EPERM;
    move_to(self, who, now_us, others ? SEAT_OVERTAKEN : SEAT_TAKEN, ret);
    return 0;
}

int seat_answer(struct seat *self, const struct seat_party *by, uint32_t number, bool grant, uint64_t now_us,
                struct seat_news *ret)
{
    struct seat_asker *asker = NULL;
    if (!seat_holds(self, by))
        return -EPERM;
    for (unsigned i = 0; i < self->n_askers && !asker; i++)
        if (number == 0 || self->askers[i].number == number)
            asker = &self->askers[i];
    if (!asker)
        return -ENOENT;
    struct seat_party who = asker->party;
    self->used_us = now_us; /* who answers is there */
    if (grant) {
        move_to(self, &who, now_us, SEAT_GRANTED, ret);
        return 0;
    }
    drop_asker(self, asker);
    self->quiet = false;
    *ret = (struct seat_news){.change = SEAT_REFUSED, .former = self->holder, .who = who};
    return 0;
}

void seat_leave(struct seat *self, const struct seat_party *who, uint64_t now_us, struct seat_news *ret)
{
    *ret = (struct seat_news){0};
    if (seat_holds(self, who)) {
        pass_on(self, now_us, SEAT_PASSED, SEAT_RELEASED, ret);
        return;
    }
    struct seat_asker *asker = find_asker(self, who->session);
    if (!asker || !same_party(&asker->party, who))
        return;
    *ret = (struct seat_news){.change = SEAT_WITHDRAWN, .former = self->holder, .who = asker->party};
    drop_asker(self, asker);
}

void seat_share(struct seat *self, const struct seat_party *by, bool shared, struct seat_news *ret)
{
    *ret = (struct seat_news){0};
    if (self->shared == shared)
        return;
    *ret = (struct seat_news){.change = shared ? SEAT_SHARED : SEAT_EXCLUSIVE, .former = self->holder, .who = *by};
    self->shared = shared;
    self->n_askers = 0;
    vacate(self);
}

bool seat_used(struct seat *self, const struct seat_party *who, uint64_t now_us)
{
    if (!seat_holds(self, who))
        return false;
    bool quiet = self->quiet;
    self->used_us = now_us;
    self->quiet = false;
    return quiet;
}

static uint64_t idle_at(const struct seat *self)
{
    return self->idle_us ? self->used_us + self->idle_us : UINT64_MAX;
}

/* When the holder loses the seat to the first who asks, unless it does something. */
static uint64_t lapse_at(const struct seat *self)
{
    if (!self->n_askers)
        return UINT64_MAX;
    return MIN(MAX(self->askers[0].since_us, self->used_us) + SEAT_ANSWER_US, idle_at(self));
}

/* With a short idle release, idleness is shown half-way to it. */
static uint64_t quiet_at(const struct seat *self)
{
    uint64_t after = self->idle_us ? MIN(SEAT_QUIET_US, self->idle_us / 2) : SEAT_QUIET_US;
    return self->quiet ? UINT64_MAX : self->used_us + after;
}

void seat_tick(struct seat *self, uint64_t now_us, struct seat_news *ret)
{
    *ret = (struct seat_news){0};
    if (!self->holder.session)
        return;
    if (now_us >= lapse_at(self) || now_us >= idle_at(self)) {
        pass_on(self, now_us, SEAT_LAPSED, SEAT_IDLED, ret);
        return;
    }
    if (now_us < quiet_at(self))
        return;
    self->quiet = true;
    *ret = (struct seat_news){.change = SEAT_STILL, .former = self->holder};
}

uint64_t seat_next_us(const struct seat *self)
{
    if (!self->holder.session)
        return UINT64_MAX;
    return MIN(MIN(lapse_at(self), idle_at(self)), quiet_at(self));
}

bool seat_free(const struct seat *self)
{
    return !self->shared && !self->holder.session;
}

bool seat_holds(const struct seat *self, const struct seat_party *who)
{
    return same_party(&self->holder, who);
}

bool seat_admits(const struct seat *self, const struct seat_party *who)
{
    return self->shared || seat_holds(self, who);
}

const struct seat_party *seat_of_session(const struct seat *self, uint64_t session)
{
    if (session && self->holder.session == session)
        return &self->holder;
    for (unsigned i = 0; i < self->n_askers; i++)
        if (self->askers[i].party.session == session)
            return &self->askers[i].party;
    return NULL;
}
