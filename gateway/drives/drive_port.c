/* The drive port that the REST faces see: the machine's, and what only the gateway knows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "gateway/drives/drive_insert.h"
#include "gateway/drives/media_streams.h"

static void on_insert(struct drive *drive, const struct drive_medium *medium, drive_done_fn *done, void *data)
{
    (void)drive, (void)medium;
    done(data, -ENOTSUP, "Media are inserted through the target.");
}

static void on_eject(struct drive *drive, bool force, drive_done_fn *done, void *data)
{
    struct slot *self = (struct slot *)drive;
    if (insertion_cancel(self))
        done(data, 0, NULL);
    else if (self->busy)
        done(data, -EBUSY, "The drive is busy with another change.");
    else
        self->inner->ops->eject(self->inner, force, done, data);
}

enum drive_link slot_link(const struct slot *self)
{
    struct media_stack_state state = {0};
    if (self->offer.stack)
        media_stack_state(self->offer.stack, &state);
    if (state.link == MEDIA_LINK_LOST || self->offer.changed)
        return DRIVE_LINK_LOST;
    return state.link == MEDIA_LINK_WAITING || self->offer.absent ? DRIVE_LINK_WAITING : DRIVE_LINK_GOOD;
}

static bool boots_next(const struct slot *self)
{
    struct power *power = self->owner->target->target.power;
    if (!self->note.boot_once || !power)
        return false;
    return power->ops->boot_next(power) == (self->note.kind == DRIVE_CDROM ? POWER_BOOT_CD : POWER_BOOT_DISK);
}

static void write_words(const struct slot *self, struct drive_state *ret)
{
    const struct drive_offer *offer = &self->offer;
    const bool stops = self->inner->ops->resume;
    const char *away = offer->away[0] ? offer->away : "Its source does not answer.";
    if (ret->paused && ret->link == DRIVE_LINK_GOOD)
        snprintf(ret->words, sizeof ret->words, "The machine stands still until %.100s can be read and written.",
                 self->note.image);
    else if (ret->paused)
        snprintf(ret->words, sizeof ret->words, "The machine stands still until it is back. %.150s", away);
    else if (ret->link == DRIVE_LINK_WAITING)
        snprintf(ret->words, sizeof ret->words, "Reads wait. %.200s", away);
    else if (ret->link == DRIVE_LINK_LOST)
        snprintf(ret->words, sizeof ret->words, "%s %.180s",
                 offer->changed ? "Reads fail."
                 : stops        ? "The machine stands still when it reads on."
                                : "It has been away for too long, so that reads fail.",
                 away);
    else if (self->exporting)
        snprintf(ret->words, sizeof ret->words, "A new image is being made of it.");
    else if (ret->copying && ret->size)
        snprintf(ret->words, sizeof ret->words, "It is being copied to the library: %u %%.",
                 (unsigned)(ret->copy_done * 100 / ret->size));
    else
        snprintf(ret->words, sizeof ret->words, "%s", self->remark);
}

static void add_stack(const struct slot *self, struct drive_state *ret)
{
    struct media_stack_state state = {0};
    if (!self->offer.stack)
        return;
    media_stack_state(self->offer.stack, &state);
    ret->changed = state.changed;
    if (self->offer.copying)
        ret->copy_done = state.copied;
}

/* After a restart of ours the machine knows the export, but not what people call it. */
static void add_medium(const struct slot *self, struct drive_state *ret)
{
    const struct drive_note *note = &self->note;
    memcpy(ret->medium, note->image, sizeof ret->medium);
    ret->size = note->size;
    ret->read_only = note->read_only;
    ret->origin = note->origin;
    ret->overlay = note->overlay;
    ret->copying = self->offer.copying;
    ret->copied = self->offer.copied;
    ret->copy_done = self->offer.copied ? note->size : 0;
    ret->link = slot_link(self);
    ret->boot_once = boots_next(self);
    snprintf(ret->url, sizeof ret->url, "%.*s", (int)sizeof ret->url - 1, note->url);
    memcpy(ret->firmware, self->firmware, sizeof ret->firmware);
    memcpy(ret->id, note->id, sizeof ret->id);
    add_stack(self, ret);
    write_words(self, ret);
}

static void on_state(struct drive *drive, struct drive_state *ret)
{
    const struct slot *self = (const struct slot *)drive;
    struct nbd_export_stats stats;
    *ret = (struct drive_state){0};
    self->inner->ops->state(self->inner, ret);
    ret->idle_ms = UINT64_MAX;
    if (self->offer.exported && nbd_server_stats(self->owner->nbd, self->note.export, &stats)) {
        ret->bytes_read = stats.bytes_read;
        ret->bytes_written = stats.bytes_written;
        ret->rate = self->activity.rate;
        if (self->activity.busy_us)
            ret->idle_ms = (clock_now_us() - self->activity.busy_us) / 1000;
        add_medium(self, ret);
    }
    if (self->fault[0] && !ret->reason[0])
        snprintf(ret->reason, sizeof ret->reason, "%s", self->fault);
    if (self->busy && ret->phase != DRIVE_EJECTING)
        ret->phase = DRIVE_INSERTING;
}

/* Viewers are told by drives.c; nobody else listens through us. */
static void on_listen(struct drive *drive, void (*changed)(void *data), void *data)
{
    (void)drive, (void)changed, (void)data;
}

static void on_destroy(struct drive *drive)
{
    (void)drive; /* part of struct drives */
}

const struct drive_ops slot_ops = {
    .name = "gateway",
    .insert = on_insert,
    .eject = on_eject,
    .state = on_state,
    .listen = on_listen,
    .destroy = on_destroy,
};
