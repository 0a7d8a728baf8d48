/* Media from elsewhere: what the outward process fetches, and files that peers bring. Their sources go and come; the
 * medium stays. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/drives/drive_insert.h"
#include "gateway/drives/drive_void.h"

#define AGAIN_US 15000000

/* It is not what it was: nothing of it reaches the target any more. */
static void distrust(struct slot *self, const char *why)
{
    struct source *dead = NULL;
    self->offer.changed = true;
    if (drive_void_create(self->note.size, -EIO, &dead) == 0 && slot_back(self, dead) < 0)
        source_close(dead);
    snprintf(self->offer.away, sizeof self->offer.away, "%s", why);
    slot_audit(self, "media-differs", why);
    slot_fault(self, why);
    slot_link_changed(self);
}

static void on_link(void *data, enum outward_link link, const char *why)
{
    struct slot *self = data;
    if (!self->offer.exported || self->offer.changed)
        return;
    if (link == OUTWARD_CHANGED)
        distrust(self, why);
    else if (link == OUTWARD_AWAY)
        slot_away(self, why);
    else
        slot_back(self, NULL);
}

static void on_source(void *data, struct source *source)
{
    struct slot *self = data;
    if (self->offer.changed || slot_back(self, source) < 0)
        source_close(source);
}

static const struct outward_medium_listener outward_listener = {.link = on_link, .source = on_source};

/* --- for the first time --- */

static void name_it(struct drive_note *note, const struct outward_opened *opened)
{
    const char *slash = strrchr(note->url, '/');
    const char *name = opened->name[0] ? opened->name : slash && slash[1] ? slash + 1 : note->url;
    snprintf(note->image, sizeof note->image, "%.*s", (int)sizeof note->image - 1, name);
    text_copy(note->validator, sizeof note->validator, opened->validator);
}

static void on_opened(void *data, int error, const char *why, const struct outward_opened *opened,
                      struct source *source)
{
    struct slot *slot = data;
    struct insertion *job = slot->job;
    if (!job) {
        source_close(source);
    } else if (error < 0) {
        /* the target's own failures have other numbers */
        bool address = error == -EPERM || error == -EINVAL;
        insertion_fail(job, address ? error : -EHOSTUNREACH, why);
    } else {
        name_it(&job->note, opened);
        insertion_go_on(job, library_kind(job->note.image, NULL), source);
    }
}

int insertion_fetch(struct insertion *job, const struct medium_spec *spec)
{
    struct gateway *gateway = job->slot->owner->target->gateway;
    struct medium_spec wanted = *spec;
    /* what is written goes to an overlay, or to an NBD server that takes it */
    wanted.read_only = spec->read_only || spec->overlay != MEDIUM_OVERLAY_NONE || spec->origin == MEDIUM_URL ||
                       spec->kind == DRIVE_CDROM;
    if (!gateway->outward)
        return -ENOENT;
    return outward_client_open(gateway->outward, &wanted, job->note.token, &outward_listener, on_opened, job->slot,
                               &job->outward);
}

bool insertion_cancel(struct slot *slot)
{
    struct insertion *job = slot->job;
    if (!slot->busy || !job || !job->outward)
        return false;
    insertion_fail(job, -ECANCELED, "It was ejected before it was there.");
    return true;
}

void drives_insert_stream(struct drives *self, unsigned drive, const struct medium_spec *medium, struct source *source,
                          struct media_stream *stream, uint8_t ret_id[MEDIUM_ID_SIZE], target_done_fn *done, void *data)
{
    struct insertion *job = insertion_new(self, drive, medium, done, data);
    if (!job) {
        source_close(source);
        return;
    }
    job->stream = stream;
    memcpy(ret_id, job->note.id, MEDIUM_ID_SIZE);
    insertion_go_on(job, library_kind(job->note.image, NULL), source);
}

/* --- after a restart --- */

static void on_opened_again(void *data, int error, const char *why, const struct outward_opened *opened,
                            struct source *source)
{
    struct slot *self = data;
    const struct drive_note *note = &self->note;
    if (error < 0) {
        bool final = error == -ESTALE || error == -EPERM || error == -EACCES || error == -ENOENT;
        self->fetch_again_us = final ? UINT64_MAX : clock_now_us() + AGAIN_US;
        outward_client_close(self->offer.outward);
        self->offer.outward = NULL;
        slot_away(self, why);
        return;
    }
    bool same = opened->size == note->size && !strcmp(opened->validator, note->validator);
    /* it may have been opened anew, without the part of its address that is a secret */
    if (note->secret && !note->validator[0])
        same = false;
    if (!same) {
        source_close(source);
        distrust(self, "It cannot be told whether it is still the same file: insert it again.");
    } else if (slot_back(self, source) < 0) {
        source_close(source);
    }
}

static void fetch_again(struct slot *self)
{
    struct gateway *gateway = self->owner->target->gateway;
    struct medium_spec spec = {.origin = self->note.origin,
                               .image = self->note.image,
                               .url = self->note.url,
                               .kind = (int)self->note.kind,
                               .read_only = self->note.read_only || self->note.overlay != MEDIUM_OVERLAY_NONE,
                               .who = self->note.who};
    self->fetch_again_us = UINT64_MAX;
    if (!gateway->outward || outward_client_open(gateway->outward, &spec, self->note.token, &outward_listener,
                                                 on_opened_again, self, &self->offer.outward) < 0)
        self->offer.outward = NULL;
}

void slot_fetch_again(struct slot *self, uint64_t now_us)
{
    /* a machine that stands still reads nothing */
    if (self->offer.absent && self->offer.outward && !self->offer.changed)
        outward_client_probe(self->offer.outward);
    if (self->offer.absent && !self->offer.outward && self->fetch_again_us && now_us >= self->fetch_again_us)
        fetch_again(self);
}

void insertion_wait(struct slot *self, const struct drive_note *note)
{
    char why[256];
    struct source *absent = NULL;
    if (drive_void_create(note->size, -ENOTCONN, &absent) < 0)
        return;
    /* what writes would be lost; the export comes back writable when the server is there */
    absent->read_only = note->read_only || note->overlay != MEDIUM_OVERLAY_NONE;
    int r = slot_offer(self, absent, note, why);
    if (r < 0) {
        log_warn("drives", "target %s, drive %u: %s cannot be inserted again: %s", self->owner->target->target.name,
                 self->index, note->image, why);
        return;
    }
    if (note->origin == MEDIUM_STREAM) {
        slot_away(self, "The gateway was started anew: it waits for who brought the file.");
        return;
    }
    slot_away(self, "The gateway was started anew and looks for it.");
    fetch_again(self);
}

/* --- a peer brings it again --- */

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, MEDIUM_ID_SIZE) == 0;
}

static int judge(const struct slot *slot, const struct medium_spec *spec)
{
    static const uint8_t none[MEDIUM_ID_SIZE];
    const struct drive_note *note = slot ? &slot->note : NULL;
    if (!note || !slot->offer.exported || note->origin != MEDIUM_STREAM)
        return -ENOENT;
    bool named = same_id(note->id, spec->id);
    bool same = note->size == spec->size && note->modified == spec->modified_ms;
    if (!named && (!same_id(spec->id, none) || !same || !slot->offer.absent || strcmp(note->image, spec->image) != 0))
        return -ENOENT;
    if (strcmp(note->who, spec->who) != 0)
        return named ? -EACCES : -ENOENT;
    return same && !slot->offer.changed ? 0 : -ESTALE;
}

int drives_resume_stream(struct drives *self, unsigned drive, const struct medium_spec *medium, struct source *source,
                         struct media_stream *stream, uint8_t ret_id[MEDIUM_ID_SIZE], struct media_stream **ret_before)
{
    struct slot *slot = drives_slot(self, drive);
    int r = judge(slot, medium);
    if (r < 0)
        return r;
    struct media_stream *before = slot->offer.stream;
    slot->offer.stream = stream; /* reads that wait are asked of it at once */
    r = slot_back(slot, source);
    if (r < 0) {
        slot->offer.stream = before;
        return r;
    }
    memcpy(ret_id, slot->note.id, MEDIUM_ID_SIZE);
    *ret_before = before;
    return 0;
}

void drives_stream_gone(struct drives *self, unsigned drive, const struct media_stream *stream)
{
    struct slot *slot = drives_slot(self, drive);
    char why[200];
    if (!slot || slot->offer.stream != stream)
        return;
    slot->offer.stream = NULL;
    snprintf(why, sizeof why, "Nobody brings the file %.80s any more: pick it again.", slot->note.image);
    slot_away(slot, why);
}
