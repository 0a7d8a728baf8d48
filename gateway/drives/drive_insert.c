/* From a wish to a source, and into the machine: an image of the library, a folder of it as a disk, what another
 * process fetches from elsewhere, or a file that a peer brings. */
#include "gateway/drives/drive_insert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "media/source_file.h"

static void end(struct insertion *job, int error, const char *why)
{
    struct slot *slot = job->slot;
    slot->busy = false;
    slot->job = NULL;
    if (error < 0 && job->again)
        log_warn("drives", "target %s, drive %u: %s cannot be inserted again: %s", slot->owner->target->target.name,
                 slot->index, job->note.image, why && *why ? why : strerror(-error));
    if (job->done)
        job->done(job->data, error, why);
    free(job);
    slot_changed(slot);
}

/* --- the machine --- */

static void on_boot_chosen(void *data, int error, const char *why)
{
    struct slot *slot = data;
    if (error < 0)
        snprintf(slot->remark, sizeof slot->remark, "It will not be started from by itself: %s",
                 why && *why ? why : strerror(-error));
}

static void boot_once(struct slot *slot)
{
    struct power *power = slot->owner->target->target.power;
    if (slot->note.boot_once && power)
        power->ops->boot_once(power, slot->note.kind == DRIVE_CDROM ? POWER_BOOT_CD : POWER_BOOT_DISK, on_boot_chosen,
                              slot);
}

static void on_inserted(void *data, int error, const char *why)
{
    struct insertion *job = data;
    struct slot *slot = job->slot;
    if (slot->owner->stopped)
        error = -ECANCELED;
    else if (error < 0)
        slot_forget(slot);
    else
        drives_save(slot->owner);
    slot->told_in = error == 0;
    if (error < 0 && !slot->owner->stopped)
        slot_note(slot, TARGET_EVENT_MEDIUM_REFUSED, job->note.image, why && *why ? why : strerror(-error));
    else if (error == 0 && !job->again)
        slot_note(slot, TARGET_EVENT_MEDIUM_INSERTED, job->note.image, NULL);
    if (error == 0 && !job->again)
        boot_once(slot);
    end(job, error, why);
}

static void insert_into_machine(struct insertion *job)
{
    struct drive *inner = job->slot->inner;
    const struct drive_note *note = &job->slot->note;
    struct drive_medium medium = {.size = note->size,
                                  .kind = note->kind,
                                  .read_only = note->read_only,
                                  .again = job->again,
                                  .boot_once = note->boot_once};
    memcpy(medium.name, note->image, sizeof medium.name);
    memcpy(medium.export, note->export, sizeof medium.export);
    inner->ops->insert(inner, &medium, on_inserted, job);
}

void slot_restore(struct slot *slot)
{
    struct drive_state state = {0};
    if (!slot->owner->known || !slot->inner || slot->busy || !slot->offer.exported || slot->told_in)
        return;
    slot->inner->ops->state(slot->inner, &state);
    struct insertion *job = state.phase == DRIVE_EMPTY ? calloc(1, sizeof *job) : NULL;
    if (!job)
        return;
    *job = (struct insertion){.slot = slot, .note = slot->note, .again = true};
    slot->busy = true;
    insert_into_machine(job);
}

/* --- a source is there --- */

/* Names are never used twice, so that no medium inherits what QEMU has in its cache of another. */
static void name_export(struct slot *slot, char *room, size_t size)
{
    snprintf(room, size, "drive%u-%llx", slot->index, (unsigned long long)clock_wall_us());
}

/* What an overlay belongs to. */
static void identify(struct drive_note *note)
{
    char identity[MEDIUM_URL_MAX + 300], state[300];
    struct cache_key key;
    snprintf(identity, sizeof identity, "%s %s %s", medium_origin_name(note->origin), note->who,
             note->url[0] ? note->url : note->image);
    snprintf(state, sizeof state, "%llu %lld %s", (unsigned long long)note->size, (long long)note->modified,
             note->validator);
    cache_key_make(identity, state, "overlay", &key);
    memcpy(note->identity, key.bytes, sizeof note->identity);
}

static void settle(struct insertion *job, enum drive_kind usual, const struct source *source)
{
    struct drive_note *note = &job->note;
    if (job->again)
        return;
    note->kind = job->kind < 0 ? usual : (enum drive_kind)job->kind;
    note->size = source->size;
    /* there are no writable discs */
    note->read_only =
        note->read_only || note->kind == DRIVE_CDROM || (source->read_only && note->overlay == MEDIUM_OVERLAY_NONE);
    if (note->read_only)
        note->overlay = MEDIUM_OVERLAY_NONE;
    name_export(job->slot, note->export, sizeof note->export);
    identify(note);
}

void insertion_go_on(struct insertion *job, enum drive_kind usual, struct source *source)
{
    struct slot *slot = job->slot;
    char why[256] = "";
    if (slot->owner->stopped) {
        source_close(source);
        end(job, -ECANCELED, NULL);
        return;
    }
    settle(job, usual, source);
    bool nameless =
        job->note.overlay == MEDIUM_OVERLAY_KEEP && job->note.origin == MEDIUM_URL && !job->note.validator[0];
    if (nameless) {
        source_close(source);
        insertion_fail(job, -EINVAL,
                       "The server does not tell which state of the file it has, so that what is written "
                       "over it cannot be kept: take an overlay that is discarded.");
        return;
    }
    int r = slot_offer(slot, source, &job->note, why);
    if (r < 0) {
        insertion_fail(job, r, why);
        return;
    }
    slot->offer.outward = job->outward;
    slot->offer.stream = job->stream;
    job->outward = NULL;
    if (job->again) {
        end(job, 0, NULL);
        slot_restore(slot);
    } else {
        insert_into_machine(job);
    }
}

void insertion_fail(struct insertion *job, int error, const char *why)
{
    if (job->outward)
        outward_client_close(job->outward);
    job->outward = NULL;
    end(job, error, why);
}

/* --- the library --- */

/* A folder becomes a disk on a thread of the pool. */
struct folder {
    struct insertion *job;
    struct worker_pool *io;
    int fd, error;
    unsigned left_out;
    char label[12], why[256];
    struct source *source;
};

static void make_folder_disk(void *data)
{
    struct folder *self = data;
    self->error = folder_disk_create(self->fd, self->label, self->io, &self->left_out, self->why, sizeof self->why,
                                     &self->source);
}

static void on_folder_disk(void *data)
{
    struct folder *self = data;
    struct insertion *job = self->job;
    job->slot->owner->asked--;
    close(self->fd);
    if (self->error == 0 && !self->source)
        self->error = -ECANCELED; /* the pool has ended */
    if (self->error == 0 && job->again && self->source->size != job->note.size) {
        source_close(self->source);
        end(job, -ESTALE, "the folder has changed since");
    } else if (self->error < 0) {
        end(job, self->error == -EFBIG || self->error == -EMFILE ? -EINVAL : self->error, self->why);
    } else {
        job->note.folder = true;
        unsigned left_out = self->left_out;
        struct slot *slot = job->slot;
        insertion_go_on(job, DRIVE_DISK, self->source);
        if (left_out)
            snprintf(slot->remark, sizeof slot->remark, "%u links or special files of the folder are left out.",
                     left_out);
    }
    free(self);
}

static void open_folder(struct insertion *job, int fd)
{
    struct worker_pool *io = job->slot->owner->target->gateway->io;
    struct folder *folder = calloc(1, sizeof *folder);
    int r = -ENOMEM;
    if (folder) {
        *folder = (struct folder){.job = job, .io = io, .fd = fd};
        folder_disk_label(job->note.image, folder->label);
        r = worker_pool_submit(io, make_folder_disk, on_folder_disk, folder);
    }
    job->slot->owner->asked += r == 0;
    if (r < 0) {
        free(folder);
        close(fd);
        end(job, r, "There is no memory for this.");
    }
}

static const char *explain_file(int error)
{
    return error == -EBUSY     ? "The image is in use in another drive for writing."
           : error == -ENODATA ? "The image is empty."
                               : "The image cannot be offered to the target.";
}

static void on_opened(void *data, int error, const char *why, int fd, const struct library_image *image)
{
    static const struct source_file_listener listener = {.fault = slot_fault};
    struct insertion *job = data;
    struct slot *slot = job->slot;
    struct source *source = NULL;
    slot->owner->asked--;
    if (error < 0 || slot->owner->stopped) {
        if (error == 0)
            close(fd);
        end(job, error ? error : -ECANCELED, why);
        return;
    }
    /* the size of a folder's disk is told when it is made */
    if (job->again && ((!image->folder && job->note.size != image->size) || job->note.modified != image->modified)) {
        close(fd);
        end(job, -ESTALE, "the image has changed since");
        return;
    }
    job->note.modified = image->modified;
    if (image->folder) {
        open_folder(job, fd);
        return;
    }
    bool read_only = job->note.read_only || job->note.overlay != MEDIUM_OVERLAY_NONE;
    enum drive_kind usual = image->kind;
    if (job->kind == DRIVE_CDROM || (job->kind < 0 && usual == DRIVE_CDROM))
        read_only = true;
    int r =
        source_file_create(fd, job->note.image, read_only, slot->owner->target->gateway->io, &listener, slot, &source);
    if (r < 0) {
        close(fd);
        end(job, r, explain_file(r));
        return;
    }
    insertion_go_on(job, usual, source);
}

/* A disc is opened for reading whatever was asked; what it is, only the opened file tells. */
static int begin_library(struct insertion *job)
{
    struct library *library = job->slot->owner->target->gateway->library;
    bool writable = !job->note.read_only && job->note.overlay == MEDIUM_OVERLAY_NONE && job->kind != DRIVE_CDROM;
    struct drives *owner = job->slot->owner;
    owner->asked++; /* it may be answered at once */
    int r = library ? library_open(library, job->note.image, writable, on_opened, job) : -ENOENT;
    owner->asked -= r < 0;
    return r;
}

/* --- the beginning --- */

struct slot *drives_slot(struct drives *self, unsigned drive)
{
    return self && drive < self->target->target.n_drives ? &self->slots[drive] : NULL;
}

/* NULL: it may begin. */
static const char *refusal(const struct slot *slot, int *ret_error)
{
    struct drive_state state = {0};
    *ret_error = -ENODEV;
    if (!slot || !slot->inner)
        return "The target has no such drive.";
    *ret_error = -EBUSY;
    if (slot->busy)
        return "The drive is busy with another change.";
    slot->inner->ops->state(slot->inner, &state);
    if (state.phase != DRIVE_EMPTY && state.phase != DRIVE_EJECTED_BY_TARGET && state.phase != DRIVE_FAILED)
        return "There is a medium in the drive, or on its way; eject it first.";
    return NULL;
}

/* What stands behind the question mark of an address is often a key. */
static bool note_url(struct drive_note *note, const struct medium_spec *spec)
{
    size_t n = spec->url ? strcspn(spec->url, "?#") : 0;
    if (n >= sizeof note->url)
        return false;
    memcpy(note->url, spec->url ? spec->url : "", n);
    note->url[n] = '\0';
    note->secret = (spec->url && spec->url[n]) || (spec->secret && *spec->secret) || (spec->user && *spec->user);
    return true;
}

struct insertion *insertion_new(struct drives *drives, unsigned drive, const struct medium_spec *spec,
                                target_done_fn *done, void *data)
{
    struct slot *slot = drives_slot(drives, drive);
    int error;
    const char *why = refusal(slot, &error);
    struct insertion *job = why ? NULL : calloc(1, sizeof *job);
    if (!job) {
        done(data, why ? error : -ENOMEM, why ? why : "There is no memory for this.");
        return NULL;
    }
    *job = (struct insertion){.slot = slot, .kind = spec->kind, .done = done, .data = data};
    struct drive_note *note = &job->note;
    *note = (struct drive_note){.origin = spec->origin,
                                .read_only = spec->read_only,
                                .overlay = spec->overlay,
                                .rate = spec->rate,
                                .copy = spec->copy,
                                .boot_once = spec->boot_once,
                                .modified = spec->modified_ms};
    text_copy(note->who, sizeof note->who, spec->who ? spec->who : "");
    if (!text_copy(note->image, sizeof note->image, spec->image ? spec->image : "") || !note_url(note, spec) ||
        getrandom(note->id, sizeof note->id, 0) != sizeof note->id) {
        free(job);
        done(data, -EINVAL, "The medium's name is too long.");
        return NULL;
    }
    slot_forget(slot);
    slot->fault[0] = '\0';
    slot->busy = true;
    slot->job = job;
    slot_changed(slot);
    return job;
}

void drives_insert(struct drives *self, unsigned drive, const struct medium_spec *medium, target_done_fn *done,
                   void *data)
{
    if (medium->origin == MEDIUM_STREAM) {
        done(data, -ENOTSUP, "A file is brought over the media websocket.");
        return;
    }
    struct insertion *job = insertion_new(self, drive, medium, done, data);
    if (!job)
        return;
    int r = medium->origin == MEDIUM_LIBRARY ? begin_library(job) : insertion_fetch(job, medium);
    if (r < 0)
        end(job, r,
            r != -ENOENT                       ? "There is no memory for this."
            : medium->origin == MEDIUM_LIBRARY ? "There is no image library."
                                               : "This gateway fetches no media from elsewhere.");
}

/* --- after a restart --- */

void slot_offer_again(struct slot *self, const struct drive_note *note)
{
    if (note->origin != MEDIUM_LIBRARY) {
        insertion_wait(self, note);
        return;
    }
    struct insertion *job = calloc(1, sizeof *job);
    if (!job)
        return;
    *job = (struct insertion){.slot = self, .note = *note, .kind = (int)note->kind, .again = true};
    self->busy = true;
    int r = begin_library(job);
    if (r < 0)
        end(job, r, NULL);
}
