#include "gateway/drives/drives.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/console/console.h"
#include "gateway/drives/drive_insert.h"
#include "gateway/targets/target_news.h"

void drives_save(struct drives *self)
{
    static struct drive_notes notes; /* large, and this is the net thread's */
    if (self->stopped)
        return;
    for (unsigned i = 0; i < DRIVES_MAX; i++)
        notes.drives[i] = self->slots[i].note;
    int r = drive_notes_save(self->notes_path, &notes);
    if (r < 0)
        log_error("drives", "target %s: what is in its drives cannot be noted (%s): a restarted gateway would not know",
                  self->target->target.name, strerror(-r));
}

void slot_forget(struct slot *self)
{
    if (self->owner->stopped || !self->note.export[0])
        return;
    if (self->told_in)
        slot_note(self, TARGET_EVENT_MEDIUM_EJECTED, self->note.image, NULL);
    slot_export_stop(self);
    slot_withdraw(self);
    slot_overlay_drop(self);
    slot_digest_drop(self);
    self->note = (struct drive_note){0};
    self->activity = (struct drive_activity){0};
    self->loss = (struct drive_loss){0};
    self->fault[0] = self->firmware[0] = self->remark[0] = '\0';
    self->told_in = false;
    drives_save(self->owner);
}

void slot_changed(struct slot *self)
{
    if (!self->owner->stopped)
        console_tell_changed(self->owner->target, VIEWER_CHANGED_DRIVES);
}

void slot_audit(const struct slot *self, const char *what, const char *detail)
{
    const struct gateway_target *target = self->owner->target;
    if (target->gateway->keeper)
        keeper_client_audit(target->gateway->keeper, "gateway", what, target->target.name, detail);
}

void slot_note(const struct slot *self, enum target_event_id id, const char *what, const char *why)
{
    char drive[12];
    snprintf(drive, sizeof drive, "%u", self->index);
    target_note(self->owner->target, id, drive, what, why);
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
    if (out && self->told_in && !self->busy)
        slot_forget(self);
    slot_link_changed(self);
    slot_changed(self);
}

void drives_restore(struct drives *self)
{
    self->known = true;
    for (unsigned i = 0; i < self->target->target.n_drives; i++)
        slot_restore(&self->slots[i]);
}

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

static void offer_noted(struct drives *self)
{
    static struct drive_notes notes;
    drive_notes_load(self->notes_path, &notes);
    for (unsigned i = 0; i < DRIVES_MAX; i++) {
        self->slots[i] = (struct slot){.drive.ops = &slot_ops, .owner = self, .index = i};
        if (notes.drives[i].export[0])
            slot_offer_again(&self->slots[i], &notes.drives[i]);
    }
    drive_files_sweep(self);
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
    r = r ? r : drives_watch_create(self);
    if (r < 0) {
        drives_destroy(self);
        return r;
    }
    offer_noted(self);
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
    return slot->offer.exported && !self->stopped && nbd_server_stats(self->nbd, slot->note.export, ret);
}

void drives_stop(struct drives *self)
{
    if (!self || self->stopped)
        return;
    self->stopped = true;
    for (unsigned i = 0; i < DRIVES_MAX; i++) {
        slot_export_stop(&self->slots[i]);
        slot_withdraw(&self->slots[i]);
    }
    self->nbd = nbd_server_destroy(self->nbd);
    self->tick = loop_timer_remove(self->tick);
}

void drives_leave(struct drives *self, bool forget)
{
    for (unsigned i = 0; self && !self->stopped && i < DRIVES_MAX; i++) {
        struct slot *slot = &self->slots[i];
        insertion_cancel(slot);
        if (forget)
            slot_forget(slot);
        slot_export_stop(slot);
        slot_withdraw(slot);
    }
    drives_stop(self);
}

bool drives_idle(const struct drives *self)
{
    return !self || self->asked == 0;
}

struct drives *drives_destroy(struct drives *self)
{
    drives_stop(self);
    free(self);
    return NULL;
}
