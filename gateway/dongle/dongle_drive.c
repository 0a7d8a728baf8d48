/* A dongle's drives: our NBD server's socket goes to the kernel by way of the helper, or to our own drive for large
 * discs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/log.h"
#include "gateway/dongle/dongle_internal.h"
#include "gateway/drives/drives.h"

static void set_phase(struct dongle_drive *self, enum drive_phase phase)
{
    if (self->phase == phase)
        return;
    self->phase = phase;
    if (self->changed)
        self->changed(self->changed_data);
}

static void finish(struct dongle_drive *self, enum drive_phase phase, int error, const char *why)
{
    drive_done_fn *done = self->done;
    void *data = self->done_data;
    self->busy = false;
    self->done = NULL;
    if (error < 0)
        snprintf(self->reason, sizeof self->reason, "%s", why);
    set_phase(self, phase);
    if (done)
        done(data, error, why);
}

static void forget_medium(struct dongle_drive *self)
{
    self->has_medium = self->big = self->seen = false;
    self->medium = (struct drive_medium){0};
}

static void fail_insert(struct dongle_drive *self, int error, const char *why)
{
    forget_medium(self);
    finish(self, DRIVE_EMPTY, error, why);
}

/* A pair whose one end our server answers on. 0 and the other end. */
static int serve(struct dongle_drive *self, int *ret, uint16_t *ret_flags)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    _cleanup_close_ int ours = pair[0], theirs = pair[1];
    int r = drives_serve(self->dongle->target->drives, self->medium.export, ours, ret_flags);
    if (r < 0)
        return r;
    ours = -1;
    *ret = take_fd(&theirs);
    return 0;
}

/* Whether its export was asked for something since the last time. */
static bool note_reads(struct dongle_drive *self)
{
    struct nbd_export_stats stats;
    if (!drives_statistics(self->dongle->target->drives, self->index, &stats) || stats.requests == self->requests)
        return false;
    self->requests = stats.requests;
    return true;
}

static void inserted(struct dongle_drive *self)
{
    struct dongle *dongle = self->dongle;
    self->has_medium = true;
    note_reads(self); /* the kernel has looked for partitions: that was not the target */
    finish(self, DRIVE_INSERTED, 0, NULL);
    dongle_choice_event(dongle, CHOOSER_MEDIUM_IN);
    if (dongle->setup->withdraw_empty && !self->big)
        dongle_usb_rise(dongle, false, NULL, NULL); /* the drives come with their first medium */
}

static void on_inserted(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle_drive *self = data;
    (void)fds, (void)n_fds;
    if (answer->error < 0)
        fail_insert(self, answer->error, answer->why);
    else
        inserted(self);
}

static void insert_kernel(struct dongle_drive *self)
{
    struct helper_insert insert = {
        .target = (uint16_t)self->dongle->target->index,
        .drive = (uint8_t)self->index,
        .size = self->medium.size,
        .cdrom = self->medium.kind == DRIVE_CDROM,
        .read_only = self->medium.read_only || self->medium.kind == DRIVE_CDROM,
    };
    _cleanup_close_ int theirs = -1;
    int r = serve(self, &theirs, &insert.flags);
    if (r < 0) {
        fail_insert(self, r, "The medium cannot be served.");
        return;
    }
    insert.flags &= HELPER_NBD_FLAGS;
    uint8_t room[64];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    helper_write_insert(&w, &insert);
    self->seen = false;
    helper_client_ask(self->dongle->helper, HELPER_DRIVE_INSERT, &w, &theirs, 1, on_inserted, self);
}

static void insert_big(struct dongle_drive *self)
{
    struct dongle *dongle = self->dongle;
    _cleanup_close_ int theirs = -1;
    /* the function was kept: its host may be in the middle of a command */
    bool resume = dongle->rise_keep && (self->waits_for_big || self->medium.again);
    self->waits_for_big = !dongle->big_served && dongle->big_cd && dongle->rise == DONGLE_RISING;
    if (self->waits_for_big)
        return; /* dongle_drives_risen */
    int r = dongle->big_served ? serve(self, &theirs, NULL) : -ENODEV;
    if (r == 0)
        r = resume ? big_cd_resume(dongle->big_cd, theirs, self->medium.size)
                   : big_cd_insert(dongle->big_cd, theirs, self->medium.size);
    if (r < 0) {
        fail_insert(self, r,
                    r == -EBUSY    ? "Another large disc is in; eject it first."
                    : r == -ENODEV ? "The kernel cannot show a disc above 2.19 GiB, and the drive that can is not part "
                                     "of what the target sees just now (big-cd, personality)."
                                   : "The medium cannot be served.");
        return;
    }
    theirs = -1; /* big_cd's now */
    self->big = true;
    inserted(self);
}

void dongle_drives_risen(struct dongle *self)
{
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        if (self->drives[i].waits_for_big)
            insert_big(&self->drives[i]);
}

static void ask_drive(struct dongle_drive *self, enum helper_type type, bool force, int fd, helper_done_fn *done)
{
    struct helper_drive drive = {
        .target = (uint16_t)self->dongle->target->index, .drive = (uint8_t)self->index, .force = force};
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    helper_write_drive(&w, &drive);
    helper_client_ask(self->dongle->helper, type, &w, &fd, fd >= 0 ? 1 : 0, done, self);
}

/* --- what the kernel still has from before --- */

static void on_cleared(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle_drive *self = data;
    (void)fds, (void)n_fds;
    if (answer->error < 0)
        fail_insert(self, answer->error, answer->why);
    else
        insert_kernel(self);
}

static void on_adopted(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle_drive *self = data;
    (void)fds, (void)n_fds;
    if (answer->error == 0) {
        self->seen = true;
        inserted(self);
        return;
    }
    log_warn("drives", "target %s, drive %u: %s is inserted anew: %s", self->dongle->target->target.name, self->index,
             self->medium.name, answer->why);
    ask_drive(self, HELPER_DRIVE_EJECT, true, -1, on_cleared);
}

/* A medium that an earlier gateway had inserted: the kernel still has it, and waits for somebody who serves it. */
static void adopt(struct dongle_drive *self)
{
    _cleanup_close_ int theirs = -1;
    int r = serve(self, &theirs, NULL);
    if (r < 0)
        fail_insert(self, r, "The medium cannot be served.");
    else
        ask_drive(self, HELPER_DRIVE_RECONNECT, false, theirs, on_adopted);
}

static void on_reconnected(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle_drive *self = data;
    (void)fds, (void)n_fds;
    self->reconnecting = false;
    if (answer->error >= 0 || answer->error == -ENOTCONN || answer->error == -ECANCELED || answer->error == -EBUSY ||
        self->busy || !self->has_medium)
        return;
    /* it was away for too long: the target has had its errors, and now gets the medium as a new one */
    log_warn("drives", "target %s, drive %u: %s is inserted anew: %s", self->dongle->target->target.name, self->index,
             self->medium.name, answer->why);
    self->busy = true;
    self->seen = false;
    ask_drive(self, HELPER_DRIVE_EJECT, true, -1, on_cleared);
}

/* The kernel has given up its connection, because an answer came too late: it gets another one. */
static void reconnect(struct dongle_drive *self)
{
    _cleanup_close_ int theirs = -1;
    int r = serve(self, &theirs, NULL);
    if (r < 0)
        return;
    self->reconnecting = true;
    if (!self->big) {
        ask_drive(self, HELPER_DRIVE_RECONNECT, false, theirs, on_reconnected);
        return;
    }
    self->reconnecting = false;
    if (big_cd_reconnect(self->dongle->big_cd, theirs) == 0)
        theirs = -1;
}

/* --- the port --- */

static bool wrong_kind(const struct dongle_drive *self, enum drive_kind kind)
{
    /* as the gadget shows them; the target has looked which is which when it was plugged in */
    return kind != (self->index == 0 ? DRIVE_CDROM : DRIVE_DISK);
}

static void on_insert(struct drive *drive, const struct drive_medium *medium, drive_done_fn *done, void *data)
{
    struct dongle_drive *self = (struct dongle_drive *)drive;
    struct dongle *dongle = self->dongle;
    if (self->busy || self->has_medium) {
        done(data, -EBUSY, "There is a medium in the drive, or on its way; eject it first.");
        return;
    }
    bool big = medium->kind == DRIVE_CDROM && medium->size > BIG_CD_KERNEL_LIMIT;
    if (wrong_kind(self, medium->kind)) {
        done(data, -ENOTSUP,
             self->index == 0 ? "The first drive is a CD drive; insert a disk image into the second one."
                              : "The second drive is a USB stick; insert a disc into the first one.");
        return;
    }
    if (!dongle->state_known) {
        done(data, -ENOTCONN, dongle->usb.trouble);
        return;
    }
    self->busy = true;
    self->done = done;
    self->done_data = data;
    self->medium = *medium;
    self->reason[0] = '\0';
    set_phase(self, DRIVE_INSERTING);
    if (big)
        insert_big(self);
    else if (dongle->state.attached >> self->index & 1)
        adopt(self);
    else
        insert_kernel(self);
}

static void ejected(struct dongle_drive *self, enum drive_phase phase)
{
    struct dongle *dongle = self->dongle;
    bool big = self->big;
    forget_medium(self);
    finish(self, phase, 0, NULL);
    dongle_choice_event(dongle, CHOOSER_MEDIUM_OUT);
    if (dongle->setup->withdraw_empty && !big)
        dongle_usb_rise(dongle, false, NULL, NULL);
}

static void on_ejected(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle_drive *self = data;
    (void)fds, (void)n_fds;
    if (answer->error < 0)
        finish(self, DRIVE_INSERTED, answer->error, answer->why);
    else
        ejected(self, DRIVE_EMPTY);
}

static void on_eject(struct drive *drive, bool force, drive_done_fn *done, void *data)
{
    struct dongle_drive *self = (struct dongle_drive *)drive;
    if (self->busy) {
        done(data, -EBUSY, "The drive is busy with another change.");
        return;
    }
    self->done = done;
    self->done_data = data;
    if (!self->has_medium) {
        finish(self, DRIVE_EMPTY, 0, NULL);
        return;
    }
    self->busy = true;
    set_phase(self, DRIVE_EJECTING);
    if (!self->big) {
        ask_drive(self, HELPER_DRIVE_EJECT, force, -1, on_ejected);
        return;
    }
    int r = big_cd_eject(self->dongle->big_cd, force);
    if (r < 0)
        finish(self, DRIVE_INSERTED, r, "The target holds the drive's door.");
    else
        ejected(self, DRIVE_EMPTY);
}

static void on_state(struct drive *drive, struct drive_state *ret)
{
    const struct dongle_drive *self = (const struct dongle_drive *)drive;
    *ret = (struct drive_state){.phase = self->phase,
                                .kind = self->index == 0 ? DRIVE_CDROM : DRIVE_DISK,
                                .read_only = self->medium.read_only,
                                .size = self->medium.size};
    memcpy(ret->medium, self->medium.name, sizeof ret->medium);
    memcpy(ret->reason, self->reason, sizeof ret->reason);
}

static void on_listen(struct drive *drive, void (*changed)(void *data), void *data)
{
    struct dongle_drive *self = (struct dongle_drive *)drive;
    self->changed = changed;
    self->changed_data = data;
}

static void on_destroy(struct drive *drive)
{
    (void)drive; /* part of struct dongle */
}

void dongle_drives_init(struct dongle *self)
{
    static const struct drive_ops ops = {
        .name = "dongle",
        .insert = on_insert,
        .eject = on_eject,
        .state = on_state,
        .listen = on_listen,
        .destroy = on_destroy,
    };
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        self->drives[i] = (struct dongle_drive){.drive.ops = &ops, .dongle = self, .index = i};
}

uint8_t dongle_drives_media(const struct dongle *self)
{
    uint8_t bits = self->state.attached;
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        if (self->drives[i].has_medium && !self->drives[i].big)
            bits |= (uint8_t)(1u << i);
    return bits;
}

/* --- what happens by itself --- */

static void note_ejected(const struct dongle_drive *drive)
{
    char number[16];
    snprintf(number, sizeof number, "%u", drive->index);
    dongle_note(drive->dongle, TARGET_EVENT_MEDIUM_EJECTED_BY_TARGET, number, drive->medium.name);
}

void dongle_drives_state(struct dongle *self)
{
    for (unsigned i = 0; i < self->target->setup.drives && i < GADGET_LUNS; i++) {
        struct dongle_drive *drive = &self->drives[i];
        bool attached = self->state.attached >> i & 1;
        if (drive->busy || !drive->has_medium || drive->big)
            continue;
        if (attached) {
            drive->seen = true;
        } else if (drive->seen) {
            note_ejected(drive);
            drive->seen = false;
            ejected(drive, DRIVE_EJECTED_BY_TARGET);
        } else {
            /* a helper that knows nothing of it */
            drive->busy = true;
            insert_kernel(drive);
        }
    }
}

void dongle_drives_bound(struct dongle *self)
{
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        if (self->drives[i].has_medium && self->drives[i].big)
            reconnect(&self->drives[i]);
}

void dongle_drive_big_ejected(struct dongle *self)
{
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        if (self->drives[i].has_medium && self->drives[i].big && !self->drives[i].busy) {
            note_ejected(&self->drives[i]);
            ejected(&self->drives[i], DRIVE_EJECTED_BY_TARGET);
        }
}

/* Promptly: what the target reads waits for it. */
static void reconnect_lost(struct dongle *self)
{
    for (unsigned i = 0; i < GADGET_LUNS; i++) {
        struct dongle_drive *drive = &self->drives[i];
        struct nbd_export_stats stats;
        if (drive->has_medium && !drive->busy && !drive->reconnecting && drive->seen && self->state_known &&
            drives_statistics(self->target->drives, i, &stats) && stats.connections == 0)
            reconnect(drive);
    }
}

static void on_lost_timer(void *data)
{
    reconnect_lost(data);
}

static void on_lost(void *data)
{
    struct dongle *self = data;
    loop_timer_arm_in(self->lost, 1);
}

int dongle_drives_listen(struct dongle *self)
{
    drives_listen_lost(self->target->drives, on_lost, self);
    return loop_timer_add(self->target->gateway->loop, on_lost_timer, self, &self->lost);
}

void dongle_drives_tick(struct dongle *self)
{
    for (unsigned i = 0; i < GADGET_LUNS; i++) {
        struct dongle_drive *drive = &self->drives[i];
        struct nbd_export_stats stats;
        if (!drive->has_medium || drive->busy || !drives_statistics(self->target->drives, i, &stats))
            continue;
        if (note_reads(drive))
            dongle_choice_event(self, CHOOSER_READ);
    }
    if (self->target->drives)
        reconnect_lost(self); /* what could not be done at once */
}

void dongle_drives_end(struct dongle *self)
{
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        self->drives[i].changed = NULL;
    if (self->lost)
        drives_listen_lost(self->target->drives, NULL, NULL);
    self->lost = loop_timer_remove(self->lost);
}
