#include "gateway/drives.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/console.h"
#include "gateway/drive_notes.h"
#include "media/source_file.h"

/* One drive: what the REST faces see is `drive`, which asks the machine's and adds what only we know. */
struct slot {
    struct drive drive; /* first member */
    struct drives *owner;
    unsigned index;
    struct drive *inner; /* the machine's */
    struct drive_note note;
    bool exported; /* the note's export is offered */
    bool busy;     /* an insertion is under way */
    bool told_in;  /* the machine has said that the medium is in */
    char fault[256];
};

struct drives {
    struct gateway_target *target;
    struct nbd_server *nbd;
    struct slot slots[DRIVES_MAX];
    void (*lost)(void *data);
    void *lost_data;
    bool known; /* the machine has said what its drives hold */
    bool stopped;
    char notes_path[CONFIG_PATH_MAX + 128];
};

/* An insertion from its beginning to its end. */
struct insertion {
    struct slot *slot;
    struct drive_note note;
    int kind;   /* as asked: < 0 by the file's type */
    bool again; /* from the notes */
    target_done_fn *done;
    void *data;
};

static void save_notes(struct drives *self)
{
    struct drive_notes notes;
    for (unsigned i = 0; i < DRIVES_MAX; i++)
        notes.drives[i] = self->slots[i].note;
    int r = drive_notes_save(self->notes_path, &notes);
    if (r < 0)
        log_error("drives", "target %s: what is in its drives cannot be noted (%s): a restarted gateway would not know",
                  self->target->target.name, strerror(-r));
}

static void remove_export(struct slot *self)
{
    if (self->exported)
        nbd_server_remove(self->owner->nbd, self->note.export);
    self->exported = false;
}

static void forget(struct slot *self)
{
    if (self->owner->stopped)
        return;
    remove_export(self);
    self->note = (struct drive_note){0};
    self->told_in = false;
    save_notes(self->owner);
}

static void on_fault(void *data, const char *why)
{
    struct slot *self = data;
    snprintf(self->fault, sizeof self->fault, "%s", why);
    log_error("drives", "target %s, drive %u: %s", self->owner->target->target.name, self->index, why);
    console_tell_changed(self->owner->target, VIEWER_CHANGED_DRIVES);
}

/* Offers an opened image under the note's name. Takes fd. */
static int offer(struct slot *self, int fd, const struct drive_note *note)
{
    static const struct source_file_listener listener = {.fault = on_fault};
    struct source *source = NULL;
    struct drives *owner = self->owner;
    int r = source_file_create(fd, note->image, note->read_only, owner->target->gateway->io, &listener, self, &source);
    if (r < 0) {
        close(fd);
        return r;
    }
    r = nbd_server_add(owner->nbd, note->export, source);
    if (r < 0) {
        source_close(source);
        return r;
    }
    self->note = *note;
    self->exported = true;
    self->fault[0] = '\0';
    return 0;
}

static void end_insertion(struct insertion *job, int error, const char *why)
{
    struct slot *slot = job->slot;
    slot->busy = false;
    if (error < 0 && job->again)
        log_warn("drives", "target %s, drive %u: %s cannot be inserted again: %s", slot->owner->target->target.name,
                 slot->index, job->note.image, why && *why ? why : strerror(-error));
    if (job->done)
        job->done(job->data, error, why);
    free(job);
}

static void on_inserted(void *data, int error, const char *why)
{
    struct insertion *job = data;
    struct slot *slot = job->slot;
    if (error < 0)
        forget(slot);
    else
        save_notes(slot->owner);
    slot->told_in = error == 0;
    end_insertion(job, error, why);
}

/* Names are never used twice, so that no medium inherits what QEMU has in its cache of another. */
static void name_export(struct slot *slot, char *room, size_t size)
{
    snprintf(room, size, "drive%u-%llx", slot->index, (unsigned long long)clock_wall_us());
}

static bool take_image(struct insertion *job, const struct library_image *image)
{
    struct drive_note *note = &job->note;
    if (job->again)
        return note->size == image->size && note->modified == image->modified;
    note->kind = job->kind < 0 ? image->kind : (enum drive_kind)job->kind;
    note->size = image->size;
    note->modified = image->modified;
    /* there are no writable discs */
    note->read_only = note->read_only || note->kind == DRIVE_CDROM;
    name_export(job->slot, note->export, sizeof note->export);
    return true;
}

static const char *explain_offer(int error)
{
    switch (error) {
    case -EBUSY:
        return "The image is in use in another drive for writing.";
    case -ENODATA:
        return "The image is empty.";
    case -EISDIR:
        return "The image is a folder.";
    default:
        return "The image cannot be offered to the target.";
    }
}

static void insert_into_machine(struct insertion *job)
{
    struct drive *inner = job->slot->inner;
    struct drive_medium medium = {.size = job->note.size, .kind = job->note.kind, .read_only = job->note.read_only};
    snprintf(medium.name, sizeof medium.name, "%s", job->note.image);
    snprintf(medium.export, sizeof medium.export, "%s", job->note.export);
    inner->ops->insert(inner, &medium, on_inserted, job);
}

static void restore(struct slot *slot);

static void on_opened(void *data, int error, const char *why, int fd, const struct library_image *image)
{
    struct insertion *job = data;
    struct slot *slot = job->slot;
    if (error < 0 || slot->owner->stopped) {
        if (error == 0)
            close(fd);
        end_insertion(job, error ? error : -ECANCELED, why);
        return;
    }
    if (!take_image(job, image)) {
        close(fd);
        end_insertion(job, -ESTALE, "the image has changed since");
        return;
    }
    int r = offer(slot, fd, &job->note);
    if (r < 0)
        end_insertion(job, r, explain_offer(r));
    else if (job->again) {
        end_insertion(job, 0, NULL);
        restore(slot);
    } else
        insert_into_machine(job);
}

static int begin_insertion(struct slot *slot, const struct drive_note *note, int kind, bool again, target_done_fn *done,
                           void *data)
{
    struct library *library = slot->owner->target->gateway->library;
    struct insertion *job = library ? calloc(1, sizeof *job) : NULL;
    if (!job)
        return library ? -ENOMEM : -ENOENT;
    *job = (struct insertion){.slot = slot, .note = *note, .kind = kind, .again = again, .done = done, .data = data};
    slot->busy = true;
    int r = library_open(library, note->image, !note->read_only, on_opened, job);
    if (r < 0) {
        slot->busy = false;
        free(job);
    }
    return r;
}

static struct slot *slot_of(struct drives *self, unsigned drive)
{
    return self && drive < self->target->target.n_drives ? &self->slots[drive] : NULL;
}

void drives_insert(struct drives *self, unsigned drive, const struct medium_spec *medium, target_done_fn *done,
                   void *data)
{
    struct slot *slot = slot_of(self, drive);
    if (medium->origin != MEDIUM_LIBRARY) {
        done(data, -ENOTSUP, "Media are inserted from the library.");
        return;
    }
    if (!slot || !slot->inner) {
        done(data, -ENODEV, "The target has no such drive.");
        return;
    }
    if (slot->busy) {
        done(data, -EBUSY, "The drive is busy with another change.");
        return;
    }
    struct drive_state state = {0};
    slot->inner->ops->state(slot->inner, &state);
    if (state.phase != DRIVE_EMPTY && state.phase != DRIVE_EJECTED_BY_TARGET && state.phase != DRIVE_FAILED) {
        done(data, -EBUSY, "There is a medium in the drive, or on its way; eject it first.");
        return;
    }
    struct drive_note note = {.read_only = medium->read_only};
    if ((size_t)snprintf(note.image, sizeof note.image, "%s", medium->image) >= sizeof note.image) {
        done(data, -EINVAL, "The image's name is too long.");
        return;
    }
    forget(slot);
    /* a disc is opened for reading whatever was asked; what it is, only the opened file tells */
    if (medium->kind == DRIVE_CDROM)
        note.read_only = true;
    int r = begin_insertion(slot, &note, medium->kind, false, done, data);
    if (r < 0)
        done(data, r, r == -ENOENT ? "There is no image library." : "There is no memory for this.");
}

static void on_inner_changed(void *data)
{
    struct slot *self = data;
    struct drive_state state = {0};
    self->inner->ops->state(self->inner, &state);
    if (state.phase == DRIVE_INSERTED)
        self->told_in = true;
    bool out = state.phase == DRIVE_EMPTY || state.phase == DRIVE_EJECTED_BY_TARGET;
    /* Only what was in can be out: a machine that is not found yet has empty drives too. */
    if (out && self->told_in && !self->busy && self->note.image[0])
        forget(self);
    console_tell_changed(self->owner->target, VIEWER_CHANGED_DRIVES);
}

/* A medium from the notes goes into a drive that is known to be empty, as soon as its image is offered. */
static void restore(struct slot *slot)
{
    struct drive_state state = {0};
    if (!slot->owner->known || !slot->inner || slot->busy || !slot->exported || slot->told_in)
        return;
    slot->inner->ops->state(slot->inner, &state);
    struct insertion *job = state.phase == DRIVE_EMPTY ? calloc(1, sizeof *job) : NULL;
    if (!job)
        return;
    *job = (struct insertion){.slot = slot, .note = slot->note, .again = true};
    slot->busy = true;
    insert_into_machine(job);
}

void drives_restore(struct drives *self)
{
    self->known = true;
    for (unsigned i = 0; i < self->target->target.n_drives; i++)
        restore(&self->slots[i]);
}

/* The port that the REST faces see. */

static void slot_insert(struct drive *drive, const struct drive_medium *medium, drive_done_fn *done, void *data)
{
    (void)drive, (void)medium;
    done(data, -ENOTSUP, "Media are inserted from the library.");
}

static void slot_eject(struct drive *drive, bool force, drive_done_fn *done, void *data)
{
    struct slot *self = (struct slot *)drive;
    if (self->busy)
        done(data, -EBUSY, "The drive is busy with another change.");
    else
        self->inner->ops->eject(self->inner, force, done, data);
}

static void slot_state(struct drive *drive, struct drive_state *ret)
{
    struct slot *self = (struct slot *)drive;
    struct nbd_export_stats stats;
    self->inner->ops->state(self->inner, ret);
    if (self->exported && nbd_server_stats(self->owner->nbd, self->note.export, &stats)) {
        ret->bytes_read = stats.bytes_read;
        /* after a restart of ours the machine knows the export, but not what people call it */
        snprintf(ret->medium, sizeof ret->medium, "%s", self->note.image);
    }
    if (self->fault[0] && !ret->reason[0])
        snprintf(ret->reason, sizeof ret->reason, "%s", self->fault);
    if (self->busy && ret->phase != DRIVE_EJECTING)
        ret->phase = DRIVE_INSERTING;
}

/* Viewers are told by on_inner_changed; nobody else listens through us. */
static void slot_listen(struct drive *drive, void (*changed)(void *data), void *data)
{
    (void)drive, (void)changed, (void)data;
}

static void slot_destroy(struct drive *drive)
{
    (void)drive; /* part of struct drives */
}

static const struct drive_ops slot_ops = {
    .name = "gateway",
    .insert = slot_insert,
    .eject = slot_eject,
    .state = slot_state,
    .listen = slot_listen,
    .destroy = slot_destroy,
};

/* A target's media are its own: only the process that the supervisor started for it may read them. */
static bool admit(void *data, pid_t pid, uid_t uid, const char *export)
{
    struct drives *self = data;
    (void)uid, (void)export;
    if (self->target->vm_pid > 0 && pid == self->target->vm_pid)
        return true;
    log_warn("drives", "target %s: process %d asked for its media and was refused", self->target->target.name,
             (int)pid);
    return false;
}

static void on_used(void *data, const char *export, unsigned connections)
{
    struct drives *self = data;
    (void)export;
    if (connections == 0 && self->lost && !self->stopped)
        self->lost(self->lost_data);
}

int drives_create(struct gateway_target *target, const char *nbd_socket, struct drives **ret)
{
    static const struct nbd_server_host host = {.admit = admit, .used = on_used};
    struct drives *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->target = target;
    snprintf(self->notes_path, sizeof self->notes_path, "%s/gateway/%s.drives", target->gateway->setup.state,
             target->target.name);
    int r = nbd_server_create(target->gateway->loop, &host, self, &self->nbd);
    if (r == 0 && nbd_socket)
        r = nbd_server_listen(self->nbd, nbd_socket);
    if (r < 0) {
        drives_destroy(self);
        return r;
    }
    struct drive_notes notes;
    drive_notes_load(self->notes_path, &notes);
    for (unsigned i = 0; i < DRIVES_MAX; i++) {
        struct slot *slot = &self->slots[i];
        *slot = (struct slot){.drive.ops = &slot_ops, .owner = self, .index = i};
        if (notes.drives[i].image[0])
            begin_insertion(slot, &notes.drives[i], (int)notes.drives[i].kind, true, NULL, NULL);
    }
    *ret = self;
    return 0;
}

int drives_attach(struct drives *self, struct drive *const *drives, unsigned n)
{
    struct target *target = &self->target->target;
    target->n_drives = 0;
    for (unsigned i = 0; i < n && i < DRIVES_MAX && drives[i]; i++) {
        self->slots[i].inner = drives[i];
        target->drives[i] = &self->slots[i].drive;
        target->n_drives = i + 1;
        drives[i]->ops->listen(drives[i], on_inner_changed, &self->slots[i]);
    }
    return 0;
}

int drives_serve(struct drives *self, const char *export, int fd, uint16_t *ret_flags)
{
    return self->stopped ? -ECANCELED : nbd_server_serve(self->nbd, export, fd, ret_flags);
}

void drives_listen_lost(struct drives *self, void (*lost)(void *data), void *data)
{
    self->lost = lost;
    self->lost_data = data;
}

bool drives_statistics(const struct drives *self, unsigned drive, struct nbd_export_stats *ret)
{
    const struct slot *slot = &self->slots[drive];
    return slot->exported && !self->stopped && nbd_server_stats(self->nbd, slot->note.export, ret);
}

const char *drives_noted(const struct drives *self, unsigned drive)
{
    const struct slot *slot = &self->slots[drive];
    return slot->note.image[0] || slot->busy ? slot->note.image : NULL;
}

void drives_stop(struct drives *self)
{
    if (!self)
        return;
    self->stopped = true;
    for (unsigned i = 0; i < DRIVES_MAX; i++)
        self->slots[i].exported = false;
    self->nbd = nbd_server_destroy(self->nbd);
}

struct drives *drives_destroy(struct drives *self)
{
    drives_stop(self);
    free(self);
    return NULL;
}
