/* From a source to an export of the target's NBD server, with the layers between them; and what happens to the source
 * afterwards. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "gateway/drives/drive_void.h"
#include "gateway/drives/drives_internal.h"
#include "gateway/drives/media_streams.h"

#define WHY_SIZE 256

/* One busy drive may fill this part of the cache with what nobody has asked for yet. */
#define READ_AHEAD_PART 8

void slot_fault(void *data, const char *why)
{
    struct slot *self = data;
    snprintf(self->fault, sizeof self->fault, "%s", why);
    log_error("drives", "target %s, drive %u: %s", self->owner->target->target.name, self->index, why);
    slot_audit(self, "media-fault", why);
    slot_note(self, TARGET_EVENT_MEDIUM_FAILED, why, NULL);
    slot_changed(self);
}

static void on_stack_changed(void *data)
{
    struct slot *self = data;
    if (!self->offer.exported)
        return;
    slot_link_changed(self);
    slot_changed(self);
}

static bool is_far(const struct drive_note *note)
{
    return note->origin != MEDIUM_LIBRARY;
}

static void add_hex(char *room, size_t size, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && 2 * i + 3 <= size; i++)
        snprintf(room + 2 * i, 3, "%02x", bytes[i]);
}

/* Whose blocks these are. Who proved himself with a password, or by an address that is a secret, shares them with
 * nobody else: not even with himself, the next time. A browser's file is known by nothing but this insertion. */
static void make_key(const struct drive_note *note, struct cache_key *ret)
{
    char identity[MEDIUM_URL_MAX + 16], owner[AUTH_USER_MAX + 2 * OUTWARD_TOKEN_SIZE + 2], id[2 * MEDIUM_ID_SIZE + 1],
        token[2 * OUTWARD_TOKEN_SIZE + 1] = "", modified[32];
    add_hex(id, sizeof id, note->id, sizeof note->id);
    if (note->secret)
        add_hex(token, sizeof token, note->token, sizeof note->token);
    snprintf(owner, sizeof owner, "%s %s", note->who, token);
    snprintf(modified, sizeof modified, "%lld", (long long)note->modified);
    bool stream = note->origin == MEDIUM_STREAM;
    snprintf(identity, sizeof identity, "%s %s", medium_origin_name(note->origin), stream ? id : note->url);
    cache_key_make(identity, stream ? modified : note->validator, owner, ret);
}

/* --- the copy to the library --- */

/* Looks what the finished copy is: the note has to name it as the library does. */
struct copied {
    struct slot *slot;
    char export[64];
};

static void become_library(struct slot *self, const struct library_image *image)
{
    struct drive_note *note = &self->note;
    struct drive_offer *offer = &self->offer;
    slot_digest_drop(self);
    text_copy(note->image, sizeof note->image, image->name);
    note->origin = MEDIUM_LIBRARY;
    note->modified = image->modified;
    note->url[0] = note->validator[0] = '\0';
    note->copy = note->secret = false;
    offer->copying = offer->absent = false;
    offer->copied = offer->used = true;
    offer->away[0] = '\0';
    library_use(self->owner->target->gateway->library, note->image);
    if (offer->outward)
        outward_client_close(offer->outward);
    offer->outward = NULL;
    if (offer->stream)
        media_stream_copied(offer->stream, note->size);
    offer->stream = NULL;
    drives_save(self->owner);
    slot_audit(self, "media-copied", note->image);
    slot_look_at_firmware(self);
    slot_changed(self);
}

static void on_copy_opened(void *data, int error, const char *why, int fd, const struct library_image *image)
{
    struct copied *job = data;
    struct slot *slot = job->slot;
    slot->owner->asked--;
    if (error == 0)
        close(fd);
    if (slot->owner->stopped || strcmp(slot->note.export, job->export) != 0)
        ; /* another medium is in */
    else if (error < 0 || image->size != slot->note.size)
        slot_fault(slot, why && *why ? why : "The copy in the library is not what was copied.");
    else
        become_library(slot, image);
    free(job);
}

static void on_copy_ended(void *data, int error, const char *name)
{
    struct slot *self = data;
    struct library *library = self->owner->target->gateway->library;
    if (!self->offer.exported)
        return;
    if (error < 0) {
        self->offer.copying = self->note.copy = false;
        snprintf(self->remark, sizeof self->remark, "It is not being copied any more: %s.", strerror(-error));
        log_warn("drives", "target %s, drive %u: %s is not copied to the library: %s", self->owner->target->target.name,
                 self->index, self->note.image, strerror(-error));
        drives_save(self->owner);
        slot_changed(self);
        return;
    }
    struct copied *job = calloc(1, sizeof *job);
    if (!job)
        return;
    job->slot = self;
    memcpy(job->export, self->note.export, sizeof job->export);
    self->owner->asked++;
    if (library_open(library, name, false, on_copy_opened, job) < 0) {
        self->owner->asked--;
        free(job);
    }
}

static void on_copy_progress(void *data, uint64_t copied, uint64_t size)
{
    struct slot *self = data;
    self->offer.copy_done = copied;
    if (self->offer.stream)
        media_stream_progress(self->offer.stream, copied, size);
}

static struct library_copy *begin_copy(struct slot *self, const struct drive_note *note)
{
    static const struct library_copy_listener listener = {.progress = on_copy_progress, .ended = on_copy_ended};
    struct gateway *gateway = self->owner->target->gateway;
    struct library_copy *copy = NULL;
    int r = gateway->library ? library_copy_create(gateway->loop, gateway->library, gateway->io, note->image,
                                                   note->size, note->id, &listener, self, &copy)
                             : -ENOENT;
    if (r < 0)
        snprintf(self->remark, sizeof self->remark, "It is not copied to the library: %s.",
                 r == -ENOSPC   ? "there is no room for it"
                 : r == -ENOENT ? "there is none"
                                : strerror(-r));
    return copy;
}

/* --- layers --- */

/* A QEMU machine stands still when the time is over; a dongle's target gets an error. */
static void set_patience(const struct slot *self, struct media_stack_config *config)
{
    const struct gateway_target *target = self->owner->target;
    const bool pauses = target->setup.machine == CONFIG_QEMU;
    config->patience_us = pauses ? target->setup.media_wait_s * 1000000ull : DRIVES_DONGLE_PATIENCE_US;
    config->given_up = pauses ? -ENOSPC : -EIO;
    config->after_us = pauses ? 0 : DRIVES_DONGLE_AFTER_US;
}

static int open_files(const struct slot *self, const struct drive_note *note, struct media_stack_config *config)
{
    if (note->overlay != MEDIUM_OVERLAY_NONE) {
        config->overlay = true;
        config->overlay_key = &self->owner->target->gateway->media_key;
        memcpy(config->identity, note->identity, sizeof config->identity);
        config->overlay_fd = slot_overlay_open(self, note);
        if (config->overlay_fd < 0)
            return config->overlay_fd;
    }
    if (note->origin == MEDIUM_STREAM) {
        config->digest = true;
        config->digest_fd = slot_digest_open(self, note);
    }
    return 0;
}

static int make_stack(struct slot *self, struct source *source, const struct drive_note *note, struct media_stack **ret,
                      bool *ret_copying)
{
    static const struct media_stack_listener listener = {.changed = on_stack_changed, .fault = slot_fault};
    struct gateway *gateway = self->owner->target->gateway;
    struct media_stack_config config = {.digest_fd = -1, .overlay_fd = -1, .rate = note->rate};
    set_patience(self, &config);
    if (is_far(note) && source->read_only) {
        config.cache = gateway->cache;
        config.read_ahead = gateway->setup.cache_memory / READ_AHEAD_PART;
        make_key(note, &config.key);
    }
    int r = open_files(self, note, &config);
    if (r == 0 && note->copy && is_far(note) && source->read_only)
        config.copy = begin_copy(self, note);
    *ret_copying = config.copy;
    r = r ? r : media_stack_create(gateway->loop, gateway->io, source, &config, &listener, self, ret);
    /* the topmost layer's; others are closed with their layers */
    if (r < 0 && config.overlay_fd >= 0)
        close(config.overlay_fd);
    return r;
}

static const char *explain(int error)
{
    switch (error) {
    case -EBUSY:
        return "The image is in use in another drive for writing.";
    case -ENODATA:
        return "The image is empty.";
    case -EISDIR:
        return "The image is a folder.";
    case -ENOSPC:
        return "The gateway's disk is full, or too many media are in.";
    case -ESTALE:
        return "What was written to it before belongs to another state of the medium: discard its overlay.";
    case -EKEYREJECTED:
        return "What was written to it before was sealed with another device key (before a factory reset, or by "
               "another gateway) and cannot be read: discard its overlay.";
    case -EPROTONOSUPPORT:
        return "What was written to it before is not sealed yet, because there was no room: make room on the "
               "gateway's disk and restart lightsout, or discard its overlay.";
    default:
        return "The medium cannot be offered to the target.";
    }
}

int slot_offer(struct slot *self, struct source *source, const struct drive_note *note, char *why)
{
    struct drives *owner = self->owner;
    struct drive_offer offer = {0};
    struct source *top = source;
    int r = 0;
    self->remark[0] = '\0';
    if (is_far(note) || note->overlay != MEDIUM_OVERLAY_NONE || note->rate)
        r = make_stack(self, source, note, &offer.stack, &offer.copying);
    if (r < 0)
        source_close(source);
    else
        top = offer.stack ? media_stack_top(offer.stack) : source;
    if (r == 0 && (r = nbd_server_add(owner->nbd, note->export, top)) < 0)
        source_close(top);
    if (r < 0) {
        media_stack_destroy(offer.stack);
        snprintf(why, WHY_SIZE, "%s", explain(r));
        return r;
    }
    offer.exported = true;
    offer.used = !is_far(note) && owner->target->gateway->library;
    if (offer.used)
        library_use(owner->target->gateway->library, note->image);
    self->note = *note;
    self->note.copy = offer.copying;
    self->offer = offer;
    self->fault[0] = '\0';
    slot_look_at_firmware(self);
    drives_watch(owner);
    return 0;
}

void slot_withdraw(struct slot *self)
{
    struct drive_offer offer = self->offer;
    struct library *library = self->owner->target->gateway->library;
    if (!offer.exported)
        return;
    self->offer = (struct drive_offer){0}; /* what its end calls finds nothing */
    if (offer.outward && !self->owner->stopped)
        outward_client_close(offer.outward); /* else it keeps the job for the next gateway */
    if (offer.stream)
        media_stream_ejected(offer.stream);
    nbd_server_remove(self->owner->nbd, self->note.export);
    media_stack_destroy(offer.stack);
    if (offer.used && library)
        library_unuse(library, self->note.image);
    if (offer.copying && library && !self->owner->stopped)
        library_copy_forget(library, self->note.id);
}

/* --- its source goes and comes --- */

int slot_back(struct slot *self, struct source *source)
{
    struct drive_offer *offer = &self->offer;
    if (!offer->stack)
        return -ENOENT;
    int r = media_stack_replace(offer->stack, source);
    if (r < 0)
        return r;
    offer->absent = false;
    offer->away[0] = '\0';
    self->loss.resume_us = self->loss.resume_pause_us = 0;
    slot_link_changed(self);
    slot_changed(self);
    return 0;
}

void slot_away(struct slot *self, const char *why)
{
    self->offer.absent = true;
    snprintf(self->offer.away, sizeof self->offer.away, "%s", why);
    slot_link_changed(self);
    slot_changed(self);
}

/* --- what firmware will see --- */

static void on_facts(void *data, int error, const char *why, const struct library_facts *facts)
{
    struct copied *job = data;
    struct slot *slot = job->slot;
    (void)why;
    slot->owner->asked--;
    if (error == 0 && strcmp(slot->note.export, job->export) == 0) {
        recognise_words(&facts->image, slot->note.kind == DRIVE_DISK, slot->firmware, sizeof slot->firmware);
        slot_changed(slot);
    }
    free(job);
}

void slot_look_at_firmware(struct slot *self)
{
    struct library *library = self->owner->target->gateway->library;
    self->firmware[0] = '\0';
    struct copied *job = is_far(&self->note) || !library ? NULL : calloc(1, sizeof *job);
    if (!job)
        return;
    job->slot = self;
    memcpy(job->export, self->note.export, sizeof job->export);
    self->owner->asked++;
    if (library_facts(library, self->note.image, on_facts, job) < 0) {
        self->owner->asked--;
        free(job);
    }
}
