/* Looks at what is in the drives once a second: how much the target reads, whether a source has been away for long
 * enough to be told, and whether a machine that stands still may go on. */
#include <stdio.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "core/log.h"
#include "gateway/drives/drive_insert.h"

#define LOOK_US 1000000
#define TELL_US 2000000 /* shorter losses are nobody's concern */
#define RESUME_FIRST_US 1000000
#define RESUME_LONGEST_US 30000000

static void look_at_activity(struct slot *self, uint64_t now_us)
{
    struct nbd_export_stats stats;
    struct drive_activity *a = &self->activity;
    if (!nbd_server_stats(self->owner->nbd, self->note.export, &stats))
        return;
    uint64_t bytes = stats.bytes_read + stats.bytes_written;
    if (stats.requests != a->requests)
        a->busy_us = now_us;
    /* half of the rate before: it falls in a few seconds, and does not tremble */
    if (a->looked_us && now_us > a->looked_us)
        a->rate = (a->rate + (bytes - a->bytes) * 1000000 / (now_us - a->looked_us)) / 2;
    if (a->rate < 16 && bytes == a->bytes)
        a->rate = 0;
    a->requests = stats.requests;
    a->bytes = bytes;
    a->looked_us = now_us;
}

/* words: what that means, a sentence. */
static void tell(struct slot *self, enum target_event_id id, const char *what, const char *words)
{
    char text[700];
    snprintf(text, sizeof text, "drive %u: %.100s: %s%s%s", self->index, self->note.image, words,
             self->offer.away[0] ? " " : "", self->offer.away);
    log_warn("drives", "target %s, %s", self->owner->target->target.name, text);
    slot_audit(self, what, text);
    slot_note(self, id, self->note.image, NULL);
}

void slot_link_changed(struct slot *self)
{
    struct drive_loss *loss = &self->loss;
    if (!self->offer.exported)
        return;
    enum drive_link link = slot_link(self);
    if (link == DRIVE_LINK_GOOD) {
        if (loss->told)
            tell(self, TARGET_EVENT_MEDIUM_BACK, "media-back", "It can be read again.");
        loss->since_us = 0;
        loss->told = loss->told_lost = false;
        return;
    }
    if (!loss->since_us)
        loss->since_us = clock_now_us();
    if (link == DRIVE_LINK_LOST && !loss->told_lost) {
        loss->told = loss->told_lost = true;
        tell(self, TARGET_EVENT_MEDIUM_LOST, "media-lost", "It has been away for too long.");
    }
}

/* A source that was lost without a word (a network that is cut) has to answer first. */
static bool is_there(const struct slot *self)
{
    const struct drive_offer *offer = &self->offer;
    if (offer->absent)
        return false;
    return offer->copied || !offer->stack || slot_link(self) == DRIVE_LINK_GOOD || media_stack_answers(offer->stack);
}

/* As long as the source is not there the machine is left alone: it would only stop again, and each time it ran the time
 * that its firmware or system gives a command would run with it. */
static void look_at_machine(struct slot *self, uint64_t now_us)
{
    struct drive_state state = {0};
    struct drive_loss *loss = &self->loss;
    if (!self->inner || !self->inner->ops->resume)
        return;
    self->inner->ops->state(self->inner, &state);
    if (!state.paused) {
        loss->resume_us = loss->resume_pause_us = 0;
        return;
    }
    if (now_us < loss->resume_us || !is_there(self))
        return;
    loss->resume_pause_us = loss->resume_pause_us ? MIN(loss->resume_pause_us * 2, RESUME_LONGEST_US) : RESUME_FIRST_US;
    loss->resume_us = now_us + loss->resume_pause_us;
    self->inner->ops->resume(self->inner);
}

static void look(struct slot *self, uint64_t now_us)
{
    look_at_activity(self, now_us);
    if (self->loss.since_us && !self->loss.told && now_us - self->loss.since_us > TELL_US) {
        self->loss.told = true;
        tell(self, TARGET_EVENT_MEDIUM_WAITING, "media-waiting", "Reads wait for it.");
    }
    slot_fetch_again(self, now_us);
    look_at_machine(self, now_us);
}

static void on_tick(void *data)
{
    struct drives *self = data;
    bool any = false;
    for (unsigned i = 0; i < DRIVES_MAX; i++)
        if (self->slots[i].offer.exported) {
            any = true;
            look(&self->slots[i], clock_now_us());
        }
    if (any)
        loop_timer_arm_in(self->tick, LOOK_US);
}

void drives_watch(struct drives *self)
{
    loop_timer_arm_in(self->tick, LOOK_US);
}

int drives_watch_create(struct drives *self)
{
    return loop_timer_add(self->target->gateway->loop, on_tick, self, &self->tick);
}
